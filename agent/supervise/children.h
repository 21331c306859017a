#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

namespace motley::agent {

/// The fields of /proc/<pid>/stat that say where a process belongs.
struct ProcessPlace {
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
};

/// Reads the text of /proc/<pid>/stat; false if it is none. The name in it may hold blanks and brackets.
bool ParseProcessPlace(std::string_view stat, ProcessPlace* place);

/// Sends `signal` to the children of this process, by a walk over /proc. How many there were.
int SignalChildren(int signal);

/// Whether `environment`, strings ended by NUL one after another as in /proc/<pid>/environ, has the string `entry`.
bool HasEntry(std::string_view environment, std::string_view entry);

/// Sends SIGKILL to what a supervisor left behind that was itself killed: the processes of its session whose
/// environment has both entries ("NAME=value"). Process ids are used again, and after a reboot all of them are; that is
/// why the session's number alone is not enough. Waits up to 2 s for them to be gone. How many are left.
int KillLeftBehind(pid_t session, std::string_view entry_one, std::string_view entry_two);

}  // namespace motley::agent
