#include "agent/exec/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace motley::agent {
namespace {

using Clock = std::chrono::steady_clock;

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

/// Waits for the child's end; false if it lives at the deadline.
bool Reap(pid_t child, Clock::time_point deadline, int* status) {
  for (;;) {
    const pid_t ended = waitpid(child, status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) return true;
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, static_cast<int>(kReapStep.count()));
  }
}

}  // namespace

Result<Child> StartChild(const Command& command, UniqueFd input) {
  CHECK(!command.arguments.empty());
  TRY_ASSIGN(const std::string program, FindProgram(command.arguments.front()));
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
           folder.c_str(), {input.get(), output.write.get(), error_output.write.get()}, failure.write.get());
  }
  for (UniqueFd* ours : {&input, &output.write, &error_output.write, &failure.write}) *ours = UniqueFd();
  int exec_error = 0;
  // Ends at once: by the exec, which closes the other end, or by the child's report.
  if (read(failure.read.get(), &exec_error, sizeof exec_error) == sizeof exec_error) {
    waitpid(child, nullptr, 0);
    return SystemError("start " + program, exec_error);
  }
  return Child{child, std::move(output.read), std::move(error_output.read)};
}

std::optional<int> AwaitEnd(pid_t child, Clock::time_point deadline) {
  int status = 0;
  const bool ended = Reap(child, deadline, &status);
  // Nothing of it is left running, whether it ended or not.
  kill(-child, SIGKILL);
  if (!ended) {
    waitpid(child, &status, 0);
    return std::nullopt;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string ProgramName(const Command& command) {
  const std::string& program = command.arguments.front();
  return program.substr(program.rfind('/') + 1);
}

Error DeadlineError(const Command& command, const std::string& last_words) {
  return Error{Code::kTimeout, ProgramName(command) + " did not end within " +
                                   std::to_string(command.deadline.count()) + " ms and was ended" +
                                   (last_words.empty() ? "" : "; its last words: " + last_words)};
}

Error TooMuchError(const Command& command) {
  return Error{Code::kInvalid, ProgramName(command) + " wrote more than " + std::to_string(command.output_limit_bytes) +
                                   " bytes and was ended"};
}

int MillisecondsUntil(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

}  // namespace motley::agent
