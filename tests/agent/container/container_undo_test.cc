#include "agent/kinds/container.h"
#include "tests/agent/container/engines.h"

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Match = Observed::Match;
using Status = ContainerDetails::Status;

class ContainerUndoTest : public tests::ContainerTestBase {
 protected:
  std::string Aside(const Instance& instance, const std::string& id) { return AsideName(Name(instance), id); }
  Status StatusOf(const std::string& id) {
    const auto found = engine_.Inspect(id);
    return found && *found ? (*found)->status : Status::kBroken;
  }
};

TEST_P(ContainerUndoTest, SetsTheOldVersionAsideUntilTheCommit) {
  const auto old = Server("web");
  const auto next = Server("web", 2);
  EXPECT_GOOD(Apply(*kind_, old));
  const std::string id = Id(old);
  EXPECT_EQ(Observe(*kind_, next).match, Match::kDiffers);
  EXPECT_THAT(Observe(*kind_, next).detail, ::testing::StartsWith("another version is there: running for "));
  EXPECT_GOOD(Apply(*kind_, next));
  EXPECT_GOOD(Confirm(*kind_, next));
  EXPECT_EQ(Observe(*kind_, next).match, Match::kMatches);
  EXPECT_THAT(Names(), ElementsAre(Name(old), Aside(old, id)));
  EXPECT_EQ(StatusOf(id), Status::kEnded);
  EXPECT_TRUE(CommitLeaves({Name(next)}));
  EXPECT_EQ(Observe(*kind_, next).match, Match::kMatches);
}

TEST_P(ContainerUndoTest, GoesBackByStartingTheOldContainer) {
  const auto old = Server("web");
  const auto next = Server("web", 2);
  EXPECT_GOOD(Apply(*kind_, old));
  const std::string id = Id(old);
  EXPECT_GOOD(Apply(*kind_, next));
  // Another agent, after the end of the first, which has nothing but the engine to go by.
  RestartKind();
  EXPECT_GOOD(Apply(*kind_, old));
  EXPECT_GOOD(Confirm(*kind_, old));
  EXPECT_EQ(Id(old), id);
  EXPECT_EQ(Observe(*kind_, old).match, Match::kMatches);
  EXPECT_TRUE(CommitLeaves({Name(old)}));
  EXPECT_EQ(Id(old), id);
}

TEST_P(ContainerUndoTest, BringsARemovedContainerBack) {
  const auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  const std::string id = Id(instance);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_EQ(StatusOf(id), Status::kEnded);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Id(instance), id);
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
}

TEST_P(ContainerUndoTest, RemovesForGoodWithTheCommit) {
  const auto instance = Server("web");
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_TRUE(CommitLeaves({}));
}

TEST_P(ContainerUndoTest, LetsTheEngineStartNothingThatIsSetAside) {
  const auto old = Server("web");
  EXPECT_GOOD(Apply(*kind_, old));
  const std::string id = Id(old);
  EXPECT_GOOD(Apply(*kind_, Server("web", 2)));
  const auto said =
      tests::RunProgram(real_.ClientCommand({"inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", id}));
  // Podman can not change it, and starts nothing by itself.
  EXPECT_EQ(said.output, GetParam() == tests::EngineType::kDocker ? "no\n" : "unless-stopped\n");
  EXPECT_GOOD(Apply(*kind_, old));
  EXPECT_EQ(
      tests::RunProgram(real_.ClientCommand({"inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", id})).output,
      "unless-stopped\n");
}

// Wherever an Apply is cut off, what it left is one of these.
TEST_P(ContainerUndoTest, EndsRightFromWhereverAnApplyWasCutOff) {
  const auto old = Server("web");
  const auto next = Server("web", 2);
  const std::vector<std::string> cuts = {"stopped", "set aside", "made"};
  for (const auto& goal : {next, old}) {
    for (std::size_t cut = 0; cut < cuts.size(); ++cut) {
      SCOPED_TRACE(cuts[cut] + (goal.digest == old.digest ? ", going back" : ", going on"));
      RestartKind();
      EXPECT_GOOD(Apply(*kind_, old));
      const std::string id = Id(old);
      EXPECT_GOOD(engine_.Stop(id));
      if (cut >= 1) EXPECT_GOOD(engine_.Rename(id, Aside(old, id)));
      if (cut >= 2) {
        EXPECT_GOOD(engine_.Create(Name(next), CreateBody("gw-7", next, TestImageId(), ProcessLimits::Own())));
      }
      RestartKind();
      EXPECT_NE(Observe(*kind_, goal).match, Match::kMatches);
      EXPECT_GOOD(Apply(*kind_, goal));
      EXPECT_GOOD(Confirm(*kind_, goal));
      EXPECT_EQ(Observe(*kind_, goal).match, Match::kMatches);
      EXPECT_EQ(Id(goal) == id, goal.digest == old.digest);
      EXPECT_TRUE(CommitLeaves({Name(goal)}));
      EXPECT_GOOD(Remove(*kind_, goal));
      EXPECT_TRUE(CommitLeaves({}));
    }
  }
}

TEST_P(ContainerUndoTest, EndsRightWhenTheAgentGoesInTheMiddle) {
  const auto old = Server("web");
  EXPECT_GOOD(Apply(*kind_, old));
  for (int round = 0; round < 6; ++round) {
    const auto next = Server("web", 2 + round);
    const auto& goal = round % 2 == 0 ? next : old;
    kind_->Apply(next, [](const Result<void>&) {});
    // Where it is then differs from round to round: not begun, or, since it ends what it has begun, done and not told.
    if (round >= 2) {
      tests::WaitFor([&] { return Names().size() > 1; }, std::chrono::milliseconds(200));
    }
    RestartKind();
    EXPECT_GOOD(Apply(*kind_, goal));
    EXPECT_GOOD(Confirm(*kind_, goal));
    EXPECT_EQ(Observe(*kind_, goal).match, Match::kMatches);
    EXPECT_TRUE(CommitLeaves({Name(goal)}));
    if (goal.digest != old.digest) EXPECT_GOOD(Apply(*kind_, old));
    EXPECT_TRUE(CommitLeaves({Name(old)}));
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ContainerUndoTest,
                         ::testing::Values(tests::EngineType::kDocker, tests::EngineType::kPodman),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace motley::agent
