#include "agent/supervise/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/supervise/children.h"
#include "agent/supervise/footprint.h"
#include "agent/supervise/text.h"

extern "C" char** environ;

namespace motley::agent {
namespace {

// Between two SIGKILLs to descendants that are still there: new ones may have been born between the walk and the
// signal.
constexpr std::int64_t kKillAgainMs = 100;

std::int64_t WallMicrosNow() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
}

std::string_view OwnEntry(const char* name) {
  const auto length = strlen(name);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry;
  }
  return {};
}

}  // namespace

Supervisor::Supervisor(const SupervisorOptions& options, int folder_fd)
    : options_(options), folder_fd_(folder_fd), log_(folder_fd, options.log_bytes) {}

bool Supervisor::Prepare() {
  SupervisorStatus before;
  const auto application = OwnEntry("MOTLEY_APPLICATION");
  const auto component = OwnEntry("MOTLEY_COMPONENT");
  const bool have_before = ReadStatus(folder_fd_, &before);
  if (have_before && !application.empty() && !component.empty()) {
    KillLeftBehind(before.supervisor, application, component);
  }
  const bool ended_before = have_before && before.state == SupervisedState::kEnded;
  if (options_.once && ended_before && strcmp(before.instance, options_.instance) == 0) {
    phase_ = Phase::kDone;
    return true;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  CopyText(options_.instance, status_.instance);
  status_.supervisor = getpid();
  status_.stop_timeout_ms = options_.stop_timeout_ms;
  return signal_fd_ >= 0 && WriteStatus(folder_fd_, status_, Durability::kCrashOnly);
}

void Supervisor::Run() {
  if (phase_ != Phase::kDone) Start();
  while (phase_ != Phase::kDone) {
    Wait();
    Reap();
    OnDeadlines();
    const bool gone = status_.pid == 0 && !has_children_;
    if ((phase_ == Phase::kRunning || phase_ == Phase::kClearing) && gone) Settle();
    if (phase_ == Phase::kWaiting && stop_asked_) Finish(SupervisedState::kStopped);
  }
}

void Supervisor::Start() {
  status_.started_us = WallMicrosNow();
  status_.started_ms = BootMs();
  status_.next_start_ms = 0;
  kill_at_ms_ = 0;
  over_time_ = false;
  oom_kills_before_ = CountOomKills(options_.oom_file);
  if (const auto verdict = Launch(); verdict.error != 0) {
    CloseStreams();
    Text<sizeof status_.reason> reason;
    reason.Add("can not start ").Add(options_.program[0]).Add(": ");
    if (verdict.doing != nullptr) reason.Add(verdict.doing).Add(": ");
    reason.Add(strerrordesc_np(verdict.error));
    const bool executing = verdict.doing == nullptr;
    if (executing && verdict.error == ENOENT) reason.Add(" (the program, or the interpreter that it names)");
    if (executing && verdict.error == EACCES && options_.has_user) reason.Add(" (for the user that it runs as)");
    CopyText(reason.view(), status_.reason);
    status_.exit_code = -1;
    status_.exit_signal = 0;
    PlanNextStart(false);
    Settle();
    return;
  }
  phase_ = Phase::kRunning;
  has_children_ = true;
  limit_at_ms_ = options_.time_limit_ms > 0 ? status_.started_ms + options_.time_limit_ms : 0;
  status_.state = SupervisedState::kRunning;
  Save(Durability::kCrashOnly);
  Say(Text<64>().Add("started, pid ").Add(status_.pid).view());
  ForgetCode();
}

LaunchVerdict Supervisor::Launch() {
  int out[2];
  int error[2];
  int verdict[2];
  if (pipe2(out, O_CLOEXEC) != 0) return {errno, "make a pipe"};
  streams_[0].fd = out[0];
  if (pipe2(error, O_CLOEXEC) != 0) {
    const int failed = errno;
    close(out[1]);
    return {failed, "make a pipe"};
  }
  streams_[1].fd = error[0];
  pid_t pid = -1;
  LaunchVerdict failed;
  if (pipe2(verdict, O_CLOEXEC) != 0) {
    failed = {errno, "make a pipe"};
  } else {
    pid = fork();
    if (pid == 0) ExecuteProgram(out[1], error[1], verdict[1]);
    if (pid < 0) failed = {errno, "make a process"};
    close(verdict[1]);
    // Nothing comes when the execution succeeds, since that closes the pipe.
    if (pid > 0) TEMP_FAILURE_RETRY(read(verdict[0], &failed, sizeof failed));
    close(verdict[0]);
  }
  close(out[1]);
  close(error[1]);
  if (failed.error != 0) {
    if (pid > 0) TEMP_FAILURE_RETRY(waitpid(pid, nullptr, 0));
    return failed;
  }
  for (auto& stream : streams_) fcntl(stream.fd, F_SETFL, O_NONBLOCK);
  status_.pid = pid;
  return {};
}

void Supervisor::ExecuteProgram(int out_fd, int error_fd, int verdict_fd) {
  setpgid(0, 0);
  auto verdict = Confine(options_);
  if (verdict.error == 0) {
    // After the change of the user, which takes it back.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != status_.supervisor) _exit(125);  // it died before the line above
    dup2(out_fd, STDOUT_FILENO);
    dup2(error_fd, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execvp(options_.program[0], options_.program);
    verdict.error = errno;
  }
  if (write(verdict_fd, &verdict, sizeof verdict) < 0) _exit(126);
  _exit(127);
}

int Supervisor::PollTimeoutMs() const {
  std::int64_t next = 0;
  const auto consider = [&next](std::int64_t at) {
    if (at != 0 && (next == 0 || at < next)) next = at;
  };
  consider(kill_at_ms_);
  if (phase_ == Phase::kRunning) consider(limit_at_ms_);
  if (phase_ == Phase::kWaiting) consider(status_.next_start_ms);
  if (next == 0) return -1;
  const auto wait = next - BootMs();
  return wait <= 0 ? 0 : static_cast<int>(wait < 3600000 ? wait : 3600000);
}

void Supervisor::Wait() {
  pollfd waits[3] = {{signal_fd_, POLLIN, 0}, {streams_[0].fd, POLLIN, 0}, {streams_[1].fd, POLLIN, 0}};
  if (poll(waits, 3, PollTimeoutMs()) <= 0) return;
  if (waits[0].revents != 0) ReadSignals();
  for (int i = 0; i < 2; ++i) {
    if (waits[i + 1].revents != 0) ReadStream(streams_[i], Amount::kOnce);
  }
}

void Supervisor::ReadSignals() {
  signalfd_siginfo info;
  while (read(signal_fd_, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD || stop_asked_) continue;
    stop_asked_ = true;
    Say("stopping, as asked");
    if (phase_ == Phase::kRunning) AskToEnd();
  }
}

void Supervisor::ReadStream(Stream& stream, Amount amount) {
  char buffer[4096];
  while (stream.fd >= 0) {
    const auto size = read(stream.fd, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      close(stream.fd);
      stream.fd = -1;
      return;
    }
    stream.lines.Feed(std::string_view(buffer, static_cast<std::size_t>(size)),
                      [&](std::string_view line) { log_.Append(stream.name, line); });
    if (amount == Amount::kOnce) return;
  }
}

void Supervisor::CloseStreams() {
  for (auto& stream : streams_) {
    ReadStream(stream, Amount::kAll);
    if (stream.fd >= 0) close(stream.fd);
    stream.fd = -1;
    stream.lines.Flush([&](std::string_view line) { log_.Append(stream.name, line); });
  }
}

void Supervisor::Reap() {
  if (!has_children_) return;
  int wait_status = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
    if (pid == status_.pid) OnProgramEnd(wait_status);
  }
  // Orphans come to this process, so that no child means no descendant.
  if (pid < 0 && errno == ECHILD) has_children_ = false;
}

void Supervisor::OnProgramEnd(int wait_status) {
  status_.pid = 0;
  status_.exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
  status_.exit_signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
  SetEndReason();
  PlanNextStart(status_.exit_code == 0 && !over_time_);
  phase_ = Phase::kClearing;
  if (SignalChildren(stop_asked_ || over_time_ ? 0 : SIGTERM) > 0 && kill_at_ms_ == 0) {
    kill_at_ms_ = BootMs() + options_.stop_timeout_ms;
  }
}

void Supervisor::SetEndReason() {
  Text<sizeof status_.reason> reason;
  const bool oom = CountOomKills(options_.oom_file) > oom_kills_before_;
  if (over_time_) {
    reason.Add("took longer than ").Add(options_.time_limit_ms).Add(" ms");
  } else if (oom && status_.exit_signal == SIGKILL) {
    reason.Add("was killed: it used more than its ").Add(options_.memory_mb).Add(" MB of memory");
  } else if (status_.exit_signal != 0) {
    const char* name = sigabbrev_np(status_.exit_signal);
    reason.Add("was ended by signal ").Add(status_.exit_signal).Add(" (SIG").Add(name ? name : "?").Add(")");
  } else {
    reason.Add("exited with code ").Add(status_.exit_code);
    if (oom) {
      reason.Add(", after a process of it was killed: it used more than its ");
      reason.Add(options_.memory_mb).Add(" MB of memory");
    }
  }
  CopyText(reason.view(), status_.reason);
}

void Supervisor::PlanNextStart(bool succeeded) {
  restarts_ = !stop_asked_ && ShouldRestart(options_.restart, succeeded);
  const auto now = BootMs();
  status_.ends_in_a_row = EndsInARow(status_.ends_in_a_row, now - status_.started_ms, options_.backoff_max_ms);
  Text<384> text;
  text.Add(status_.reason);
  if (restarts_) {
    const auto wait = BackoffMs(status_.ends_in_a_row, options_.backoff_initial_ms, options_.backoff_max_ms);
    status_.next_start_ms = now + wait;
    status_.state = SupervisedState::kBackoff;
    text.Add("; next start in ").Add(wait).Add(" ms");
  } else {
    status_.state = stop_asked_ ? SupervisedState::kStopping : SupervisedState::kEnded;
  }
  Say(text.view());
  Save(Durability::kCrashOnly);
}

void Supervisor::OnDeadlines() {
  const auto now = BootMs();
  if (phase_ == Phase::kRunning && limit_at_ms_ != 0 && now >= limit_at_ms_ && status_.pid != 0) {
    limit_at_ms_ = 0;
    over_time_ = true;
    Say("it takes too long");
    AskToEnd();
  }
  if (kill_at_ms_ != 0 && now >= kill_at_ms_ && has_children_) {
    // The group's number is the program's, which is not free for others before the program has been reaped.
    if (status_.pid != 0) kill(-status_.pid, SIGKILL);
    SignalChildren(SIGKILL);
    kill_at_ms_ = now + kKillAgainMs;
  }
  if (phase_ == Phase::kWaiting && now >= status_.next_start_ms && !stop_asked_) {
    ++status_.restarts;
    Start();
  }
}

void Supervisor::AskToEnd() {
  if (status_.pid != 0) kill(-status_.pid, SIGTERM);
  kill_at_ms_ = BootMs() + options_.stop_timeout_ms;
  status_.state = SupervisedState::kStopping;
  Save(Durability::kCrashOnly);
}

void Supervisor::Settle() {
  CloseStreams();
  has_children_ = false;
  kill_at_ms_ = 0;
  if (stop_asked_) return Finish(SupervisedState::kStopped);
  if (!restarts_) return Finish(SupervisedState::kEnded);
  phase_ = Phase::kWaiting;
}

void Supervisor::Finish(SupervisedState state) {
  phase_ = Phase::kDone;
  status_.state = state;
  status_.next_start_ms = 0;
  // The last word must last: what ended for good is not to be run again after a power loss.
  Save(Durability::kPowerLoss);
}

void Supervisor::Say(std::string_view text) { log_.Append("agent", text); }

void Supervisor::Save(Durability durability) { WriteStatus(folder_fd_, status_, durability); }

}  // namespace motley::agent
