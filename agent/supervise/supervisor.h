#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "agent/supervise/confine.h"
#include "agent/supervise/line_splitter.h"
#include "agent/supervise/log_file.h"
#include "agent/supervise/options.h"
#include "agent/supervise/status.h"

namespace motley::agent {

/// Runs one program and starts it again as its policy says, until a signal ends it or the policy does. One thread, no
/// allocation; sleeps in poll() until a child, a signal, a line or a deadline comes.
///
/// The program leads a process group, dies with this process (PR_SET_PDEATHSIG), gains no privileges, and runs as the
/// user and within the cgroups of the options; this process stays outside of both. It is the reaper of all descendants
/// of the program: none outlives a run.
class Supervisor {
 public:
  /// Both outlive this object. The folder's status still says what was before.
  Supervisor(const SupervisorOptions& options, int folder_fd);

  /// Ends what a killed supervisor left in this folder and writes the first status; false with errno. When the instance
  /// is to run once and has, Run does nothing.
  bool Prepare();
  void Run();

 private:
  enum class Phase {
    kRunning,   ///< The program runs.
    kClearing,  ///< It is gone, descendants of it are not.
    kWaiting,   ///< For the time of the next start.
    kDone,
  };
  struct Stream {
    const char* name;
    int fd = -1;
    LineSplitter lines;
  };

  void Start();
  /// Forks and executes; an error of 0, or what did not work.
  LaunchVerdict Launch();
  [[noreturn]] void ExecuteProgram(int out_fd, int error_fd, int verdict_fd);
  void Wait();
  int PollTimeoutMs() const;
  void ReadSignals();
  enum class Amount { kOnce, kAll };
  void ReadStream(Stream& stream, Amount amount);
  void CloseStreams();
  void Reap();
  void OnProgramEnd(int wait_status);
  /// Puts why the program ended into the status.
  void SetEndReason();
  void PlanNextStart(bool succeeded);
  void OnDeadlines();
  void AskToEnd();
  /// Neither the program nor any descendant is left.
  void Settle();
  void Finish(SupervisedState state);
  void Say(std::string_view text);
  void Save(Durability durability);

  const SupervisorOptions& options_;
  const int folder_fd_;
  LogFile log_;
  Stream streams_[2] = {{"out", -1, {}}, {"err", -1, {}}};
  SupervisorStatus status_;
  int signal_fd_ = -1;
  Phase phase_ = Phase::kWaiting;
  bool has_children_ = false;
  bool stop_asked_ = false;
  bool over_time_ = false;
  bool restarts_ = true;
  /// What its cgroup had killed when the program was started.
  std::int64_t oom_kills_before_ = 0;
  /// BootMs() of when to act, 0 for never.
  std::int64_t kill_at_ms_ = 0;
  std::int64_t limit_at_ms_ = 0;
};

}  // namespace motley::agent
