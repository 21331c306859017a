#include "tools/boards/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace motley::boards {
namespace {

[[noreturn]] void BecomeChild(const ChildOptions& options, std::vector<char*>& arguments, int failure_fd) {
  if (options.own_group) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
  }
  if (options.stdout_fd >= 0) dup2(options.stdout_fd, STDOUT_FILENO);
  if (options.stderr_fd >= 0) dup2(options.stderr_fd, STDERR_FILENO);
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  if (write(failure_fd, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

}  // namespace

Result<pid_t> StartChild(const ChildOptions& options) {
  std::vector<char*> arguments;
  for (const std::string& argument : options.command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  int failure[2];  // closed by a successful exec, else carries errno
  if (pipe2(failure, O_CLOEXEC) != 0) return Error{Code::kUnavailable, "pipe: no file descriptor left"};
  const pid_t pid = fork();
  if (pid == 0) BecomeChild(options, arguments, failure[1]);
  close(failure[1]);
  int error = pid < 0 ? errno : 0;
  const bool failed = pid < 0 || read(failure[0], &error, sizeof error) > 0;
  close(failure[0]);
  if (!failed) return pid;
  if (pid > 0) waitpid(pid, nullptr, 0);
  return Error{error == ENOENT ? Code::kNotFound : Code::kUnavailable,
               fmt::format("program \"{}\": can not be started: {}", options.command[0], std::strerror(error))};
}

void EndChild(pid_t pid, std::chrono::milliseconds patience) {
  kill(pid, SIGTERM);
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  pollfd ended{handle, POLLIN, 0};
  if (handle < 0 || poll(&ended, 1, static_cast<int>(patience.count())) == 0) kill(pid, SIGKILL);
  if (handle >= 0) close(handle);
  waitpid(pid, nullptr, 0);
}

}  // namespace motley::boards
