#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "agent/exec/command.h"
#include "common/base/result.h"
#include "common/files/files.h"

namespace motley::agent {

/// A program whose output is read while it runs, so that it may be of any size. It dies with the thread that started it
/// and, with all processes of its group, with this object. Blocks: workers only, one thread at a time.
class CommandStream {
 public:
  /// `input` is its standard input; Command::input is not used, and Command::output_limit_bytes is of the error output
  /// alone. Its deadline counts from now. Errors: kNotFound and kDenied (the program), kUnavailable (no process can be
  /// made).
  static Result<CommandStream> Start(const Command& command, UniqueFd input);
  CommandStream(CommandStream&&) noexcept;
  ~CommandStream();

  /// Reads what comes next of its output, as far as it is there; the number of bytes, 0 at the end.
  /// Errors: kTimeout, kInvalid (too much error output); then the program was ended.
  Result<std::size_t> Read(std::span<char> buffer);

  /// After Read came to the end: waits for the program's. Its `output` is empty. Errors: as Read.
  Result<CommandEnd> Finish();

 private:
  struct State;
  explicit CommandStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace motley::agent
