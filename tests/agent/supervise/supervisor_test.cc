#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "agent/supervise/children.h"
#include "agent/supervise/client.h"
#include "agent/supervise/log_reader.h"
#include "common/files/files.h"
#include "tests/agent/supervise/small_disk.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    launch_.supervise = tests::Built("motley-supervise");
    launch_.folder = folder_.path();
    launch_.working_folder = folder_.path();
    launch_.instance = "v1";
    launch_.environment = {owner_.ApplicationEntry(), owner_.ComponentEntry(), "PATH=/usr/bin:/bin"};
    launch_.backoff_initial = milliseconds(10);
    launch_.stop_timeout = milliseconds(10000);
  }
  ~SupervisorTest() override { EXPECT_TRUE(EndSupervisor(launch_.folder, owner_)); }

  void Shell(const std::string& script) {
    launch_.program = "/bin/sh";
    launch_.arguments = {"-c", script};
  }
  void Start() {
    const auto started = StartSupervisor(launch_);
    ASSERT_TRUE(started) << started.error().message;
  }
  Supervision Look() { return LookAtSupervisor(launch_.folder).value(); }
  SupervisorStatus Status() { return Look().status; }
  bool WaitForState(SupervisedState state) {
    return tests::WaitFor([&] {
      const auto found = Look();
      return found.has_status && found.status.state == state;
    });
  }
  // The program has ended for good, and its supervisor too.
  bool WaitForEnd() {
    return tests::WaitFor([&] {
      const auto found = Look();
      return found.Ended("v1") && found.supervisor == 0;
    });
  }
  // All that was written to one stream.
  std::vector<std::string> Lines(const std::string& stream) {
    std::vector<std::string> texts;
    const auto lines = ReadSupervisedLog(launch_.folder, 100000).value();
    for (const auto& line : lines) {
      if (line.stream() == stream) texts.push_back(line.text());
    }
    return texts;
  }
  bool WaitForLine(const std::string& text) {
    return tests::WaitFor([&] {
      const auto lines = Lines("out");
      return std::find(lines.begin(), lines.end(), text) != lines.end();
    });
  }
  void StopAndWait() {
    auto process = AskSupervisorToStop(launch_.folder);
    ASSERT_TRUE(process && *process);
    ASSERT_TRUE(tests::WaitFor([&] { return Look().supervisor == 0; }));
  }
  // Programs of this test that run, whoever their parent is now.
  int CountPrograms() {
    int count = 0;
    DIR* proc = opendir("/proc");
    while (const dirent* entry = readdir(proc)) {
      const auto environment = ReadFile(std::string("/proc/") + entry->d_name + "/environ", 1 << 20);
      if (!environment || !HasEntry(*environment, owner_.ApplicationEntry())) continue;
      if (std::to_string(Look().supervisor) != entry->d_name) ++count;
    }
    closedir(proc);
    return count;
  }

  tests::TemporaryFolder folder_;
  Owner owner_{"test-" + std::to_string(getpid()), "program"};
  SupervisorLaunch launch_;
};

TEST_F(SupervisorTest, KeepsWhatAProgramWrites) {
  Shell("echo hello; echo oops >&2; printf unfinished; exec sleep 1000");
  Start();
  EXPECT_TRUE(WaitForState(SupervisedState::kRunning));
  EXPECT_TRUE(WaitForLine("hello"));
  EXPECT_TRUE(tests::WaitFor([&] { return !Lines("err").empty(); }));
  EXPECT_THAT(Lines("err"), ElementsAre("oops"));
  const auto found = Look();
  EXPECT_TRUE(found.Runs("v1"));
  EXPECT_FALSE(found.Runs("v2"));
  EXPECT_EQ(kill(found.status.pid, 0), 0);
  StopAndWait();
  EXPECT_THAT(Lines("out"), ElementsAre("hello", "unfinished"));
}

TEST_F(SupervisorTest, StartsAProgramAgainWithGrowingPauses) {
  Shell("echo up; exit 7");
  Start();
  ASSERT_TRUE(tests::WaitFor([&] { return Status().restarts >= 3; }));
  EXPECT_THAT(Lines("agent"), Contains("exited with code 7; next start in 10 ms"));
  EXPECT_THAT(Lines("agent"), Contains("exited with code 7; next start in 20 ms"));
  EXPECT_THAT(Lines("agent"), Contains("exited with code 7; next start in 40 ms"));
  EXPECT_GE(Lines("out").size(), 4u - 1);
  const auto status = Status();
  EXPECT_EQ(status.exit_code, 7);
  EXPECT_GE(status.ends_in_a_row, 3u);
}

TEST_F(SupervisorTest, ShowsThatItWaitsForTheNextStart) {
  launch_.backoff_initial = milliseconds(60000);
  Shell("exit 1");
  Start();
  ASSERT_TRUE(WaitForState(SupervisedState::kBackoff));
  const auto status = Status();
  EXPECT_EQ(status.pid, 0);
  EXPECT_STREQ(status.reason, "exited with code 1");
  EXPECT_NEAR(static_cast<double>(status.next_start_ms - BootMs()), 60000, 10000);
  StopAndWait();
  EXPECT_EQ(Status().state, SupervisedState::kStopped);
}

TEST_F(SupervisorTest, LeavesAProgramThatSucceededWhenItIsToRestartOnFailure) {
  launch_.restart = RestartPolicy::kOnFailure;
  Shell("exit 0");
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_EQ(Status().exit_code, 0);
  EXPECT_TRUE(tests::WaitFor([&] { return Look().supervisor == 0; }));
}

TEST_F(SupervisorTest, LeavesAProgramThatIsNeverRestarted) {
  launch_.restart = RestartPolicy::kNever;
  Shell("kill -SEGV $$");
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_EQ(Status().exit_signal, SIGSEGV);
  EXPECT_STREQ(Status().reason, "was ended by signal 11 (SIGSEGV)");
}

TEST_F(SupervisorTest, SaysWhyAProgramCanNotBeStarted) {
  launch_.program = "/nowhere/program";
  launch_.restart = RestartPolicy::kNever;
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_STREQ(Status().reason,
               "can not start /nowhere/program: No such file or directory (the program, or the interpreter that it "
               "names)");
}

TEST_F(SupervisorTest, LetsAProgramEndByItself) {
  Shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
  Start();
  ASSERT_TRUE(WaitForLine("ready"));
  StopAndWait();
  EXPECT_THAT(Lines("out"), ElementsAre("ready", "bye"));
  EXPECT_EQ(Status().state, SupervisedState::kStopped);
  EXPECT_EQ(Status().restarts, 0u);
}

TEST_F(SupervisorTest, KillsAProgramThatDoesNotEnd) {
  launch_.stop_timeout = milliseconds(50);
  Shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  Start();
  ASSERT_TRUE(WaitForLine("ready"));
  StopAndWait();
  EXPECT_EQ(Status().exit_signal, SIGKILL);
  EXPECT_EQ(CountPrograms(), 0);
}

TEST_F(SupervisorTest, EndsDescendantsThatHaveLeftTheGroup) {
  launch_.stop_timeout = milliseconds(50);
  Shell("setsid sh -c \"trap '' TERM; sleep 1000 & echo detached; wait; wait\" & exec sleep 1000");
  Start();
  ASSERT_TRUE(WaitForLine("detached"));
  EXPECT_GE(CountPrograms(), 3);
  StopAndWait();
  EXPECT_EQ(CountPrograms(), 0);
}

TEST_F(SupervisorTest, EndsWhatACrashedProgramLeftBeforeItStartsItAgain) {
  launch_.backoff_initial = milliseconds(60000);
  Shell("setsid sleep 1000 & exit 1");
  Start();
  ASSERT_TRUE(WaitForState(SupervisedState::kBackoff));
  EXPECT_TRUE(tests::WaitFor([&] { return CountPrograms() == 0; }));
}

TEST_F(SupervisorTest, TakesItsProgramAlongWhenItIsKilled) {
  Shell("echo ready; exec sleep 1000");
  Start();
  ASSERT_TRUE(WaitForLine("ready"));
  const auto before = Look();
  ASSERT_EQ(kill(before.supervisor, SIGKILL), 0);
  EXPECT_TRUE(tests::WaitFor([&] { return kill(before.status.pid, 0) != 0 && Look().supervisor == 0; }));
  EXPECT_FALSE(Look().Runs("v1"));
}

TEST_F(SupervisorTest, EndsWhatAKilledOneHasLeft) {
  Shell("sleep 1000 & echo ready; wait");
  Start();
  ASSERT_TRUE(WaitForLine("ready"));
  ASSERT_TRUE(tests::WaitFor([&] { return CountPrograms() == 2; }));
  const auto before = Look();
  ASSERT_EQ(kill(before.supervisor, SIGKILL), 0);
  ASSERT_TRUE(tests::WaitFor([&] { return Look().supervisor == 0 && CountPrograms() == 1; }));
  Shell("exec sleep 2000");
  Start();
  ASSERT_TRUE(WaitForState(SupervisedState::kRunning));
  EXPECT_TRUE(tests::WaitFor([&] { return CountPrograms() == 1; }));
  EXPECT_NE(Look().supervisor, before.supervisor);
}

TEST_F(SupervisorTest, SharesItsFolderWithNoOther) {
  Shell("exec sleep 1000");
  std::atomic<int> started = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> starters;
  for (int i = 0; i < 6; ++i) {
    starters.emplace_back([&] {
      const auto result = StartSupervisor(launch_);
      if (result) ++started;
      if (!result && result.error().code == Code::kConflict) ++refused;
    });
  }
  for (auto& starter : starters) starter.join();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(refused, 5);
  ASSERT_TRUE(WaitForState(SupervisedState::kRunning));
  EXPECT_EQ(CountPrograms(), 1);
}

TEST_F(SupervisorTest, RunsAnInstanceToItsEndOnlyOnceIfAsked) {
  launch_.restart = RestartPolicy::kNever;
  launch_.repeat = SupervisorLaunch::Repeat::kNever;
  Shell("echo ran");
  for (int i = 0; i < 3; ++i) {
    Start();
    ASSERT_TRUE(WaitForEnd());
  }
  EXPECT_THAT(Lines("out"), ElementsAre("ran"));
  launch_.instance = "v2";
  Start();
  ASSERT_TRUE(tests::WaitFor([&] { return Look().Ended("v2"); }));
  EXPECT_THAT(Lines("out"), ElementsAre("ran", "ran"));
}

TEST_F(SupervisorTest, OutlivesWhoeverStartedIt) {
  Shell("exec sleep 1000");
  const pid_t starter = fork();
  if (starter == 0) {
    if (StartSupervisor(launch_)) raise(SIGKILL);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(starter, &status, 0), starter);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(WaitForState(SupervisedState::kRunning));
  EXPECT_TRUE(Look().Runs("v1"));
}

TEST_F(SupervisorTest, EndsAProgramThatTakesTooLong) {
  launch_.restart = RestartPolicy::kNever;
  launch_.time_limit = milliseconds(50);
  Shell("sleep 1000");
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_STREQ(Status().reason, "took longer than 50 ms");
  EXPECT_NE(Status().exit_code, 0);
}

TEST_F(SupervisorTest, GivesAProgramNothingOfItsOwn) {
  setenv("MOTLEY_TEST_SECRET", "x", 1);
  // Stays open over an execution, as a careless library leaves it.
  const UniqueFd open_file(open("/dev/null", O_RDONLY));
  launch_.restart = RestartPolicy::kNever;
  launch_.environment.push_back("OWN=1");
  launch_.program = "/usr/bin/env";
  launch_.arguments.clear();
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_THAT(Lines("out"),
              UnorderedElementsAre(owner_.ApplicationEntry(), owner_.ComponentEntry(), "PATH=/usr/bin:/bin", "OWN=1"));
  Shell("grep NoNewPrivs /proc/self/status; readlink /proc/$$/fd/0; exec ls /proc/self/fd");
  Start();
  ASSERT_TRUE(WaitForEnd());
  const auto lines = Lines("out");
  // The last is the folder that ls reads.
  EXPECT_EQ(std::vector<std::string>(lines.begin() + 4, lines.end()),
            (std::vector<std::string>{"NoNewPrivs:\t1", "/dev/null", "0", "1", "2", "3"}));
}

TEST_F(SupervisorTest, RunsAProgramAsTheUserWithTheGroupsThatItIsTold) {
  launch_.restart = RestartPolicy::kNever;
  launch_.user = ProgramUser{4711, 4712, {4713, 4714}, 2};
  ASSERT_EQ(chmod(launch_.folder.c_str(), 0711), 0);
  Shell("id -u; id -G; umask; ulimit -c; kill -0 $PPID || echo may not");
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_THAT(Lines("out"), ElementsAre("4711", "4712 4713 4714", "0027", "0", "may not"));
}

TEST_F(SupervisorTest, TakesAProgramOfAnotherUserAlongWhenItIsKilled) {
  launch_.user = ProgramUser{4711, 4712, {}, 0};
  Shell("echo ready; exec sleep 1000");
  Start();
  ASSERT_TRUE(WaitForLine("ready"));
  const auto before = Look();
  ASSERT_EQ(kill(before.supervisor, SIGKILL), 0);
  EXPECT_TRUE(tests::WaitFor([&] { return kill(before.status.pid, 0) != 0; }));
}

TEST_F(SupervisorTest, LimitsWhatResourceLimitsCan) {
  launch_.restart = RestartPolicy::kNever;
  launch_.address_space_mb = 300;
  launch_.user_processes = 17;
  Shell("ulimit -v; ulimit -p");
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_THAT(Lines("out"), ElementsAre("307200", "17"));
}

TEST_F(SupervisorTest, SaysWhichCgroupItsProgramCouldNotJoin) {
  launch_.restart = RestartPolicy::kNever;
  launch_.cgroups = {folder_ / "nowhere"};
  Shell("echo ran");
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_STREQ(Status().reason, "can not start /bin/sh: join its cgroup: No such file or directory");
  EXPECT_THAT(Lines("out"), ElementsAre());
}

TEST_F(SupervisorTest, SaysThatAProgramWasKilledForItsMemory) {
  launch_.restart = RestartPolicy::kNever;
  launch_.oom_file = folder_ / "memory.events";
  launch_.memory_mb = 64;
  ASSERT_TRUE(WriteFileAtomically(launch_.oom_file, "oom_kill_disable 7\noom 3\noom_kill 3\n", 0644));
  Shell("echo 'oom_kill 4' > memory.events; kill -KILL $$");
  Start();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_STREQ(Status().reason, "was killed: it used more than its 64 MB of memory");
  // A process of it, and before: not this time.
  Shell("echo 'oom_kill 5' > memory.events; exit 3");
  Start();
  ASSERT_TRUE(tests::WaitFor([&] { return Status().exit_code == 3; }));
  EXPECT_STREQ(Status().reason,
               "exited with code 3, after a process of it was killed: it used more than its 64 MB of memory");
  ASSERT_TRUE(WaitForEnd());
  Shell("kill -KILL $$");
  Start();
  ASSERT_TRUE(tests::WaitFor([&] { return Status().exit_signal == SIGKILL; }));
  EXPECT_STREQ(Status().reason, "was ended by signal 9 (SIGKILL)");
}

TEST_F(SupervisorTest, KeepsItsLogBoundedUnderAFlood) {
  launch_.restart = RestartPolicy::kNever;
  launch_.log_bytes = 16384;
  Shell("i=0; while [ $i -lt 3000 ]; do echo \"line $i\"; i=$((i+1)); done");
  Start();
  ASSERT_TRUE(WaitForEnd());
  const auto lines = Lines("out");
  EXPECT_EQ(lines.back(), "line 2999");
  EXPECT_LE(ReadFile(folder_ / "log", 1 << 20)->size() + ReadFile(folder_ / "log.1", 1 << 20)->size(), 16384u);
}

TEST_F(SupervisorTest, NeverHoldsAProgramUpOnAFullDisk) {
  tests::SmallDisk disk(128 << 10);
  launch_.folder = disk.path();
  launch_.restart = RestartPolicy::kNever;
  // Much more than a pipe holds, so that it would block if nobody read; in long lines, since what is still in the pipe
  // when there is room again must fit with its times.
  Shell("read go < go; yes $(head -c 2000 /dev/zero | tr '\\0' y) | head -c 1000000; touch " + (folder_ / "done") +
        "; read go < go; echo after");
  ASSERT_EQ(mkfifo((folder_ / "go").c_str(), 0600), 0);
  Start();
  ASSERT_TRUE(WaitForState(SupervisedState::kRunning));
  const auto go = [&] {
    const UniqueFd fifo(open((folder_ / "go").c_str(), O_WRONLY));
    EXPECT_EQ(write(fifo.get(), "\n", 1), 1);
  };
  disk.Fill();
  go();
  EXPECT_TRUE(tests::WaitFor([&] { return access((folder_ / "done").c_str(), F_OK) == 0; }));
  disk.Empty();
  go();
  ASSERT_TRUE(WaitForEnd());
  EXPECT_THAT(Lines("agent"), Contains(HasSubstr("lines were dropped here: No space left on device")));
  // The flood ended in the middle of a line.
  EXPECT_TRUE(Lines("out").back().ends_with("after"));
  ASSERT_TRUE(EndSupervisor(disk.path(), owner_));
}

TEST_F(SupervisorTest, RefusesAFolderThatIsNotThere) {
  Shell("exit 0");
  launch_.folder = folder_ / "nowhere";
  const auto started = StartSupervisor(launch_);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("open " + launch_.folder + ": No such file or directory"));
}

TEST_F(SupervisorTest, IsGoneWhenItIsEndedByForce) {
  launch_.stop_timeout = milliseconds(3600000);
  Shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  Start();
  ASSERT_TRUE(WaitForLine("ready"));
  ASSERT_TRUE(AskSupervisorToStop(launch_.folder));
  ASSERT_TRUE(EndSupervisor(launch_.folder, owner_));
  EXPECT_EQ(Look().supervisor, 0);
  EXPECT_EQ(CountPrograms(), 0);
}

}  // namespace
}  // namespace motley::agent
