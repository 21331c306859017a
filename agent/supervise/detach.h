#pragma once

#include <string_view>

namespace motley::agent {

/// Exit codes of the process that was started; the one that supervises is its child and goes on alone.
enum SuperviseExit : int {
  kSuperviseStarted = 0,
  kSuperviseBadUsage = 2,
  kSuperviseFailed = 3,  ///< The folder can not be used; standard error says why.
  kSuperviseBusy = 4,    ///< Another supervisor has the folder.
};

/// The run folder of this process, which nobody else has.
struct DetachedFolder {
  int folder_fd = -1;
  /// Where to say that all is well, or nothing and exit.
  int ready_fd = -1;
};

/// Writes to standard error.
void Complain(std::string_view text);

/// Forks: the first process waits for the word of the second and exits with its verdict; the second leads a session of
/// its own, holds the record lock of `folder`/lock until it ends, and returns from here.
///
/// A record lock and not flock: F_GETLK tells the agent who holds it, in one call that can not be out of date.
DetachedFolder Detach(const char* folder);

/// Lets the first process exit with success, and lets go of standard output and error.
void ReportReady(DetachedFolder* detached);

}  // namespace motley::agent
