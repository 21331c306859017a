#include "agent/kinds/process.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstring>

#include "agent/kinds/component_logs.h"
#include "tests/agent/kinds/kind_test_base.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Match = Observed::Match;
using Component = v1::ReportedComponent;

class ProcessKindTest : public tests::KindTestBase {
 protected:
  ~ProcessKindTest() override {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "state/run/" + application_, error)) {
      std::string name = entry.path().filename().string();
      if (name.starts_with(".removed-")) name = name.substr(9);
      EXPECT_GOOD(EndSupervisor(entry.path().string(), {application_, name}));
    }
  }

  Instance Shell(const std::string& name, const std::string& script) {
    auto instance = Make(name);
    auto* spec = instance.component.mutable_process();
    for (const char* word : {"/bin/sh", "-c"}) spec->add_command(word);
    spec->add_command(script);
    spec->set_confirm_ms(50);
    Seal(&instance);
    return instance;
  }
  std::string Folder(const std::string& name) { return folder_ / "state/run/" + application_ + "/" + name; }
  std::vector<std::string> Output(const std::string& name) {
    std::vector<std::string> texts;
    for (const auto& line : ReadComponentLogs(setup_.state_folder, application_ + "/" + name, 1000)) {
      if (line.stream() == "out") texts.push_back(line.text());
    }
    return texts;
  }
  bool Runs(std::uint32_t pid) { return pid != 0 && kill(static_cast<pid_t>(pid), 0) == 0; }
  bool WaitForState(const Instance& instance, Component::State state) {
    return tests::WaitFor([&] { return Observe(*kind_, instance).state == state; });
  }

  std::unique_ptr<ProcessKind> kind_ = std::make_unique<ProcessKind>(*loop_, setup_);
};

TEST_F(ProcessKindTest, RunsAProgramAndKnowsItAgain) {
  const auto instance = Shell("web", "exec sleep 1000");
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.state, Component::STATE_RUNNING);
  EXPECT_TRUE(Runs(observed.pid));
  EXPECT_EQ(observed.detail, "running for 0 s, pid " + std::to_string(observed.pid));
}

TEST_F(ProcessKindTest, LeavesARunningInstanceAlone) {
  const auto instance = Shell("web", "exec sleep 1000");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto pid = Observe(*kind_, instance).pid;
  EXPECT_GOOD(Apply(*kind_, instance));
  // Another agent, after a restart of the first.
  kind_ = std::make_unique<ProcessKind>(*loop_, setup_);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  EXPECT_EQ(Observe(*kind_, instance).pid, pid);
}

TEST_F(ProcessKindTest, ReplacesAnotherVersionGracefully) {
  const auto old = Shell("web", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done");
  EXPECT_GOOD(Apply(*kind_, old));
  ASSERT_TRUE(tests::WaitFor([&] { return Output("web") == std::vector<std::string>{"up"}; }));
  const auto next = Shell("web", "echo next; exec sleep 1000");
  const auto before = Observe(*kind_, next);
  EXPECT_EQ(before.match, Match::kDiffers);
  EXPECT_THAT(before.detail, HasSubstr("another version is there: running for"));
  const auto old_pid = Observe(*kind_, old).pid;
  EXPECT_GOOD(Apply(*kind_, next));
  EXPECT_GOOD(Confirm(*kind_, next));
  EXPECT_FALSE(Runs(old_pid));
  EXPECT_EQ(Output("web"), (std::vector<std::string>{"up", "bye", "next"}));
  EXPECT_EQ(Observe(*kind_, old).match, Match::kDiffers);
}

TEST_F(ProcessKindTest, RunsAnArtifactWithItsEnvironmentAndNoOther) {
  setenv("MOTLEY_TEST_SECRET", "x", 1);
  auto instance = Make("tool");
  auto* spec = instance.component.mutable_process();
  (*spec->mutable_environment())["COLOUR"] = "blue";
  (*spec->mutable_environment())["LANG"] = "C";
  (*spec->mutable_environment())["MOTLEY_GATEWAY"] = "forged";
  spec->set_restart(v1::ProcessSpec::RESTART_NEVER);
  *spec->mutable_artifact() = Artifact("../my tool.sh", "#!/bin/sh\npwd\necho \"$1\"\nexec env\n");
  spec->add_command("first argument");
  Seal(&instance);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  auto lines = Output("tool");
  ASSERT_GE(lines.size(), 2u);
  const std::string work = Folder("tool") + "/work";
  EXPECT_EQ(lines[0], work);
  EXPECT_EQ(lines[1], "first argument");
  lines.erase(lines.begin(), lines.begin() + 2);
  EXPECT_THAT(lines,
              UnorderedElementsAre("MOTLEY_GATEWAY=gw-7", "MOTLEY_APPLICATION=" + application_, "MOTLEY_COMPONENT=tool",
                                   "COLOUR=blue", "LANG=C", "HOME=" + work, ::testing::StartsWith("PATH="),
                                   ::testing::StartsWith("TMPDIR="), "PWD=" + work));
  EXPECT_TRUE(std::filesystem::exists(Folder("tool") + "/bin/my_tool.sh"));
}

TEST_F(ProcessKindTest, FindsThatTheExecutableIsGone) {
  auto instance = Make("tool");
  *instance.component.mutable_process()->mutable_artifact() = Artifact("tool", "#!/bin/sh\nexec sleep 1000\n");
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(WaitForState(instance, Component::STATE_RUNNING));
  std::filesystem::remove(Folder("tool") + "/bin/tool");
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kDiffers);
  EXPECT_THAT(observed.detail, HasSubstr("its executable is gone"));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
}

TEST_F(ProcessKindTest, IsNotConfirmedWhenItExits) {
  const auto instance = Shell("web", "echo starting; echo 'no such database' >&2; exit 3");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable,
               ::testing::StartsWith("process \"web\": exited with code 3; its last lines: "));
  const auto observed = Observe(*kind_, instance);
  // It is the very instance: replacing it by itself would not help.
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.state, Component::STATE_BACKOFF);
  EXPECT_THAT(observed.detail, AllOf(HasSubstr("exited with code 3"), HasSubstr("; next try in ")));
}

TEST_F(ProcessKindTest, DoesNotQuoteAnotherVersionWhenItFails) {
  EXPECT_GOOD(Apply(*kind_, Shell("web", "echo all is well; exec sleep 1000")));
  ASSERT_TRUE(tests::WaitFor([&] { return Output("web").size() == 1; }));
  const auto failing = Shell("web", "exit 3");
  EXPECT_GOOD(Apply(*kind_, failing));
  EXPECT_EQ(Confirm(*kind_, failing).error().message, "process \"web\": exited with code 3; it wrote nothing");
}

TEST_F(ProcessKindTest, IsNotConfirmedWhenTheProgramIsNotFound) {
  auto instance = Make("web");
  instance.component.mutable_process()->add_command("motley-no-such-program");
  Seal(&instance);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable,
               HasSubstr("process \"web\": can not start motley-no-such-program: No such file or directory"));
}

TEST_F(ProcessKindTest, IsConfirmedWhenItSucceedsAndIsNotToBeRestarted) {
  auto instance = Shell("job", "exit 0");
  instance.component.mutable_process()->set_restart(v1::ProcessSpec::RESTART_NEVER);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  ASSERT_TRUE(WaitForState(instance, Component::STATE_STOPPED));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.detail, "exited with code 0; it is not to be started again");
  // What is done is done: no second run.
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Observe(*kind_, instance).state, Component::STATE_STOPPED);
}

TEST_F(ProcessKindTest, IsNotConfirmedWhenAJobFails) {
  auto instance = Shell("job", "echo broken; exit 9");
  instance.component.mutable_process()->set_restart(v1::ProcessSpec::RESTART_NEVER);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable,
               "process \"job\": exited with code 9; its last lines: broken");
}

TEST_F(ProcessKindTest, TakesAProgramAwayAndBringsItsDataBackWhenThatIsUndone) {
  const auto instance = Shell("web", "test -f data && echo found; echo x > data; echo ready; exec sleep 1000");
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(tests::WaitFor([&] { return Output("web") == std::vector<std::string>{"ready"}; }));
  const auto pid = Observe(*kind_, instance).pid;
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_FALSE(Runs(pid));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(tests::WaitFor([&] { return Output("web").size() == 3; }));
  EXPECT_EQ(Output("web"), (std::vector<std::string>{"ready", "found", "ready"}));
}

TEST_F(ProcessKindTest, LeavesNothingOfARemovedProgramAfterCommit) {
  const auto instance = Shell("web", "exec sleep 1000");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_FALSE(std::filesystem::is_empty(folder_ / "state/run/" + application_));
  kind_->Commit();
  EXPECT_TRUE(tests::WaitFor([&] { return std::filesystem::is_empty(folder_ / "state/run/" + application_); }));
}

TEST_F(ProcessKindTest, HealsAfterItsSupervisorWasKilled) {
  const auto instance = Shell("web", "sleep 1000 & echo ready; wait");
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(tests::WaitFor([&] { return !Output("web").empty(); }));
  const auto before = LookAtSupervisor(Folder("web")).value();
  ASSERT_EQ(kill(before.supervisor, SIGKILL), 0);
  ASSERT_TRUE(tests::WaitFor([&] { return Observe(*kind_, instance).match == Match::kDiffers; }));
  EXPECT_EQ(Observe(*kind_, instance).detail, "not running; its supervisor is gone");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
}

// The agent is killed at many points of a replacement; whatever it left, the next one gets there.
TEST_F(ProcessKindTest, GetsThereWhereverTheAgentWasKilled) {
  const auto old = Shell("web", "exec sleep 1000");
  const auto next = Shell("web", "exec sleep 2000");
  for (int round = 0; round < 25; ++round) {
    EXPECT_GOOD(Apply(*kind_, old));
    kind_.reset();
    const pid_t agent = fork();
    if (agent == 0) {
      const auto loop = EventLoop::Create();
      ProcessKind kind(*loop, setup_);
      kind.Apply(next, [](Result<void>) { _exit(0); });
      loop->Run();
      _exit(1);
    }
    // Spread over the time that it takes, a few milliseconds.
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(400 * round);
    while (std::chrono::steady_clock::now() < until) {
    }
    kill(agent, SIGKILL);
    ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
    kind_ = std::make_unique<ProcessKind>(*loop_, setup_);
    EXPECT_GOOD(Apply(*kind_, next));
    EXPECT_GOOD(Confirm(*kind_, next));
    EXPECT_EQ(Observe(*kind_, next).match, Match::kMatches);
    const auto same_pid = Observe(*kind_, next).pid;
    EXPECT_TRUE(Runs(same_pid));
  }
}

TEST_F(ProcessKindTest, HandlesManyProgramsAtATime) {
  std::vector<Instance> instances;
  for (int i = 0; i < 10; ++i) instances.push_back(Shell("p" + std::to_string(i), "exec sleep 1000"));
  int done = 0;
  for (const auto& instance : instances) {
    kind_->Apply(instance, [&, instance](Result<void> applied) {
      EXPECT_GOOD(applied);
      kind_->Confirm(instance, [&](Result<void> confirmed) {
        EXPECT_GOOD(confirmed);
        ++done;
      });
    });
  }
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return done == 10; }));
}

TEST_F(ProcessKindTest, GivesTheLastLinesOfAllPrograms) {
  const auto one = Shell("one", "echo a1; echo a2; exec sleep 1000");
  const auto two = Shell("two", "echo b1; exec sleep 1000");
  EXPECT_GOOD(Apply(*kind_, one));
  EXPECT_GOOD(Apply(*kind_, two));
  ASSERT_TRUE(tests::WaitFor([&] { return Output("one").size() == 2 && Output("two").size() == 1; }));
  const auto all = ReadComponentLogs(setup_.state_folder, "", 100);
  EXPECT_EQ(all.size(), 5u);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1].time_us(), all[i].time_us());
  const auto last = ReadComponentLogs(setup_.state_folder, "one", 1);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].text(), "a2");
  EXPECT_EQ(last[0].component(), application_ + "/one");
  EXPECT_TRUE(ReadComponentLogs(setup_.state_folder, "three", 100).empty());
}

TEST_F(ProcessKindTest, RefusesWhatCanNotRun) {
  auto nothing = Make("web");
  nothing.component.mutable_process();
  EXPECT_ERROR(kind_->Check(nothing), Code::kInvalid, HasSubstr("neither an artifact nor a command"));
  auto text = Make("web");
  *text.component.mutable_process()->mutable_artifact() = Artifact("notes.txt", "hello");
  EXPECT_ERROR(kind_->Check(text), Code::kInvalid, HasSubstr("\"notes.txt\" is no program"));
  auto variable = Shell("web", "exit");
  (*variable.component.mutable_process()->mutable_environment())["A=B"] = "c";
  EXPECT_ERROR(kind_->Check(variable), Code::kInvalid, HasSubstr("environment variable \"A=B\""));
  EXPECT_ERROR(kind_->Check(Shell("../web", "exit")), Code::kInvalid, HasSubstr("\"../web\""));
}

TEST(CheckExecutable, TakesOwnProgramsAndRefusesOthers) {
  const auto own = ReadFile("/proc/self/exe", 1 << 28).value();
  EXPECT_GOOD(CheckExecutable(std::string_view(own).substr(0, 64), "own"));
  EXPECT_GOOD(CheckExecutable("#!/bin/sh", "script"));
  std::string other = own.substr(0, 64);
  const std::uint16_t machine = EM_MIPS;
  std::memcpy(other.data() + offsetof(Elf32_Ehdr, e_machine), &machine, sizeof machine);
  EXPECT_ERROR(CheckExecutable(other, "gadget"), Code::kInvalid,
               HasSubstr("\"gadget\" is a program for another architecture, and this machine is "));
  EXPECT_ERROR(CheckExecutable("\x7f"
                               "ELF",
                               "stub"),
               Code::kInvalid, HasSubstr("\"stub\" is no program"));
  EXPECT_ERROR(CheckExecutable("", "empty"), Code::kInvalid, HasSubstr("\"empty\" is no program"));
}

TEST(DurationText, RoundsForPeople) {
  EXPECT_EQ(DurationText(-5), "0 s");
  EXPECT_EQ(DurationText(7600), "8 s");
  EXPECT_EQ(DurationText(180000), "3 min");
  EXPECT_EQ(DurationText(3 * 3600000), "3 h");
  EXPECT_EQ(DurationText(100ll * 3600000), "4 d");
}

}  // namespace
}  // namespace motley::agent
