#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/health/health.h"
#include "agent/reconcile/executor.h"
#include "agent/reconcile/phase.h"
#include "agent/reconcile/provision.h"
#include "agent/reconcile/restart_pauses.h"
#include "agent/store/store.h"
#include "motley/v1/telemetry.pb.h"

namespace motley::agent {

/// What the engine tells its owner. Loop thread.
struct EngineEvents {
  /// Something in the report is new.
  std::function<void()> changed;
  std::function<void(v1::Event::Severity, const std::string& source, const std::string& text)> happened;
};

/// A program that a component runs, for the sampler.
struct RunningProgram {
  /// "component:<application>/<component>"
  std::string source;
  std::uint32_t pid;
  std::uint32_t restarts;
};

/// Makes the gateway run what it should: fetches, compares with what is really there, carries out the difference as a
/// transaction, goes back if that fails, and heals what drifts. It can be cut off at any moment: after the next Start
/// the gateway ends with exactly what was committed or exactly what was asked for. Loop thread only.
class Engine {
 public:
  struct Options {
    /// How often it is checked that everything is still as it should be.
    std::chrono::milliseconds drift_interval{10'000};
  };
  Engine(Loop& loop, Store& store, Provision& provision, const Kinds& kinds, Health& health, EngineEvents events,
         Options options);
  ~Engine();

  /// Takes up what a power loss cut off. Errors: kCorrupt and kUnavailable of the store.
  Result<void> Start();

  /// Takes a desired state for this gateway; one that is not newer than what it has changes nothing.
  /// Errors: kUnavailable (it can not be stored now; to be sent again).
  Result<void> Accept(const v1::DesiredState& desired);

  /// Tries the desired revision again if it failed.
  void Retry();

  /// Fills in desired_revision, deployment and applications.
  void Report(v1::ReportedState& report) const;
  std::vector<RunningProgram> Programs() const;
  Phase phase() const { return phase_; }

 private:
  void Enter(Happening happening);
  void Idle();
  void Begin(const std::optional<Transaction>& open);
  void Resume(const Transaction& open);
  void Fetch();
  void PrepareKinds();
  void CheckInstances();
  void InspectInstances();
  void Open();
  void Unfit(const Error& error);
  void Transact();
  void Run(const std::vector<Sighting>& goal, const std::vector<Sighting>& leftovers);
  void StepDone(const Step& step, const Observed& observed);
  void Ended(Result<void> result);
  void Forwarded(const Result<void>& result);
  void WentBack(const Result<void>& result);
  void Healed(const Result<void>& result);
  void Look();
  void Looked(std::vector<Sighting> sightings);
  void MarkUnhealthy(std::vector<Sighting>& sightings) const;
  void CollectGarbage();
  void SetDeployment(v1::Deployment::State state, const std::string& reason);
  bool Pending() const;
  const std::vector<Instance>& Goal() const;
  void Happened(v1::Event::Severity severity, const std::string& source, const std::string& text) const;
  template <typename Function>
  auto WhileAlive(Function function);

  Loop& loop_;
  Store& store_;
  Provision& provision_;
  const Kinds& kinds_;
  Health& health_;
  const EngineEvents events_;
  const Options options_;

  Phase phase_ = Phase::kStarting;
  v1::DesiredState desired_;
  v1::DesiredState target_;
  v1::DesiredState committed_;
  std::vector<Instance> target_instances_;
  std::vector<Instance> committed_instances_;
  v1::Deployment deployment_;
  /// Why the open transaction goes back.
  std::string reason_;
  int back_attempts_ = 0;
  std::chrono::milliseconds heal_pause_{0};
  std::chrono::steady_clock::time_point heal_not_before_;
  RestartPauses restart_pauses_;
  /// Keys whose checks are paused while they are restarted.
  std::vector<std::string> restarting_;
  bool looking_ = false;
  /// By key: what was seen last.
  std::map<std::string, Sighting> sightings_;
  std::unique_ptr<Executor> executor_;
  Handle timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace motley::agent
