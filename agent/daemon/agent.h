#pragma once

#include <memory>
#include <string>

#include "agent/artifact/fetcher.h"
#include "agent/artifact/secret_fetcher.h"
#include "agent/artifact/store.h"
#include "agent/daemon/config.h"
#include "agent/daemon/kind_set.h"
#include "agent/devices/devices.h"
#include "agent/devices/hotplug.h"
#include "agent/link/uplink.h"
#include "agent/orders/device_orders.h"
#include "agent/reconcile/engine.h"
#include "agent/store/store.h"
#include "agent/telemetry/sampler.h"
#include "common/files/files.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// One agent: owns all parts and connects them. Loop thread only.
class Agent {
 public:
  /// Takes the state folder. Errors: kConflict (another agent uses it), kUnavailable, kCorrupt, kInvalid (context,
  /// files of boards).
  static Result<std::unique_ptr<Agent>> Create(EventLoop& loop, Config config);
  ~Agent();

  /// Looks for boards, enrols if needed, and then works until the loop stops. An error that waiting does not mend stops
  /// the loop and is kept in failure().
  void Start();
  /// Says goodbye. Components go on running.
  void Close();
  const Result<void>& failure() const { return failure_; }

 private:
  Agent(EventLoop& loop, Config config, UniqueFd lock, std::unique_ptr<Store> store, ArtifactStore artifacts,
        BoardCatalogue catalogue);
  void Fail(Error error);
  void TryToEnrol();
  void Run(Identity identity);
  Result<void> MakeEngine(const Identity& identity);
  Result<void> Connect(const Identity& identity);
  void OrderDevice(const v1::Command& command, DeviceOrders::Done done);
  void Sample();
  v1::Context Context() const;
  void Report(v1::ReportedState& report) const;
  void DeviceLine(const std::string& device, const std::string& line);
  void DeviceReading(const std::string& device, const std::string& metric, double value);
  void Happened(v1::Event::Severity severity, const std::string& source, const std::string& text);

  EventLoop& loop_;
  const Config config_;
  const UniqueFd lock_;
  const std::unique_ptr<Store> store_;
  const ArtifactStore artifacts_;
  const BoardCatalogue catalogue_;
  const std::unique_ptr<SerialSystem> serial_;
  const std::unique_ptr<Hotplug> hotplug_;
  Result<void> failure_;
  v1::Context own_context_;
  Sampler sampler_;
  Devices devices_;
  std::unique_ptr<KindSet> kinds_;
  std::unique_ptr<HttpFetcher> fetcher_;
  std::unique_ptr<HttpSecretFetcher> secret_fetcher_;
  std::unique_ptr<DeviceOrders> device_orders_;
  std::unique_ptr<Provision> provision_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Uplink> uplink_;
  Handle timer_;
  std::chrono::milliseconds enrol_pause_{500};
  Worker enroller_;
};

}  // namespace motley::agent
