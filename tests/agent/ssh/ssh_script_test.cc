#include "tests/agent/ssh/ssh_kind_test_base.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Match = Observed::Match;

class SshScriptTest : public tests::SshKindTestBase {
 protected:
  // What scripts write "into the machine".
  std::string Journal() { return Text(folder_ / "journal"); }
  std::string Note(const std::string& text) { return "echo " + text + " >> " + (folder_ / "journal") + "\n"; }
  bool SoonJournal(const std::string& text) {
    return tests::WaitFor([&] { return Journal() == text; });
  }
  // A script that waits until the test says so.
  std::string Gate() { return "until [ -e " + (folder_ / "gate") + " ]; do sleep 0.05; done\n"; }
  void OpenGate() { ASSERT_TRUE(WriteFileAtomically(folder_ / "gate", "", 0600)); }
};

TEST_P(SshScriptTest, RunsOnceForAVersionAndUndoesIt) {
  const auto instance = Script(Note("apply"), Note("undo"));
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMissing);
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
  NewKind();
  EXPECT_GOOD(Apply(instance));
  Commit();
  EXPECT_EQ(Journal(), "apply\n");
  EXPECT_GOOD(Remove(instance));
  EXPECT_EQ(Journal(), "apply\nundo\n");
  EXPECT_EQ(Observe(instance).match, Match::kMissing);
  EXPECT_GOOD(Remove(instance));
  EXPECT_EQ(Journal(), "apply\nundo\n");
}

TEST_P(SshScriptTest, UndoesTheOldVersionBeforeTheNewOne) {
  EXPECT_GOOD(Apply(Script(Note("apply-1"), Note("undo-1"))));
  const auto next = Script(Note("apply-2"));
  EXPECT_EQ(Observe(next).match, Match::kDiffers);
  EXPECT_GOOD(Apply(next));
  EXPECT_GOOD(Apply(Script(Note("apply-3"))));
  EXPECT_EQ(Journal(), "apply-1\nundo-1\napply-2\napply-3\n");
}

TEST_P(SshScriptTest, FailsWithWhatTheScriptSaid) {
  const auto instance = Script("echo working\necho 'no such interface: eth9' >&2\nexit 4\n", Note("undo"));
  EXPECT_ERROR(Apply(instance), Code::kUnavailable,
               AllOf(HasSubstr("script \"setup\": apply exited with code 4; its last lines: "),
                     HasSubstr("no such interface: eth9")));
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
  EXPECT_THAT(Observe(instance).detail, HasSubstr("did not end well: exited with code 4"));
  EXPECT_GOOD(Remove(instance));
  EXPECT_EQ(Journal(), "undo\n");
}

TEST_P(SshScriptTest, EndsAScriptAtItsTimeLimit) {
  auto instance = Script(Note("begun") + "sleep 1000\n");
  instance.component.mutable_script()->set_timeout_ms(500);
  Seal(&instance);
  EXPECT_ERROR(Apply(instance), Code::kUnavailable, HasSubstr("did not end within its time limit of 1 s"));
  EXPECT_TRUE(tests::WaitFor([&] { return Processes().empty(); }));
}

TEST_P(SshScriptTest, GoesOnWhileTheConnectionIsCut) {
  const auto instance = Script(Note("begun") + Gate() + Note("ended"));
  std::optional<Result<void>> result;
  kind_->Apply(instance, [&result](Result<void> applied) { result = std::move(applied); });
  // Two looks, the act, and the first look at what runs.
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return Journal() == "begun\n" && Sessions() >= 4; }));
  server_.Kill();
  OpenGate();
  EXPECT_TRUE(SoonJournal("begun\nended\n"));
  server_.Start();
  EXPECT_TRUE(tests::RunUntil(
      *loop_, [&] { return result.has_value(); }, std::chrono::seconds(30)));
  EXPECT_GOOD(*result);
  EXPECT_EQ(Journal(), "begun\nended\n");
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
}

TEST_P(SshScriptTest, WaitsForTheRunThatAnAgentLeftBehind) {
  const auto instance = Script(Note("begun") + Gate() + Note("ended"));
  kind_->Apply(instance, [](const Result<void>&) { ADD_FAILURE() << "nobody is left to be told"; });
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return Journal() == "begun\n"; }));
  NewKind();
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
  EXPECT_THAT(Observe(instance).detail, HasSubstr("is running"));
  OpenGate();
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Journal(), "begun\nended\n") << "it was run twice";
}

TEST_P(SshScriptTest, RunsAgainWhatAPowerFailureCutOff) {
  const auto instance = Script(Note("begun") + Gate() + Note("ended"), Note("undo"));
  kind_->Apply(instance, [](const Result<void>&) {});
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return Journal() == "begun\n"; }));
  NewKind();
  for (const pid_t pid : Processes()) kill(pid, SIGKILL);
  EXPECT_TRUE(tests::WaitFor([&] { return Processes().empty(); }));
  EXPECT_THAT(Observe(instance).detail, HasSubstr("was cut off"));
  OpenGate();
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Journal(), "begun\nbegun\nended\n");
}

TEST_P(SshScriptTest, StopsARunThatIsNotWantedAnyMoreAndUndoesIt) {
  const auto instance = Script(Note("begun") + Gate() + Note("ended"), Note("undo"));
  kind_->Apply(instance, [](const Result<void>&) {});
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return Journal() == "begun\n"; }));
  NewKind();
  EXPECT_GOOD(Remove(instance));
  EXPECT_EQ(Journal(), "begun\nundo\n");
  EXPECT_THAT(Processes(), ElementsAre());
}

TEST_P(SshScriptTest, ReadsAnArtifactByItsInterpreterWithItsEnvironment) {
  auto instance = Remote("setup");
  auto& spec = *instance.component.mutable_script();
  *spec.mutable_artifact() = Artifact("setup.sh", "#!/bin/sh -e\n" + Note("\"$WHO\"") + "false\n" + Note("not-here"));
  spec.set_undo(Note("\"undo $WHO\""));
  (*spec.mutable_environment())["WHO"] = "it's me";
  Seal(&instance);
  EXPECT_ERROR(Apply(instance), Code::kUnavailable, HasSubstr("exited with code 1"));
  EXPECT_GOOD(Remove(instance));
  EXPECT_EQ(Journal(), "it's me\nundo it's me\n");
}

INSTANTIATE_TEST_SUITE_P(Userlands, SshScriptTest,
                         ::testing::Values(tests::SshServer::Userland::kDebian, tests::SshServer::Userland::kBusybox),
                         tests::UserlandName);

}  // namespace
}  // namespace motley::agent
