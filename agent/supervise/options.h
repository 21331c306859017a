#pragma once

#include <cstdint>

#include "agent/supervise/restart.h"
#include "agent/supervise/text.h"

namespace motley::agent {

/// The command line of motley-supervise.
struct SupervisorOptions {
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
  /// The program and its arguments, ended by a null pointer.
  char** program = nullptr;
};

inline constexpr const char* kSuperviseUsage =
    "usage: motley-supervise --dir RUN_DIR [--instance TEXT [--once]] [--restart always|on-failure|never]\n"
    "         [--backoff-initial-ms N] [--backoff-max-ms N] [--stop-timeout-ms N] [--time-limit-ms N] [--log-bytes N]\n"
    "         -- PROGRAM [ARGUMENT...]\n";

/// Reads `argv`; what it points at outlives `options`. False with the reason in `error`.
bool ParseSupervisorOptions(int argc, char** argv, SupervisorOptions* options, Text<256>* error);

}  // namespace motley::agent
