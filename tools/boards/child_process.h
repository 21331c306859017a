#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace motley::boards {

/// How a child is started.
struct ChildOptions {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to ours
  int stdout_fd = -1;                                            ///< -1: ours
  int stderr_fd = -1;
  bool own_group = false;  ///< a group of its own, and ended when we end: Ctrl-C does not reach it
};

/// Starts `options.command`, with no signal blocked. The caller waits for it.
///
/// Errors: kNotFound (no such program), kUnavailable (no process left).
Result<pid_t> StartChild(const ChildOptions& options);

/// Asks the child to end, insists after `patience`, and reaps it.
void EndChild(pid_t pid, std::chrono::milliseconds patience);

}  // namespace motley::boards
