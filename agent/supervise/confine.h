#pragma once

#include <cstdint>

#include "agent/supervise/options.h"

namespace motley::agent {

/// Why a program could not be started.
struct LaunchVerdict {
  /// errno, 0 if all went well.
  int error = 0;
  /// Before its execution: what failed. A constant.
  const char* doing = nullptr;
};

/// Makes this process what the program is to be: within its cgroups and resource limits, without core dumps and new
/// privileges, with a file mask of 027, and last as its user. In a child process only.
LaunchVerdict Confine(const SupervisorOptions& options);

/// How many processes the cgroup of `oom_file` has killed for want of memory; 0 if that can not be read.
std::int64_t CountOomKills(const char* oom_file);

}  // namespace motley::agent
