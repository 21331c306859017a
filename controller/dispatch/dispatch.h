#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/loop/loop.h"
#include "common/mqtt/link.h"
#include "controller/dispatch/commands.h"
#include "controller/dispatch/complaints.h"
#include "controller/dispatch/ingest.h"
#include "controller/dispatch/orders.h"
#include "controller/dispatch/publisher.h"
#include "controller/registry/registry.h"
#include "controller/store/store.h"

namespace motley::controller {

/// The controller's side of the wire: desired states, commands and acknowledgements out; reports, presence, telemetry
/// and logs in. Whatever comes is checked; what is not from a gateway of this fleet, or is garbage, is counted and
/// ignored. Loop thread only.
class Dispatch final : public MqttListener, public FleetListener {
 public:
  using LinkFactory = std::function<Result<std::unique_ptr<MqttLink>>(MqttOptions, MqttListener&)>;

  /// `broker` has url and credentials; client id and subscriptions are filled in. Becomes the registry's listener.
  /// Errors: kInvalid (the broker's URL, or a file).
  static Result<std::unique_ptr<Dispatch>> Create(Loop& loop, Store& store, Registry& registry, MqttOptions broker,
                                                  const LinkFactory& make_link);
  ~Dispatch() override;

  /// To the broker.
  bool connected() const;
  const Complaints& complaints() const { return complaints_; }

  /// The last lines that a gateway's components wrote. `done` is called once: with the reply, which may hold the
  /// agent's error, or with kNotFound (gateway), kInvalid (lines), kUnavailable (gateway or broker is away, or
  /// goes away before there is an answer; this controller stops) or kTimeout (no answer in 10 s).
  void FetchLogs(const std::string& gateway, const v1::LogRequest& request, Commands::LogsDone done);
  /// Has a gateway try again what failed. Errors: kNotFound, kConflict (nothing failed), kUnavailable.
  Result<void> Retry(const std::string& gateway);
  /// Of devices.
  Orders& orders() { return orders_; }

  /// Tells whoever waits for a gateway that no answer comes. Stores what has come, acknowledges it and disconnects.
  /// Blocks for at most 2 s.
  void Close();

  void OnMqttConnected() override;
  void OnMqttDisconnected(const Error& reason) override;
  void OnMqttMessage(const std::string& topic, const std::string& payload) override;
  void OnDesiredChanged(const std::string& gateway) override;
  void OnGatewayRemoved(const std::string& gateway) override;

 private:
  Dispatch(Loop& loop, Store& store, Registry& registry);
  void OnGone(const std::string& gateway, std::string_view why);
  Result<void> SendOn(const std::string& gateway, Channel channel, std::string payload, Retain retain);

  Registry& registry_;
  std::unique_ptr<MqttLink> link_;
  Complaints complaints_;
  Publisher publisher_;
  Commands commands_;
  Orders orders_;
  Ingest ingest_;
};

}  // namespace motley::controller
