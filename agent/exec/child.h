#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

#include "agent/exec/command.h"
#include "common/base/result.h"
#include "common/files/files.h"

namespace motley::agent {

/// A program that runs, and our ends of what it writes.
struct Child {
  pid_t pid;
  UniqueFd output;
  UniqueFd error_output;
};

/// Starts the program of `command` in a group of its own, with `input` as its standard input; it dies with the thread
/// that called. Errors: as RunCommand, before it runs.
Result<Child> StartChild(const Command& command, UniqueFd input);

/// Waits for the end of a child, and leaves nothing of its group running. Its exit code, or 128 and the signal's
/// number; nothing if it lived at the deadline and was ended.
std::optional<int> AwaitEnd(pid_t child, std::chrono::steady_clock::time_point deadline);

/// "apt-get" of "/usr/bin/apt-get": for messages.
std::string ProgramName(const Command& command);

/// `command` lived at its deadline. kTimeout.
Error DeadlineError(const Command& command, const std::string& last_words);
/// `command` wrote more than it may. kInvalid.
Error TooMuchError(const Command& command);

/// For poll(): never negative.
int MillisecondsUntil(std::chrono::steady_clock::time_point deadline);

}  // namespace motley::agent
