#include "tests/system/subsystem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/support/wait.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class SubsystemTest : public testing::Test {
 protected:
  SubsystemTest() {
    subsystem_.agent().Start();
    EXPECT_TRUE(WaitForGateway(subsystem_.controller(), "gw", [](const v1::Gateway& gateway) {
      return gateway.online() && !gateway.reported().context().container_engine().empty() &&
             gateway.reported().devices_size() == 2;
    }));
  }

  void Deploy(const std::string& version, const std::string& broken = "") {
    const auto pushed = subsystem_.controller().Push(subsystem_.Release(version, broken), subsystem_.folder());
    ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
    subsystem_.controller().Roll("station", version);
  }

  void ExpectDeployed(const std::string& version) {
    ASSERT_TRUE(WaitForVersion(subsystem_.controller(), "gw", version, seconds(60))) << subsystem_.agent().Output();
    EXPECT_EQ(subsystem_.Seen(), Subsystem::Expected(version));
  }

  Subsystem subsystem_;
};

TEST_F(SubsystemTest, IsDeployedUpgradedAndPutBackWhicheverComponentFails) {
  Deploy("1.0.0");
  ExpectDeployed("1.0.0");
  Deploy("1.1.0");
  ExpectDeployed("1.1.0");
  int attempt = 0;
  for (const std::string& broken : Subsystem::components()) {
    Deploy("1.0." + std::to_string(++attempt), broken);
    const std::uint64_t revision = subsystem_.controller().Gateway("gw").desired().revision();
    ASSERT_TRUE(WaitForGateway(
        subsystem_.controller(), "gw",
        [&](const v1::Gateway& gateway) {
          return gateway.reported().deployment().revision() == revision &&
                 gateway.reported().deployment().state() == v1::Deployment::STATE_FAILED;
        },
        seconds(90)))
        << broken << "\n"
        << subsystem_.agent().Output();
    EXPECT_THAT(subsystem_.controller().Gateway("gw").reported().deployment().reason(), HasSubstr("station/" + broken));
    EXPECT_EQ(subsystem_.Seen(), Subsystem::Expected("1.1.0")) << broken << "\n" << subsystem_.agent().Output();
  }
}

TEST_F(SubsystemTest, ShowsWhatAPlanWouldDoAndTouchesNothingForTheSame) {
  Deploy("1.0.0");
  ExpectDeployed("1.0.0");
  const auto steps = [&](const std::string& version) {
    const v1::Plan plan = subsystem_.controller().Propose("station", version);
    return subsystem_.controller().Call("GET", "/v1/plans/" + std::to_string(plan.id()) + "/steps").value();
  };
  EXPECT_THAT(steps("1.0.0"), testing::Not(HasSubstr("\"action\"")));
  ASSERT_TRUE(subsystem_.controller().Push(subsystem_.Release("1.1.0"), subsystem_.folder()).has_value());
  for (const std::string& component : Subsystem::components()) {
    EXPECT_THAT(steps("1.1.0"), HasSubstr("\"component\":\"" + component + "\""));
  }
}

TEST_F(SubsystemTest, HealsWhatSomebodyBrokeAndSaysSo) {
  Deploy("1.0.0");
  ExpectDeployed("1.0.0");
  const auto id = RunProgram(subsystem_.engine().ClientCommand(
      {"ps", "--quiet", "--no-trunc", "--filter", "label=io.motley.component=store"}));
  ASSERT_EQ(RunProgram(subsystem_.engine().ClientCommand({"rm", "--force", id.output.substr(0, 64)})).exit_code, 0);
  std::ofstream(subsystem_.folder() + "/settings") << "edited";
  EXPECT_TRUE(WaitFor([&] { return subsystem_.Seen() == Subsystem::Expected("1.0.0"); }, seconds(30)))
      << subsystem_.agent().Output();
  for (const char* component : {"station/store", "station/settings"}) {
    EXPECT_TRUE(WaitFor([&] {
      const v1::TelemetryPage page = subsystem_.controller().Telemetry("gw");
      for (const v1::Event& event : page.events()) {
        if (event.text().starts_with("drift: ") && event.text().find(component) != std::string::npos) return true;
      }
      return false;
    })) << component;
  }
}

TEST_F(SubsystemTest, KeepsSecretsOutOfReportsLogsAndDesiredStates) {
  Deploy("1.0.0");
  ExpectDeployed("1.0.0");
  const std::string secret = "correct horse";
  EXPECT_THAT(subsystem_.controller().Gateway("gw").DebugString(), testing::Not(HasSubstr(secret)));
  EXPECT_THAT(subsystem_.agent().Output(), testing::Not(HasSubstr(secret)));
  EXPECT_THAT(subsystem_.controller().Output(), testing::Not(HasSubstr(secret)));
  EXPECT_THAT(subsystem_.controller().Call("GET", "/v1/secrets").value(), testing::Not(HasSubstr(secret)));
  EXPECT_THAT(subsystem_.controller().Telemetry("gw").DebugString(), testing::Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace motley::tests
