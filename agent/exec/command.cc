#include "agent/exec/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/files/files.h"

namespace motley::agent {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLastWordsBytes = 300;
// What a killed group may take to be gone.
constexpr std::chrono::milliseconds kReapStep{10};

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// A socket takes input without SIGPIPE when the program has closed its end.
Result<Pipe> MakeInput() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return SystemError("make a socket pair", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

bool IsExecutableFile(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

/// Looks for a program before the fork, where memory may still be taken.
Result<std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (access(name.c_str(), F_OK) != 0) return Error{Code::kNotFound, "there is no program " + name};
    if (!IsExecutableFile(name)) return Error{Code::kDenied, name + " can not be executed"};
    return name;
  }
  const char* path = std::getenv("PATH");
  const std::string folders = path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (std::size_t begin = 0; begin <= folders.size();) {
    const auto end = std::min(folders.find(':', begin), folders.size());
    const std::string candidate = folders.substr(begin, end - begin) + "/" + name;
    if (end > begin && IsExecutableFile(candidate)) return candidate;
    begin = end + 1;
  }
  return Error{Code::kNotFound, "the program \"" + name + "\" is not in " + folders + "; install it"};
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// In the child, between fork and exec: calls that are safe there only. Reports errno through `failure`.
[[noreturn]] void Become(const char* program, char* const* arguments, char* const* environment, const char* folder,
                         const std::array<int, 3>& streams, int failure) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  const bool ready = setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && chdir(folder) == 0 &&
                     dup2(streams[0], 0) == 0 && dup2(streams[1], 1) == 1 && dup2(streams[2], 2) == 2;
  if (ready) execve(program, arguments, environment);
  const int error = errno;
  [[maybe_unused]] const auto written = write(failure, &error, sizeof error);
  _exit(127);
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

std::string Name(const Command& command) {
  const std::string& program = command.arguments.front();
  return program.substr(program.rfind('/') + 1);
}

int MillisecondsLeft(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

/// Waits for the child's end; false if it lives at the deadline.
bool Reap(pid_t child, Clock::time_point deadline, int* status) {
  for (;;) {
    const pid_t ended = waitpid(child, status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return true;
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, static_cast<int>(kReapStep.count()));
  }
}

Result<CommandEnd> Follow(pid_t child, Streams& streams, const Command& command, CommandEnd& end) {
  const auto deadline = Clock::now() + command.deadline;
  while (streams.Open() && !streams.TooMuch() && Clock::now() < deadline) streams.Move(MillisecondsLeft(deadline));
  int status = 0;
  const bool ended = !streams.TooMuch() && Reap(child, deadline, &status);
  // Nothing of it is left running, whether it ended or not.
  kill(-child, SIGKILL);
  if (!ended) {
    waitpid(child, &status, 0);
    if (streams.TooMuch()) {
      return Error{Code::kInvalid, Name(command) + " wrote more than " + std::to_string(command.output_limit_bytes) +
                                       " bytes and was ended"};
    }
    return Error{Code::kTimeout, Name(command) + " did not end within " + std::to_string(command.deadline.count()) +
                                     " ms and was ended" +
                                     (end.LastWords().empty() ? "" : "; its last words: " + end.LastWords())};
  }
  end.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
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
  CHECK(!command.arguments.empty());
  TRY_ASSIGN(const std::string program, FindProgram(command.arguments.front()));
  TRY_ASSIGN(Pipe input, MakeInput());
  TRY_ASSIGN(Pipe output, MakePipe());
  TRY_ASSIGN(Pipe error_output, MakePipe());
  TRY_ASSIGN(Pipe failure, MakePipe());
  const std::vector<char*> arguments = Pointers(command.arguments);
  const std::vector<char*> environment = Pointers(command.environment);
  const std::string folder = command.working_folder.empty() ? "/" : command.working_folder;
  const pid_t child = fork();
  if (child < 0) return SystemError("start " + program, errno);
  if (child == 0) {
    Become(program.c_str(), arguments.data(), command.environment.empty() ? environ : environment.data(),
           folder.c_str(), {input.read.get(), output.write.get(), error_output.write.get()}, failure.write.get());
  }
  for (UniqueFd* ours : {&input.read, &output.write, &error_output.write, &failure.write}) *ours = UniqueFd();
  int exec_error = 0;
  // Ends at once: by the exec, which closes the other end, or by the child's report.
  if (read(failure.read.get(), &exec_error, sizeof exec_error) == sizeof exec_error) {
    waitpid(child, nullptr, 0);
    return SystemError("start " + program, exec_error);
  }
  CommandEnd end;
  Streams streams(std::move(input.write), std::move(output.read), std::move(error_output.read), command, &end);
  return Follow(child, streams, command, end);
}

}  // namespace motley::agent
