#include "agent/kinds/script.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "agent/kinds/component_logs.h"
#include "tests/agent/kinds/kind_test_base.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Match = Observed::Match;

class ScriptKindTest : public tests::KindTestBase {
 protected:
  ~ScriptKindTest() override { EXPECT_GOOD(EndSupervisor(Folder(), {application_, "setup"})); }

  // What scripts write "into the machine".
  std::string Journal() { return Text(folder_ / "journal"); }
  std::string Note(const std::string& text) { return "echo " + text + " >> " + (folder_ / "journal") + "\n"; }

  Instance Script(const std::string& apply, const std::string& undo = "") {
    auto instance = Make("setup");
    instance.component.mutable_script()->set_apply(apply);
    instance.component.mutable_script()->set_undo(undo);
    Seal(&instance);
    return instance;
  }
  std::string Folder() { return folder_ / "state/scripts/" + application_ + "/setup"; }

  std::unique_ptr<ScriptKind> kind_ = std::make_unique<ScriptKind>(*loop_, setup_);
};

TEST_F(ScriptKindTest, RunsOnceForAVersionAndUndoesIt) {
  const auto instance = Script(Note("apply"), Note("undo"));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  kind_ = std::make_unique<ScriptKind>(*loop_, setup_);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Journal(), "apply\n");
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_EQ(Journal(), "apply\nundo\n");
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Journal(), "apply\nundo\napply\n");
}

TEST_F(ScriptKindTest, UndoesTheOldVersionBeforeTheNewOne) {
  EXPECT_GOOD(Apply(*kind_, Script(Note("apply-1"), Note("undo-1"))));
  const auto next = Script(Note("apply-2"));
  EXPECT_EQ(Observe(*kind_, next).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, next));
  EXPECT_GOOD(Apply(*kind_, Script(Note("apply-3"))));
  EXPECT_EQ(Journal(), "apply-1\nundo-1\napply-2\napply-3\n");
}

TEST_F(ScriptKindTest, FailsWithWhatTheScriptSaid) {
  const auto instance = Script("echo working\necho 'no such interface: eth9' >&2\nexit 4\n", Note("undo"));
  EXPECT_ERROR(Apply(*kind_, instance), Code::kUnavailable,
               AllOf(HasSubstr("script \"setup\": apply exited with code 4; its last lines: "),
                     HasSubstr("no such interface: eth9")));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
  EXPECT_THAT(Observe(*kind_, instance).detail, HasSubstr("did not end well: exited with code 4"));
  // Half of it may have been done.
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_EQ(Journal(), "undo\n");
}

TEST_F(ScriptKindTest, RunsAgainWhenItFailedBefore) {
  const auto instance = Script(Note("apply") + "test -f " + (folder_ / "network"));
  EXPECT_ERROR(Apply(*kind_, instance), Code::kUnavailable, HasSubstr("exited with code 1"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "network", "", 0600));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Journal(), "apply\napply\n");
}

TEST_F(ScriptKindTest, StaysWhenItsUndoFails) {
  const auto instance = Script(Note("apply"), "exit 5");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Remove(*kind_, instance), Code::kUnavailable, HasSubstr("undo exited with code 5; it wrote nothing"));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
}

TEST_F(ScriptKindTest, EndsAScriptThatTakesTooLong) {
  auto instance = Script("sleep 1000 & sleep 1000");
  instance.component.mutable_script()->set_timeout_ms(100);
  EXPECT_ERROR(Apply(*kind_, instance), Code::kUnavailable, HasSubstr("apply took longer than 100 ms"));
  EXPECT_EQ(LookAtSupervisor(Folder())->supervisor, 0);
}

TEST_F(ScriptKindTest, RunsAnArtifactWithItsInterpreterAndEnvironment) {
  auto instance = Make("setup");
  auto* spec = instance.component.mutable_script();
  *spec->mutable_artifact() = Artifact(
      "setup.awk", "#!/usr/bin/awk -f\nBEGIN { print ENVIRON[\"COLOUR\"], ENVIRON[\"MOTLEY_COMPONENT\"] > \"out\" }\n");
  (*spec->mutable_environment())["COLOUR"] = "blue";
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Text(Folder() + "/work/out"), "blue setup\n");
}

TEST_F(ScriptKindTest, GoesOnWithARunThatOutlivedTheAgent) {
  const auto instance = Script(Note("begin") + "read go < " + (folder_ / "go") + "\n" + Note("end"));
  ASSERT_EQ(mkfifo((folder_ / "go").c_str(), 0600), 0);
  kind_->Apply(instance, [](Result<void>) { FAIL() << "it still waits"; });
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return Journal() == "begin\n"; }));
  kind_ = std::make_unique<ScriptKind>(*loop_, setup_);
  EXPECT_EQ(Observe(*kind_, instance).state, v1::ReportedComponent::STATE_STARTING);
  std::optional<bool> applied;
  kind_->Apply(instance, [&](Result<void> result) { applied = result.has_value(); });
  const UniqueFd fifo(open((folder_ / "go").c_str(), O_RDWR));
  ASSERT_EQ(write(fifo.get(), "\n", 1), 1);
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return applied.has_value(); }));
  EXPECT_TRUE(*applied);
  EXPECT_EQ(Journal(), "begin\nend\n");
}

TEST_F(ScriptKindTest, StopsARunThatIsNotWantedAnyMore) {
  const auto instance = Script(Note("begin") + "exec sleep 1000", Note("undo"));
  kind_->Apply(instance, [](Result<void>) { FAIL() << "it never ends"; });
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return Journal() == "begin\n"; }));
  kind_ = std::make_unique<ScriptKind>(*loop_, setup_);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_EQ(Journal(), "begin\nundo\n");
}

TEST_F(ScriptKindTest, IsRunAgainAfterItsSupervisorWasKilled) {
  const auto instance = Script(Note("begin") + "test -f " + (folder_ / "second") + " && exit 0; exec sleep 1000");
  kind_->Apply(instance, [](Result<void>) {});
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return Journal() == "begin\n"; }));
  kind_ = std::make_unique<ScriptKind>(*loop_, setup_);
  ASSERT_EQ(kill(LookAtSupervisor(Folder())->supervisor, SIGKILL), 0);
  ASSERT_TRUE(tests::WaitFor([&] { return LookAtSupervisor(Folder())->supervisor == 0; }));
  EXPECT_EQ(Observe(*kind_, instance).detail, "was cut off");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "second", "", 0600));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Journal(), "begin\nbegin\n");
}

TEST_F(ScriptKindTest, GetsThereWhereverTheAgentWasKilled) {
  for (int round = 0; round < 20; ++round) {
    const auto old = Script(Note("a1"), Note("u1"));
    const auto next = Script(Note("a2"), Note("u2"));
    std::filesystem::remove(folder_ / "journal");
    EXPECT_GOOD(Apply(*kind_, old));
    kind_.reset();
    const pid_t agent = fork();
    if (agent == 0) {
      const auto loop = EventLoop::Create();
      ScriptKind kind(*loop, setup_);
      kind.Apply(next, [](Result<void>) { _exit(0); });
      loop->Run();
      _exit(1);
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(600 * round);
    while (std::chrono::steady_clock::now() < until) {
    }
    kill(agent, SIGKILL);
    ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
    kind_ = std::make_unique<ScriptKind>(*loop_, setup_);
    EXPECT_GOOD(Apply(*kind_, next));
    EXPECT_EQ(Observe(*kind_, next).match, Match::kMatches);
    // A run goes on without its agent, so that each is run once.
    EXPECT_EQ(Journal(), "a1\nu1\na2\n");
    EXPECT_GOOD(Remove(*kind_, next));
  }
}

TEST_F(ScriptKindTest, KeepsWhatAScriptWrote) {
  EXPECT_GOOD(Apply(*kind_, Script("echo configured")));
  const auto lines = ReadComponentLogs(setup_.state_folder, "setup", 2);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].text(), "configured");
}

TEST_F(ScriptKindTest, RefusesAnEmptyScript) {
  EXPECT_ERROR(kind_->Check(Script("")), Code::kInvalid, HasSubstr("it has nothing to apply; give it a script"));
}

}  // namespace
}  // namespace motley::agent
