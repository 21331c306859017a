#pragma once

#include <sys/types.h>

#include <cstdint>

#include "agent/supervise/restart.h"
#include "agent/supervise/text.h"

namespace motley::agent {

/// The user that the program runs as, in numbers: a static program can not ask the name services.
struct ProgramUser {
  static constexpr int kMaxGroups = 64;

  uid_t user = 0;
  gid_t group = 0;
  gid_t groups[kMaxGroups] = {};
  int group_count = 0;
};

/// Reads "USER:GROUP[:GROUP...]"; the groups after the first are the supplementary ones. False if it is none.
bool ParseProgramUser(const char* text, ProgramUser* user);

/// The command line of motley-supervise.
struct SupervisorOptions {
  /// One for each hierarchy that has a limit of the program.
  static constexpr int kMaxCgroups = 3;

  const char* folder = nullptr;
  const char* instance = "";
  RestartPolicy restart = RestartPolicy::kAlways;
  std::int64_t backoff_initial_ms = 1000;
  std::int64_t backoff_max_ms = 60000;
  std::int64_t stop_timeout_ms = 5000;
  /// How long one run may take; 0 is as long as it likes.
  std::int64_t time_limit_ms = 0;
  std::int64_t log_bytes = 1 << 20;
  /// Do nothing when the folder's status says that this instance has ended already.
  bool once = false;
  /// Whether the program runs as `user`, else as who started this.
  bool has_user = false;
  ProgramUser user;
  /// Folders of cgroups that the program joins before it runs; the rest are null.
  const char* cgroups[kMaxCgroups] = {};
  /// The file with the line "oom_kill <number>" of its memory cgroup; null for none.
  const char* oom_file = nullptr;
  /// What that cgroup allows, for the reason of an end.
  std::int64_t memory_mb = 0;
  /// Resource limits of the program, 0 for none.
  std::int64_t address_space_mb = 0;
  std::int64_t user_processes = 0;
  /// The program and its arguments, ended by a null pointer.
  char** program = nullptr;
};

inline constexpr const char* kSuperviseUsage =
    "usage: motley-supervise --dir RUN_DIR [--instance TEXT [--once]] [--restart always|on-failure|never]\n"
    "         [--backoff-initial-ms N] [--backoff-max-ms N] [--stop-timeout-ms N] [--time-limit-ms N] [--log-bytes N]\n"
    "         [--user UID:GID[:GID...]] [--cgroup FOLDER]... [--oom-file FILE --memory-mb N] [--address-space-mb N]\n"
    "         [--user-processes N] -- PROGRAM [ARGUMENT...]\n";

/// Reads `argv`; what it points at outlives `options`. False with the reason in `error`.
bool ParseSupervisorOptions(int argc, char** argv, SupervisorOptions* options, Text<256>* error);

}  // namespace motley::agent
