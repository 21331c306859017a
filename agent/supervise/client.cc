#include "agent/supervise/client.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "agent/supervise/children.h"
#include "agent/supervise/detach.h"

namespace motley::agent {
namespace {

// The supervisor only takes a lock and writes a small file before it answers; this long only if the disk hangs.
constexpr int kStartTimeoutMs = 10000;
constexpr int kKillTimeoutMs = 2000;
// A new supervisor first ends what one that was killed has left, for at most 2 s, and then writes its status.
constexpr int kFirstStatusTimeoutMs = 3000;

// Who holds the record lock; 0 for nobody.
Result<pid_t> LockHolder(const std::string& folder) {
  const std::string path = folder + "/lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return pid_t{0};
    return SystemError("open " + path, errno);
  }
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd.get(), F_GETLK, &lock) != 0) return SystemError("read the lock " + path, errno);
  return lock.l_type == F_UNLCK ? pid_t{0} : lock.l_pid;
}

Result<void> Signal(const UniqueFd& process, int signal) {
  if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0 || errno == ESRCH) return {};
  return SystemError("signal a supervisor", errno);
}

std::string UserText(const ProgramUser& user) {
  std::string text = std::to_string(user.user) + ":" + std::to_string(user.group);
  for (int i = 0; i < user.group_count; ++i) text += ":" + std::to_string(user.groups[i]);
  return text;
}

// The options that keep the program apart; those that are not used are left out.
void AddIsolation(const SupervisorLaunch& launch, std::vector<std::string>* line) {
  const auto add = [line](const char* name, std::string value) {
    line->push_back(name);
    line->push_back(std::move(value));
  };
  if (launch.user) add("--user", UserText(*launch.user));
  for (const auto& folder : launch.cgroups) add("--cgroup", folder);
  if (!launch.oom_file.empty()) add("--oom-file", launch.oom_file);
  if (launch.memory_mb != 0) add("--memory-mb", std::to_string(launch.memory_mb));
  if (launch.address_space_mb != 0) add("--address-space-mb", std::to_string(launch.address_space_mb));
  if (launch.user_processes != 0) add("--user-processes", std::to_string(launch.user_processes));
}

std::vector<std::string> CommandLine(const SupervisorLaunch& launch) {
  std::vector<std::string> line = {launch.supervise,
                                   "--dir",
                                   launch.folder,
                                   "--instance",
                                   launch.instance,
                                   "--restart",
                                   RestartPolicyName(launch.restart),
                                   "--backoff-initial-ms",
                                   std::to_string(launch.backoff_initial.count()),
                                   "--backoff-max-ms",
                                   std::to_string(launch.backoff_max.count()),
                                   "--stop-timeout-ms",
                                   std::to_string(launch.stop_timeout.count()),
                                   "--time-limit-ms",
                                   std::to_string(launch.time_limit.count()),
                                   "--log-bytes",
                                   std::to_string(launch.log_bytes)};
  if (launch.repeat == SupervisorLaunch::Repeat::kNever) line.push_back("--once");
  AddIsolation(launch, &line);
  line.push_back("--");
  line.push_back(launch.program);
  line.insert(line.end(), launch.arguments.begin(), launch.arguments.end());
  return line;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the first process of motley-supervise with nothing of ours: no descriptor, signal mask or environment.
Result<pid_t> Spawn(const SupervisorLaunch& launch, int error_fd) {
  const auto line = CommandLine(launch);
  auto arguments = Pointers(line);
  auto environment = Pointers(launch.environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawn_file_actions_addchdir_np(&actions, launch.working_folder.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, launch.supervise.c_str(), &actions, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return SystemError("start " + launch.supervise + " in " + launch.working_folder, error);
  return pid;
}

// Reads until the other end is closed or the deadline; false at the deadline.
bool ReadUntilClosed(int fd, std::string* text) {
  const auto deadline = BootMs() + kStartTimeoutMs;
  while (true) {
    const auto wait = deadline - BootMs();
    pollfd ready{fd, POLLIN, 0};
    if (wait <= 0) return false;
    if (poll(&ready, 1, static_cast<int>(wait)) <= 0) continue;
    char buffer[512];
    const auto size = read(fd, buffer, sizeof buffer);
    if (size <= 0) return true;
    text->append(buffer, static_cast<std::size_t>(size));
  }
}

Result<Supervision> LookOnce(const std::string& folder) {
  Supervision found;
  TRY_ASSIGN(found.supervisor, LockHolder(folder));
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return found;
    return SystemError("open " + folder, errno);
  }
  found.has_status = ReadStatus(fd.get(), &found.status);
  // A new supervisor that has not written yet finds the last word of the one before.
  if (found.supervisor != 0 && found.status.supervisor != found.supervisor) found.has_status = false;
  return found;
}

}  // namespace

Result<Supervision> LookAtSupervisor(const std::string& folder) {
  TRY_ASSIGN(Supervision found, LookOnce(folder));
  const auto deadline = BootMs() + kFirstStatusTimeoutMs;
  while (found.supervisor != 0 && !found.has_status && BootMs() < deadline) {
    poll(nullptr, 0, 10);
    TRY_ASSIGN(found, LookOnce(folder));
  }
  return found;
}

Result<void> StartSupervisor(const SupervisorLaunch& launch) {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return SystemError("make a pipe for " + launch.folder, errno);
  UniqueFd read_end(pipe_fds[0]);
  UniqueFd write_end(pipe_fds[1]);
  TRY_ASSIGN(const pid_t first, Spawn(launch, write_end.get()));
  write_end = UniqueFd();
  std::string said;
  const bool closed = ReadUntilClosed(read_end.get(), &said);
  if (!closed) kill(first, SIGKILL);
  int status = 0;
  while (waitpid(first, &status, 0) < 0 && errno == EINTR) {
  }
  if (!closed) return Error{Code::kTimeout, "the supervisor of " + launch.folder + " did not start in 10 s"};
  if (WIFEXITED(status) && WEXITSTATUS(status) == kSuperviseStarted) return {};
  const bool busy = WIFEXITED(status) && WEXITSTATUS(status) == kSuperviseBusy;
  return Error{busy ? Code::kConflict : Code::kUnavailable,
               "start the supervisor of " + launch.folder + ": " + (said.empty() ? "it died" : said)};
}

// A descriptor of the process that holds the lock, unset for none. A process id alone may be another's by the time it
// is used; holding the lock before and after the descriptor was made is proof.
Result<UniqueFd> SupervisorDescriptor(const std::string& folder) {
  while (true) {
    TRY_ASSIGN(const pid_t holder, LockHolder(folder));
    if (holder == 0) return UniqueFd();
    UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, holder, 0)));
    if (!fd && errno != ESRCH) return SystemError("open the process " + std::to_string(holder), errno);
    TRY_ASSIGN(const pid_t again, LockHolder(folder));
    if (fd && again == holder) return fd;
  }
}

Result<UniqueFd> AskSupervisorToStop(const std::string& folder) {
  TRY_ASSIGN(UniqueFd process, SupervisorDescriptor(folder));
  if (process) TRY(Signal(process, SIGTERM));
  return process;
}

Result<void> EndSupervisor(const std::string& folder, const Owner& owner) {
  TRY_ASSIGN(const UniqueFd process, SupervisorDescriptor(folder));
  TRY_ASSIGN(const Supervision found, LookAtSupervisor(folder));
  if (process) {
    TRY(Signal(process, SIGKILL));
    pollfd gone{process.get(), POLLIN, 0};
    if (poll(&gone, 1, kKillTimeoutMs) == 0) {
      return Error{Code::kUnavailable, "the supervisor of " + folder + " does not die; see what its process waits for"};
    }
  }
  if (!process && !found.has_status) return {};
  const pid_t session = found.has_status ? found.status.supervisor : found.supervisor;
  if (KillLeftBehind(session, owner.ApplicationEntry(), owner.ComponentEntry()) > 0) {
    return Error{Code::kUnavailable, "processes of " + owner.application + "/" + owner.component +
                                         " do not die; see what they wait for (session " + std::to_string(session) +
                                         ")"};
  }
  return {};
}

}  // namespace motley::agent
