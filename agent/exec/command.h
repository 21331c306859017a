#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

/// A program of the gateway that is run once, to its end.
struct Command {
  /// The first is the program: a path, or a name that is looked for in the agent's PATH.
  std::vector<std::string> arguments;
  /// "NAME=value"; the program gets these and no others. Empty: the agent's environment.
  std::vector<std::string> environment;
  /// Empty: "/".
  std::string working_folder;
  /// Given to it as standard input, and then the end of file.
  std::string input;
  /// After so long it is killed, with all processes of its group.
  std::chrono::milliseconds deadline{30'000};
  /// Of standard output and of standard error each; a program that writes more is killed.
  std::uint64_t output_limit_bytes = 1 << 20;
};

struct CommandEnd {
  /// Exit code; 128 and the signal's number when a signal ended it, as shells say it.
  int code = 0;
  std::string output;
  std::string error_output;

  /// The last non-empty line of the error output, else of the output, cut to 300 bytes; for messages.
  std::string LastWords() const;
};

/// Runs `command` and waits for its end; it dies with the thread that called. Blocks: workers only.
/// Errors: kNotFound and kDenied (the program), kTimeout (killed at its deadline), kInvalid (it wrote too much),
/// kUnavailable (no process can be made). Another exit code than 0 is no error.
Result<CommandEnd> RunCommand(const Command& command);

}  // namespace motley::agent
