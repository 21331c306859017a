#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/supervise/options.h"
#include "agent/supervise/restart.h"
#include "agent/supervise/status.h"
#include "common/base/result.h"
#include "common/files/files.h"

namespace motley::agent {

/// What a supervisor is to run.
struct SupervisorLaunch {
  /// Path of the program motley-supervise.
  std::string supervise;
  /// The run folder; exists.
  std::string folder;
  /// Comes back in the status; at most 95 bytes.
  std::string instance;
  /// Whether an instance that has ended in this folder is run again.
  enum class Repeat { kAllowed, kNever };
  Repeat repeat = Repeat::kAllowed;
  /// A path, or a name that is looked for in the PATH of `environment`.
  std::string program;
  std::vector<std::string> arguments;
  /// "NAME=value"; the program gets these and no others. The entries of OwnerEntries come first.
  std::vector<std::string> environment;
  /// Exists.
  std::string working_folder;
  RestartPolicy restart = RestartPolicy::kAlways;
  std::chrono::milliseconds backoff_initial{1000};
  std::chrono::milliseconds backoff_max{60000};
  std::chrono::milliseconds stop_timeout{5000};
  /// 0: none.
  std::chrono::milliseconds time_limit{0};
  std::int64_t log_bytes = 1 << 20;
  /// Whom the program runs as; unset: the user of this process. Only the super-user may choose.
  std::optional<ProgramUser> user;
  /// Folders of cgroups that it joins, at most SupervisorOptions::kMaxCgroups, all there.
  std::vector<std::string> cgroups;
  /// Where its memory cgroup counts what was killed for want of memory, and what it allows; empty: nowhere.
  std::string oom_file;
  std::uint64_t memory_mb = 0;
  /// Resource limits, 0 for none; the second counts all processes and threads of the user.
  std::uint64_t address_space_mb = 0;
  std::uint64_t user_processes = 0;
};

/// Whose program runs in a folder: two entries of its environment, by which it is known after its supervisor was
/// killed.
struct Owner {
  std::string application;
  std::string component;

  std::string ApplicationEntry() const { return "MOTLEY_APPLICATION=" + application; }
  std::string ComponentEntry() const { return "MOTLEY_COMPONENT=" + component; }
};

/// What is known about a run folder.
struct Supervision {
  /// Process id of the supervisor that has the folder now, 0 if none.
  pid_t supervisor = 0;
  /// Whether `status` is that of this supervisor or, when there is none, the last word of one that ended.
  bool has_status = false;
  SupervisorStatus status;

  /// `instance` is being supervised.
  bool Runs(const std::string& instance) const { return supervisor != 0 && has_status && instance == status.instance; }
  /// `instance` ended by itself and is not to be started again.
  bool Ended(const std::string& instance) const {
    return has_status && status.state == SupervisedState::kEnded && instance == status.instance;
  }
};

/// Looks at `folder`, which need not exist. Waits up to 3 s for the first status of a supervisor that has just been
/// started. Any thread, as all of these.
Result<Supervision> LookAtSupervisor(const std::string& folder);

/// Starts a supervisor that goes on by itself when this process ends, however it ends. Returns when it has its folder,
/// at most 10 s later; the program may not be running yet. The caller has no child afterwards. Errors: kConflict (the
/// folder has a supervisor), kUnavailable, kNotFound.
Result<void> StartSupervisor(const SupervisorLaunch& launch);

/// A pidfd of the supervisor of `folder`, which can be read (poll, epoll) once it is gone; unset if there is none.
Result<UniqueFd> SupervisorDescriptor(const std::string& folder);

/// The same, after asking it to stop.
Result<UniqueFd> AskSupervisorToStop(const std::string& folder);

/// Makes sure that nothing runs in `folder`: kills a supervisor that is still there, with its program, and what a
/// killed one left. Blocks up to 2 s, next to no time when all is well. Errors: kUnavailable (a process that does not
/// die).
Result<void> EndSupervisor(const std::string& folder, const Owner& owner);

}  // namespace motley::agent
