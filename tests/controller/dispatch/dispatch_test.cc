#include "controller/dispatch/dispatch.h"

#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;

class DispatchTest : public testing::Test {
 protected:
  std::vector<MqttMessage> Desired(const std::string& gateway) {
    return core_.mqtt.Take(Core::Topic(gateway, Channel::kDesired));
  }
  /// The gateway's agent says that it has seen `revision`.
  void Report(const std::string& gateway, std::uint64_t revision) {
    v1::ReportedState report;
    report.set_gateway(gateway);
    report.set_epoch("e");
    report.set_sequence(++sequence_);
    report.set_desired_revision(revision);
    core_.Deliver(gateway, Channel::kReported, report);
    core_.Settle();
  }
  void GoOnline(const std::string& gateway, const std::string& instance) {
    v1::Presence presence;
    presence.set_gateway(gateway);
    presence.set_instance(instance);
    presence.set_online(true);
    core_.Deliver(gateway, Channel::kPresence, presence);
    core_.Settle();
  }
  Core core_;
  std::uint64_t sequence_ = 0;
};

TEST_F(DispatchTest, SubscribesToWhatAllGatewaysOfItsFleetSend) {
  EXPECT_EQ(core_.mqtt.options.client_id, "motley-default-controller");
  EXPECT_EQ(core_.mqtt.options.subscriptions,
            (std::vector<std::string>{"motley/v1/default/+/reported", "motley/v1/default/+/presence",
                                      "motley/v1/default/+/telemetry", "motley/v1/default/+/log"}));
}

TEST_F(DispatchTest, PublishesWhatWasEnactedRetained) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  core_.Deploy("1.0.0");
  core_.Settle();
  const auto messages = Desired("g1");
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].retain, Retain::kYes);
  const auto desired = Opened<v1::DesiredState>(messages[0].payload);
  EXPECT_EQ(desired.gateway(), "g1");
  EXPECT_EQ(desired.revision(), 1u);
  EXPECT_EQ(desired.applications(0).version(), "1.0.0");
}

TEST_F(DispatchTest, PublishesAfterARestartAndAConnectWhatAgentsHaveNotSeen) {
  core_.Enrol("g1");
  core_.Enrol("g2");
  core_.Deploy("1.0.0");
  core_.mqtt.Connect();
  Report("g1", 1);
  core_.Restart();
  core_.mqtt.Connect();
  core_.Settle();
  EXPECT_TRUE(Desired("g1").empty());
  EXPECT_EQ(Desired("g2").size(), 1u);
}

TEST_F(DispatchTest, PublishesAgainWithGrowingPausesUntilTheAgentHasSeenIt) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  GoOnline("g1", "i1");
  core_.Deploy("1.0.0");
  core_.loop.Advance(seconds(600));
  const std::size_t times = Desired("g1").size();
  EXPECT_GT(times, 3u);
  EXPECT_LT(times, 10u);
  Report("g1", 1);
  Desired("g1");
  core_.loop.Advance(seconds(600));
  EXPECT_TRUE(Desired("g1").empty());
}

TEST_F(DispatchTest, PublishesAgainWhenAnAgentHasLostItsStore) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  core_.Deploy("1.0.0");
  core_.Settle();
  Report("g1", 1);
  Desired("g1");
  Report("g1", 0);
  EXPECT_EQ(Desired("g1").size(), 1u);
}

TEST_F(DispatchTest, DoesNotFillTheLinkWithAWholeFleet) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  core_.mqtt.pending = 1000;
  core_.Deploy("1.0.0");
  core_.loop.Advance(seconds(1));
  EXPECT_TRUE(Desired("g1").empty());
  core_.mqtt.pending = 0;
  core_.Settle();
  EXPECT_EQ(Desired("g1").size(), 1u);
}

TEST_F(DispatchTest, ClearsTheTopicsOfARemovedGatewayAlsoWhenTheBrokerWasAway) {
  core_.Enrol("g1");
  core_.Deploy("1.0.0");
  ASSERT_TRUE(core_.registry->Remove("g1"));
  core_.Restart();
  core_.mqtt.Connect();
  core_.Settle();
  for (const Channel channel : {Channel::kDesired, Channel::kReported, Channel::kPresence}) {
    const auto messages = core_.mqtt.Take(Core::Topic("g1", channel));
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].payload, "");
    EXPECT_EQ(messages[0].retain, Retain::kYes);
  }
}

TEST_F(DispatchTest, NumbersAGatewayThatIsAddedAgainAboveItsPredecessor) {
  core_.Enrol("g1");
  core_.Deploy("1.0.0");
  core_.Deploy("1.1.0");
  ASSERT_TRUE(core_.registry->Remove("g1"));
  core_.Restart();
  core_.Enrol("g1");
  core_.mqtt.Connect();
  core_.Settle();
  ASSERT_EQ(Desired("g1").size(), 1u);  // what the old one had is cleared
  core_.Deploy("1.2.0");
  core_.Settle();
  EXPECT_EQ(Opened<v1::DesiredState>(Desired("g1").at(0).payload).revision(), 3u);
}

}  // namespace
}  // namespace motley::tests
