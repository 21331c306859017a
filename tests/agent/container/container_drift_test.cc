#include "agent/kinds/container.h"
#include "tests/agent/container/engines.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Match = Observed::Match;
using Component = v1::ReportedComponent;
using Status = ContainerDetails::Status;

/// Others meddle with our containers, by the engine's own client.
class ContainerDriftTest : public tests::ContainerTestBase {
 protected:
  void Somebody(std::vector<std::string> arguments) {
    const auto finished = tests::RunProgram(real_.ClientCommand(std::move(arguments)));
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
  }
  void Heals(const Instance& instance) {
    EXPECT_GOOD(Apply(*kind_, instance));
    EXPECT_GOOD(Confirm(*kind_, instance));
    EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
    EXPECT_EQ(Details(instance).status, Status::kRunning);
  }
};

TEST_P(ContainerDriftTest, StartsAContainerThatSomebodyStopped) {
  const auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  const std::string id = Id(instance);
  Somebody({"stop", "-t", "5", id});
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kDiffers);
  EXPECT_EQ(observed.state, Component::STATE_STOPPED);
  EXPECT_EQ(observed.detail, "it ended with exit code 0");
  Heals(instance);
  EXPECT_EQ(Id(instance), id);
}

TEST_P(ContainerDriftTest, MakesAContainerThatSomebodyRemoved) {
  const auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  Somebody({"rm", "-f", Name(instance)});
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  Heals(instance);
}

TEST_P(ContainerDriftTest, ResumesAContainerThatSomebodyPaused) {
  const auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  Somebody({"pause", Name(instance)});
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
  EXPECT_EQ(Observe(*kind_, instance).detail, "somebody paused it");
  Heals(instance);
}

TEST_P(ContainerDriftTest, LeavesAContainerOfSomebodyElseAlone) {
  const auto instance = Server("web");
  // The name of ours, the labels of another gateway.
  const auto id = engine_.Create(Name(instance), CreateBody("gw-8", instance, TestImageId(), ProcessLimits::Own()));
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_GOOD(engine_.Start(*id));

  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kDiffers);
  EXPECT_THAT(observed.detail, AllOf(HasSubstr(Name(instance)), HasSubstr("rename it or take it away")));
  EXPECT_ERROR(Apply(*kind_, instance), Code::kConflict, HasSubstr("rename it or take it away"));
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_TRUE(CommitLeaves({Name(instance)}));
  EXPECT_EQ(Id(instance), *id);
  EXPECT_EQ(Details(instance).status, Status::kRunning);
}

TEST_P(ContainerDriftTest, PutsAContainerThatSomebodyRenamedAside) {
  const auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  const std::string id = Id(instance);
  Somebody({"rename", Name(instance), "mine"});
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  Heals(instance);
  EXPECT_NE(Id(instance), id);
  EXPECT_TRUE(CommitLeaves({Name(instance)}));
}

TEST_P(ContainerDriftTest, StartsAgainWhatFailed) {
  auto instance = Shell("job", "if test -f /once; then exec sleep 1000; fi; touch /once; exit 3");
  Spec(&instance)->set_restart(v1::ProcessSpec::RESTART_NEVER);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(tests::WaitFor([&] { return Details(instance).status == Status::kEnded; }));
  Heals(instance);
}

TEST_P(ContainerDriftTest, TakesAnotherDigestForAnotherVersion) {
  auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  // The same text in the model, another version of a secret.
  instance.digest = Sha256("another");
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
  Heals(instance);
}

INSTANTIATE_TEST_SUITE_P(Engines, ContainerDriftTest,
                         ::testing::Values(tests::EngineType::kDocker, tests::EngineType::kPodman),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace motley::agent
