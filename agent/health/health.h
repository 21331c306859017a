#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/health/health_state.h"
#include "agent/health/probe.h"
#include "agent/kinds/kind.h"
#include "agent/kinds/ssh_client.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Carries out the health checks of components (v1::HealthCheck). Loop thread only.
///
/// A check is done by one of a few workers, each for at most the check's timeout; those that find no worker free wait
/// in line, so that a check that hangs delays the others but never stops them. HTTP and TCP are checked from the
/// gateway; a script runs on the machine of its component.
class Health {
 public:
  struct Events {
    /// It was healthy, or had just been started, and is not any more. Once until it is healthy or resumed again.
    std::function<void(const std::string& key, const std::string& reason)> unhealthy;
    /// It is healthy again.
    std::function<void(const std::string& key)> healthy;
  };

  /// Scripts are put into `work_folder`, which is made when it is needed. `loop` outlives this object.
  Health(Loop& loop, ArtifactPath artifact, std::string work_folder, SshClient ssh);
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;
  ~Health();

  /// Checks `instance` until it is healthy. Failures in the start period do not count; after that `retries` of them in
  /// a row end it with the last reason. Without a check `done` is called at once, but never from within this call. One
  /// at a time for a key: another call for it, with whatever version, ends the first with kConflict. Errors: as Probe.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done);

  /// From now on exactly these are checked, each at its interval; those without a check are left out. One that is
  /// watched already, with the same digest, goes on as it was.
  void Watch(const std::vector<Instance>& instances, Events events);

  /// Why the component is unhealthy; nothing if it is healthy, not known yet, or not watched.
  std::optional<std::string> Unhealthy(const std::string& key) const;

  /// Stops checking a watched component, because it is about to be restarted, say. Nothing if it is not watched.
  void Pause(const std::string& key);
  /// Goes on, as with one that has just been started: its start period begins, and when that is over an unhealthy one
  /// is told of again. What Unhealthy says stays until it is healthy.
  void Resume(const std::string& key);

 private:
  struct Watched {
    Instance instance;
    HealthState state;
    bool paused = false;
    /// Why it was found unhealthy last; empty if it has been healthy since.
    std::string reason;
    /// Counts what makes a check that is under way worthless: another version, a pause.
    std::uint64_t generation = 0;
    Handle timer;
  };
  struct Confirmation {
    Instance instance;
    HealthState state;
    std::function<void(Result<void>)> done;
    std::uint64_t generation = 0;
    Handle timer;
  };
  struct Job {
    ProbeTarget target;
    std::function<void(Result<void>)> done;
  };

  void CheckToConfirm(const std::string& key);
  void Confirmed(const std::string& key, const Result<void>& result);
  void Schedule(const std::string& key);
  void CheckWatched(const std::string& key);
  void VerdictChanged(const std::string& key);
  void Enqueue(const Instance& instance, std::function<void(Result<void>)> done);
  void StartJobs();

  Loop& loop_;
  const ProbeSetup setup_;
  Events events_;
  std::uint64_t generations_ = 0;
  std::map<std::string, Watched> watched_;
  std::map<std::string, Confirmation> confirmations_;
  std::deque<Job> queue_;
  std::vector<bool> busy_;
  /// A call that is posted and finds this false has nobody to tell.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  // Last, so that they end first.
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace motley::agent
