#include "agent/exec/command_stream.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "agent/exec/child.h"

namespace motley::agent {

using Clock = std::chrono::steady_clock;

struct CommandStream::State {
  Command command;
  Child child;
  Clock::time_point deadline;
  bool reaped = false;
  CommandEnd end;

  bool LateNow() const { return Clock::now() >= deadline; }
  bool TooMuch() const { return end.error_output.size() > command.output_limit_bytes; }

  /// Ends what is left of it, and says why.
  Error Give(Error error) {
    if (!reaped) AwaitEnd(child.pid, Clock::now());
    reaped = true;
    return error;
  }

  /// Waits until one of the streams has something. Takes in the error output; whether the output has something.
  bool Wait() {
    std::array<pollfd, 2> polled{{{child.output.get(), POLLIN, 0}, {child.error_output.get(), POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), MillisecondsUntil(deadline)) <= 0) return false;
    if (polled[1].revents != 0) TakeErrorOutput();
    return polled[0].revents != 0;
  }

  void TakeErrorOutput() {
    std::array<char, 4096> buffer;
    const auto size = read(child.error_output.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) {
      child.error_output = UniqueFd();
    } else {
      end.error_output.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
};

CommandStream::CommandStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
CommandStream::CommandStream(CommandStream&&) noexcept = default;

CommandStream::~CommandStream() {
  if (state_ != nullptr && !state_->reaped) AwaitEnd(state_->child.pid, Clock::now());
}

Result<CommandStream> CommandStream::Start(const Command& command, UniqueFd input) {
  const auto deadline = Clock::now() + command.deadline;
  TRY_ASSIGN(Child child, StartChild(command, std::move(input)));
  return CommandStream(std::make_unique<State>(State{command, std::move(child), deadline, false, {}}));
}

Result<std::size_t> CommandStream::Read(std::span<char> buffer) {
  State& state = *state_;
  while (state.child.output && !state.reaped) {
    if (state.LateNow()) return state.Give(DeadlineError(state.command, state.end.LastWords()));
    if (state.TooMuch()) return state.Give(TooMuchError(state.command));
    if (!state.Wait()) continue;
    const auto size = read(state.child.output.get(), buffer.data(), buffer.size());
    if (size > 0) return static_cast<std::size_t>(size);
    if (size == 0 || errno != EINTR) state.child.output = UniqueFd();
  }
  return 0;
}

Result<CommandEnd> CommandStream::Finish() {
  State& state = *state_;
  while (state.child.error_output && !state.TooMuch() && !state.LateNow()) state.Wait();
  if (state.TooMuch()) return state.Give(TooMuchError(state.command));
  if (!state.reaped) {
    const auto code = AwaitEnd(state.child.pid, state.deadline);
    state.reaped = true;
    if (!code) return DeadlineError(state.command, state.end.LastWords());
    state.end.code = *code;
  }
  return state.end;
}

}  // namespace motley::agent
