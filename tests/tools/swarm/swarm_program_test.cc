#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/wait.h"
#include "tests/system/fleet_of_200.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

constexpr char kRelease[] = R"(application: fleet
version: 1.0.0
template:
  components:
    setup: {kind: script, apply: "true"}
variants: [{name: all}]
)";

class SwarmProgram : public testing::Test {
 protected:
  void Deploy() {
    CHECK(controller_.Push(kRelease, folder_.path()).has_value());
    ApproveAndEnact(controller_, Propose(controller_, "1.0.0").id());
  }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
};

TEST_F(SwarmProgram, AGatewayThatIsToFailSaysSoUntilItIsHealedAndToldToTryAgain) {
  const TestSwarm swarm(controller_, 5, {"--deploy-time", "0.05", "--fail", "gw-002"});
  Deploy();
  ASSERT_TRUE(swarm.WaitForFigure("done", [](std::uint64_t gateways) { return gateways == 4; }));
  ASSERT_TRUE(WaitForGateway(controller_, "gw-002", [](const v1::Gateway& gateway) {
    return gateway.reported().deployment().state() == v1::Deployment::STATE_FAILED;
  }));
  EXPECT_THAT(controller_.Gateway("gw-002").reported().deployment().reason(), HasSubstr("told to let it fail"));
  swarm.Tell("heal gw-002");
  ASSERT_TRUE(controller_.Call("POST", "/v1/gateways/gw-002/retry"));
  EXPECT_TRUE(WaitForVersion(controller_, "gw-002", "1.0.0"));
  EXPECT_THAT(swarm.Tell("show gw-002"), HasSubstr("\"STATE_DONE\""));
}

TEST_F(SwarmProgram, TelemetryComesOnceAndInOrder) {
  ASSERT_TRUE(WaitFor([&] { return IsConnected(controller_); }));
  const TestSwarm swarm(controller_, 3, {"--telemetry-interval", "0.1", "--samples", "1"});
  v1::TelemetryPage page;
  ASSERT_TRUE(WaitFor([&] {
    page = controller_.Telemetry("gw-001");
    return page.samples_size() >= 10;
  }));
  for (int i = 1; i < page.samples_size(); ++i) {
    EXPECT_GT(page.samples(i).time_us(), page.samples(i - 1).time_us());
  }
}

TEST_F(SwarmProgram, GatewaysComeBackAfterTheyWereOfflineOrTheBrokerWas) {
  const TestSwarm swarm(controller_, 5);
  swarm.Tell("offline gw-001");
  ASSERT_TRUE(WaitForGateway(controller_, "gw-001", [](const v1::Gateway& gateway) { return !gateway.online(); }));
  Deploy();
  swarm.Tell("online gw-001");
  EXPECT_TRUE(WaitForVersion(controller_, "gw-001", "1.0.0")) << "what was desired meanwhile";
  broker_.Stop();
  ASSERT_TRUE(swarm.WaitForFigure("connected", [](std::uint64_t gateways) { return gateways == 0; }));
  broker_.Start();
  EXPECT_TRUE(swarm.WaitForFigure("acknowledged", [](std::uint64_t gateways) { return gateways == 5; }));
}

TEST_F(SwarmProgram, TagsOfAChangeGoToTheController) {
  const TestSwarm swarm(controller_, 1);
  swarm.Tell("context gw-001 tags.site=oslo disk_mb=77");
  EXPECT_TRUE(WaitForGateway(controller_, "gw-001", [](const v1::Gateway& gateway) {
    return gateway.tags().at("site") == "oslo" && gateway.reported().context().disk_mb() == 77;
  }));
}

TEST_F(SwarmProgram, GatewaysOfAnEarlierSwarmAreTakenOverOnlyWhenAskedTo) {
  { const TestSwarm earlier(controller_, 2); }
  const std::vector<std::string> command{Built("motley-swarm"), "--state", controller_.folder(), "--gateways", "2"};
  const auto program = Program::Start({command, {}, folder_ / "log"});
  EXPECT_TRUE(WaitFor([&] { return program->Output().find("give --take-over") != std::string::npos; }));
  program->Kill();
  const TestSwarm later(controller_, 2, {"--take-over"});
  Deploy();
  EXPECT_TRUE(WaitForVersion(controller_, "gw-002", "1.0.0"));
}

TEST_F(SwarmProgram, ItsCommandLineSaysWhatIsWrong) {
  const auto run = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), Built("motley-swarm"));
    return RunProgram(arguments, {{"HOME", "/nowhere"}});
  };
  EXPECT_THAT(run({"--help"}).output, HasSubstr("context GATEWAYS NAME=VALUE"));
  EXPECT_EQ(run({"--gateways", "20000"}).exit_code, 2);
  EXPECT_THAT(run({"tell", "/nowhere/socket"}).output, HasSubstr("motley-swarm tell SOCKET ORDER"));
  const Finished nobody = run({"tell", "/nowhere/socket", "stat"});
  EXPECT_EQ(nobody.exit_code, 3);
  EXPECT_THAT(nobody.output, HasSubstr("no swarm listens there"));
  const Finished typing = run({"--state", controller_.folder(), "--fleet", "/nowhere/fleet.yaml"});
  EXPECT_EQ(typing.exit_code, 3);
  EXPECT_THAT(typing.output, HasSubstr("/nowhere/fleet.yaml"));
}

}  // namespace
}  // namespace motley::tests
