#include "agent/exec/command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/exec/child.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLastWordsBytes = 300;

struct Input {
  UniqueFd read;
  UniqueFd write;
};

/// A socket takes input without SIGPIPE when the program has closed its end.
Result<Input> MakeInput() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return SystemError("make a socket pair", errno);
  return Input{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Moves the streams of a running child, each as far as it goes.
class Streams {
 public:
  Streams(UniqueFd input, UniqueFd output, UniqueFd error_output, const Command& command, CommandEnd* end)
      : input_(std::move(input)), command_(command) {
    readers_[0] = {std::move(output), &end->output};
    readers_[1] = {std::move(error_output), &end->error_output};
    fcntl(input_.get(), F_SETFL, O_NONBLOCK);
    if (command_.input.empty()) input_ = UniqueFd();
  }

  bool Open() const { return static_cast<bool>(readers_[0].fd) || static_cast<bool>(readers_[1].fd); }
  bool TooMuch() const { return too_much_; }

  void Move(int timeout_ms) {
    std::array<pollfd, 3> polled{
        {{readers_[0].fd.get(), POLLIN, 0}, {readers_[1].fd.get(), POLLIN, 0}, {input_.get(), POLLOUT, 0}}};
    if (poll(polled.data(), polled.size(), timeout_ms) <= 0) return;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (polled[i].revents != 0) Read(readers_[i]);
    }
    if (polled[2].revents != 0) Write();
  }

 private:
  struct Reader {
    UniqueFd fd;
    std::string* text = nullptr;
  };

  void Read(Reader& reader) {
    char buffer[16384];
    const auto size = read(reader.fd.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) {
      reader.fd = UniqueFd();
      return;
    }
    reader.text->append(buffer, static_cast<std::size_t>(size));
    too_much_ |= reader.text->size() > command_.output_limit_bytes;
  }

  void Write() {
    const auto size =
        send(input_.get(), command_.input.data() + written_, command_.input.size() - written_, MSG_NOSIGNAL);
    if (size > 0) written_ += static_cast<std::size_t>(size);
    // A program that closes its input early just does not want the rest.
    const bool failed = size < 0 && errno != EAGAIN && errno != EINTR;
    if (failed || written_ == command_.input.size()) input_ = UniqueFd();
  }

  UniqueFd input_;
  const Command& command_;
  std::array<Reader, 2> readers_;
  std::size_t written_ = 0;
  bool too_much_ = false;
};

Result<CommandEnd> Follow(pid_t child, Streams& streams, const Command& command, CommandEnd& end) {
  const auto deadline = Clock::now() + command.deadline;
  while (streams.Open() && !streams.TooMuch() && Clock::now() < deadline) streams.Move(MillisecondsUntil(deadline));
  const auto code = AwaitEnd(child, streams.TooMuch() ? Clock::now() : deadline);
  if (streams.TooMuch()) return TooMuchError(command);
  if (!code) return DeadlineError(command, end.LastWords());
  end.code = *code;
  return std::move(end);
}

}  // namespace

std::string CommandEnd::LastWords() const {
  for (const std::string* text : {&error_output, &output}) {
    const auto last = text->find_last_not_of(" \t\r\n");
    if (last == std::string::npos) continue;
    const auto line = text->find_last_of('\n', last);
    const auto begin = line == std::string::npos ? 0 : line + 1;
    return text->substr(begin, std::min(last + 1 - begin, kLastWordsBytes));
  }
  return "";
}

Result<CommandEnd> RunCommand(const Command& command) {
  TRY_ASSIGN(Input input, MakeInput());
  TRY_ASSIGN(Child child, StartChild(command, std::move(input.read)));
  CommandEnd end;
  Streams streams(std::move(input.write), std::move(child.output), std::move(child.error_output), command, &end);
  return Follow(child.pid, streams, command, end);
}

}  // namespace motley::agent
