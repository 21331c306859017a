#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/kinds/kind.h"
#include "agent/kinds/script_steps.h"
#include "agent/kinds/ssh_remote.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Processes, files and scripts of other machines, which run no agent: everything is done over SSH, in few round trips.
/// What runs there goes on when the connection or the agent ends; after a reboot of the host it is not running, and the
/// engine applies it again. A host that can not be reached makes its components kUnknown.
///
/// What is there is compared by digest and by what really runs. A process keeps its `work` folder from version to
/// version; one that is removed is set aside until Commit. A file that was there before is kept and put back. Scripts
/// follow the rules of ScriptKind.
///
/// Two workers for each host, so that a long transfer does not keep others from being looked at; looks that are asked
/// for at the same time are one round trip.
class SshKind : public Kind {
 public:
  /// `loop` outlives this object.
  SshKind(Loop& loop, SshClient client, std::string gateway, ArtifactPath artifact);
  ~SshKind() override;

  /// Touches no host. Errors: kInvalid, kNotFound.
  Result<void> Check(const Instance& instance) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// A process must stay up for confirm_ms, as ProcessKind says; files and scripts are looked at once more.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// On every host that was used since the start; what can not be reached is cleaned up another time.
  void Commit() override;

 private:
  using Done = std::function<void(Result<void>)>;
  using Looked = std::function<void(Result<RemoteLook>)>;
  enum class Goal { kApplied, kGone };
  /// How far a script has come: at its end, or at a run to wait for.
  struct Progress {
    bool finished = false;
    ScriptWait wait;
    std::chrono::milliseconds at_most{0};
  };
  struct Host;

  Host& HostOf(const Instance& instance);
  void Look(const Instance& instance, Looked done);
  void LookAtAll(Host& host);
  void Act(const Instance& instance, std::function<Result<void>(const RemoteHost&)> act, Done done);
  void ApplyAlone(const Instance& instance, Done done);
  void RemoveAs(const Instance& instance, const std::string& kind, Done done);
  void WaitForConfirmation(const Instance& instance, std::chrono::steady_clock::time_point deadline, Done done);
  void Advance(const Instance& instance, Goal goal, const ScriptWait& waited, Done done);
  void WaitForRun(const Instance& instance, Goal goal, const ScriptWait& wait,
                  std::chrono::steady_clock::time_point deadline, Done done);
  static Result<Progress> TakeSteps(const RemoteHost& host, const Instance& instance, Goal goal,
                                    const ScriptWait& waited);

  Loop& loop_;
  const SshClient client_;
  const std::string gateway_;
  const ArtifactPath artifact_;
  /// By key.
  std::map<std::string, Handle> timers_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  /// By SshFolderName. Last, so that their workers end first.
  std::map<std::string, std::unique_ptr<Host>> hosts_;
};

}  // namespace motley::agent
