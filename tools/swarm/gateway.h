#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "common/loop/loop.h"
#include "common/mqtt/link.h"
#include "common/mqtt/topics.h"
#include "common/selector/attributes.h"
#include "motley/v1/reported.pb.h"
#include "motley/v1/telemetry.pb.h"
#include "tools/swarm/bundle_cache.h"
#include "tools/swarm/deployment.h"
#include "tools/swarm/enroller.h"
#include "tools/swarm/telemetry_queue.h"

namespace motley::swarm {

/// How all gateways of a swarm behave.
struct Behaviour {
  /// From a desired state with all its bundles to its end; each gateway takes between half of it and one and a half.
  std::chrono::milliseconds deploy_time{0};
  /// So many gateways of a hundred fail whatever they are to run.
  std::uint32_t fail_percent = 0;
  /// 0: none is sent.
  std::chrono::milliseconds telemetry_interval{0};
  std::uint32_t samples_per_batch = 6;
  std::string ca_file;
  std::uint64_t seed = 0;
};

/// Messages of all gateways together.
struct Traffic {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  /// What was sent again, since no acknowledgement of the controller had come.
  std::uint64_t sent_again = 0;
};

/// A gateway whose agent only says that it does what it is told: to the controller it is as any other. Loop thread
/// only.
class SimulatedGateway final : public MqttListener {
 public:
  /// All but the machine outlive it.
  SimulatedGateway(Loop& loop, const Behaviour& behaviour, BundleCache& bundles, Traffic& traffic, Attributes machine);
  ~SimulatedGateway() override;

  /// Errors: kInvalid (the broker's URL).
  Result<void> Connect(const Enrolled& identity);
  /// Says that it goes offline, and disconnects. Connect brings it back.
  void GoOffline();
  /// Whether what it said last is on its way still.
  bool closing() const { return link_ != nullptr && offline_; }
  /// Connects again after GoOffline. Errors: kConflict (it is online, or not enrolled).
  Result<void> GoOnline();

  const Attributes& machine() const { return machine_; }
  void SetMachine(Attributes machine);
  enum class Fate { kByChance, kFails };
  void SetFate(Fate fate) { fate_ = fate; }
  void OnBundleLoaded();

  bool enrolled() const { return !identity_.gateway.empty(); }
  bool connected() const { return link_ != nullptr && !offline_ && link_->connected(); }
  /// The controller has stored the latest report.
  bool acknowledged() const { return sequence_ > 0 && acknowledged_ == sequence_ && !report_due_; }
  const Deployment& deployment() const { return deployment_; }
  v1::ReportedState Report() const;

  void OnMqttConnected() override;
  void OnMqttDisconnected(const Error& reason) override;
  void OnMqttMessage(const std::string& topic, const std::string& payload) override;

 private:
  const std::string& name() const { return machine_.gateway; }
  Deployment::FindModel Finder() const;
  bool Fails() const;
  std::chrono::milliseconds Share(std::chrono::milliseconds of) const;
  std::string PresencePayload(bool online) const;
  void Send(Channel channel, std::string payload, Retain retain);
  void ReportSoon();
  void SendReport();
  void Begin();
  void Finish();
  void OnDesired(const std::string& payload);
  void OnCommand(const std::string& payload);
  void OnAck(const std::string& payload);
  void Sample();
  void SendTelemetryAgain();
  void CloseWhenSent();

  Loop& loop_;
  const Behaviour& behaviour_;
  BundleCache& bundles_;
  Traffic& traffic_;
  Attributes machine_;
  Enrolled identity_;
  Fate fate_ = Fate::kByChance;
  const std::string epoch_;
  const std::string instance_;
  Deployment deployment_;
  std::chrono::system_clock::time_point changed_at_;

  std::unique_ptr<MqttLink> link_;
  bool offline_ = false;
  /// The latest report, and whether something has changed since.
  std::string report_;
  bool report_due_ = true;
  std::uint64_t sequence_ = 0;
  std::uint64_t acknowledged_ = 0;
  TelemetryQueue telemetry_;
  std::uint64_t samples_ = 0;

  Handle report_timer_;
  Handle deploy_timer_;
  Handle sample_timer_;
  Handle telemetry_timer_;
  Handle close_timer_;
};

}  // namespace motley::swarm
