#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tests/system/releases.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

class MainJob : public testing::Test {
 protected:
  TestAgent::Options AgentOptions(const std::string& id, const std::map<std::string, std::string>& tags = {}) {
    TestAgent::Options options;
    options.controller_url = controller_.url();
    options.token = controller_.AddGateway(id, tags);
    options.arguments = {"--telemetry-interval-ms", "500", "--drift-interval-ms", "500"};
    return options;
  }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
};

TEST_F(MainJob, GivesEachGatewayItsVariantUpgradesItAndGoesBackWhenTheBoardStaysSilent) {
  TestBoards boards({"uno:A1"});
  auto with_board = AgentOptions("factory", {{"site", "oslo"}});
  with_board.boards = &boards;
  TestAgent factory(with_board), office(AgentOptions("office"));
  factory.Start();
  office.Start();
  ASSERT_TRUE(WaitForGateway(controller_, "factory", [](const auto& gateway) { return gateway.online(); }));
  ASSERT_TRUE(WaitForGateway(controller_, "office", [](const auto& gateway) { return gateway.online(); }));

  ASSERT_TRUE(controller_.Push(BlinkyRelease("1.0.0"), folder_.path()).has_value());
  const v1::Plan plan = controller_.Roll("blinky", "1.0.0");
  ASSERT_EQ(plan.assigned(), 2u) << plan.DebugString();
  ASSERT_TRUE(WaitForVersion(controller_, "factory", "1.0.0"));
  ASSERT_TRUE(WaitForVersion(controller_, "office", "1.0.0"));
  EXPECT_EQ(controller_.Gateway("office").reported().applications(0).variant(), "plain");
  const v1::Gateway gateway = controller_.Gateway("factory");
  EXPECT_EQ(gateway.reported().applications(0).variant(), "with-uno");
  EXPECT_EQ(gateway.reported().devices(0).firmware_version(), "1.0.0");

  ASSERT_TRUE(controller_.Push(BlinkyRelease("1.1.0"), folder_.path()).has_value());
  controller_.Roll("blinky", "1.1.0");
  ASSERT_TRUE(WaitForVersion(controller_, "factory", "1.1.0"));

  // 1.2.0 never says hello.
  ASSERT_TRUE(controller_.Push(BlinkyRelease("1.2.0"), folder_.path()).has_value());
  controller_.Roll("blinky", "1.2.0");
  ASSERT_TRUE(WaitForGateway(controller_, "factory", [](const v1::Gateway& twin) {
    return twin.reported().deployment().revision() == 3 &&
           twin.reported().deployment().state() == v1::Deployment::STATE_FAILED;
  }));
  const v1::Gateway back = controller_.Gateway("factory");
  EXPECT_THAT(back.reported().deployment().reason(), HasSubstr("did not say hello within"));
  EXPECT_EQ(back.reported().applications(0).version(), "1.1.0");
  EXPECT_EQ(back.reported().devices(0).firmware_version(), "1.1.0");
  EXPECT_FALSE(back.in_sync());

  // Telemetry of gateway, component and board, and the logs of a component.
  ASSERT_TRUE(WaitFor([&] {
    const auto page = controller_.Telemetry("factory", "source=device:A1&metric=uptime_ms");
    return page.samples_size() > 0;
  }));
  EXPECT_GT(controller_.Telemetry("factory", "source=gateway&metric=memory_used_bytes").samples_size(), 0);
  EXPECT_GT(controller_.Telemetry("factory", "source=component:blinky/greeter&metric=memory_bytes").samples_size(), 0);
  const auto logs = controller_.Call("POST", "/v1/gateways/factory/logs", R"({"component":"greeter","lines":5})");
  ASSERT_TRUE(logs.has_value()) << logs.error().message;
  EXPECT_THAT(*logs, HasSubstr("hello from 1.1.0"));
}

TEST_F(MainJob, LeavesComponentsRunningWhileTheAgentIsAway) {
  TestAgent agent(AgentOptions("gw"));
  agent.Start();
  ASSERT_TRUE(controller_.Push(BlinkyRelease("1.0.0"), folder_.path()).has_value());
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const auto& gateway) { return gateway.online(); }));
  controller_.Roll("blinky", "1.0.0");
  ASSERT_TRUE(WaitForVersion(controller_, "gw", "1.0.0"));
  const auto pid = static_cast<pid_t>(controller_.Gateway("gw").reported().applications(0).components(0).pid());
  ASSERT_GT(pid, 0);
  agent.Kill();
  EXPECT_EQ(kill(pid, 0), 0);
  agent.Start();
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const auto& gateway) { return gateway.online(); }));
  EXPECT_EQ(controller_.Gateway("gw").reported().applications(0).components(0).pid(), static_cast<std::uint32_t>(pid));
}

TEST_F(MainJob, PutsBackWhatSomebodyKilledOrChanged) {
  TestAgent agent(AgentOptions("gw"));
  agent.Start();
  const std::string path = folder_ / "blinky.conf";
  ASSERT_TRUE(controller_.Push(ConfigRelease("1.0.0", path), folder_.path()).has_value());
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const auto& gateway) { return gateway.online(); }));
  controller_.Roll("config", "1.0.0");
  ASSERT_TRUE(WaitForVersion(controller_, "gw", "1.0.0"));
  std::ofstream(path) << "edited by hand";
  EXPECT_TRUE(WaitFor([&] {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text == "version 1.0.0";
  }));
  EXPECT_TRUE(WaitFor([&] {
    const v1::TelemetryPage page = controller_.Telemetry("gw");
    for (const v1::Event& event : page.events()) {
      if (event.text().starts_with("drift: config/settings")) return true;
    }
    return false;
  }));
}

TEST_F(MainJob, TellsAGatewayThatFitsNothingWhy) {
  TestAgent agent(AgentOptions("gw"));
  agent.Start();
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const auto& gateway) { return gateway.online(); }));
  ASSERT_TRUE(controller_.Push(OnlyForRelease("cpus > 1000"), folder_.path()).has_value());
  const v1::Plan plan = controller_.Propose("picky", "1.0.0");
  EXPECT_EQ(plan.unassigned(), 1u);
  ASSERT_EQ(plan.assignments_size(), 1);
  EXPECT_THAT(plan.assignments(0).reason(), HasSubstr("cpus > 1000 failed: cpus is "));
}

}  // namespace
}  // namespace motley::tests
