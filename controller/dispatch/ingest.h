#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/loop/loop.h"
#include "controller/dispatch/wire.h"
#include "controller/registry/registry.h"
#include "controller/store/store.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/reported.pb.h"
#include "motley/v1/telemetry.pb.h"

namespace motley::controller {

/// Stores what gateways send: many messages in one transaction, since a durable one costs milliseconds. Only then are
/// they acknowledged. While the disk is full messages are kept, up to a limit, and tried again; what is over the limit
/// is not acknowledged, so that its agent sends it again. Loop thread only.
class Ingest {
 public:
  /// Told about what is stored.
  struct Handlers {
    std::function<void(const std::string& gateway)> reported;
    std::function<void(const std::string& gateway)> online;
    std::function<void(const std::string& gateway)> offline;
  };
  Ingest(Loop& loop, Store& store, Registry& registry, Send send, Handlers handlers);

  /// Messages of enrolled gateways, checked for whom they are from. `bytes` is their size on the wire.
  void Add(v1::ReportedState report, std::size_t bytes) { Queue(std::move(report), bytes); }
  void Add(v1::Presence presence, std::size_t bytes) { Queue(std::move(presence), bytes); }
  void Add(v1::TelemetryBatch batch, std::size_t bytes) { Queue(std::move(batch), bytes); }

  /// Stores and acknowledges what is waiting, now.
  void Flush();
  std::size_t waiting() const { return queue_.size(); }

 private:
  using Message = std::variant<v1::ReportedState, v1::Presence, v1::TelemetryBatch>;
  /// What is to be done once the transaction is committed.
  struct Effects {
    std::vector<v1::ReportedState> reports;
    std::map<std::string, std::pair<bool, std::int64_t>> presences;
    /// By gateway and epoch.
    std::map<std::pair<std::string, std::string>, v1::Ack> acks;
  };

  void Queue(Message message, std::size_t bytes);
  Result<void> Apply(const Message& message, Effects& effects);
  Result<void> ApplyReport(const Twin& twin, const v1::ReportedState& report, Effects& effects);
  Result<void> ApplyPresence(const Twin& twin, const v1::Presence& presence, Effects& effects);
  Result<void> ApplyTelemetry(const Twin& twin, const v1::TelemetryBatch& batch, Effects& effects);
  void StoreOneByOne();
  void Perform(const Effects& effects);
  void Postpone(const Error& error);

  Loop& loop_;
  Store& store_;
  Registry& registry_;
  const Send send_;
  const Handlers handlers_;
  std::deque<std::pair<Message, std::size_t>> queue_;
  std::size_t queue_bytes_ = 0;
  /// The last transaction failed.
  bool postponed_ = false;
  Handle timer_;
};

}  // namespace motley::controller
