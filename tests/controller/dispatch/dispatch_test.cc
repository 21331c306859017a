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

TEST_F(DispatchTest, ClearsTheTopicsOfARemovedGatewayUntilTheBrokerHasAcknowledgedIt) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  core_.mqtt.pending = 3;
  ASSERT_TRUE(core_.registry->Remove("g1"));
  core_.loop.Advance(seconds(60));
  EXPECT_EQ(Desired("g1").size(), 1u);
  core_.mqtt.Disconnect();
  core_.mqtt.Connect();
  core_.loop.Advance(seconds(1));
  EXPECT_EQ(Desired("g1").size(), 1u);
  core_.mqtt.pending = 0;
  core_.loop.Advance(seconds(60));
  core_.mqtt.Disconnect();
  core_.mqtt.Connect();
  core_.loop.Advance(seconds(60));
  EXPECT_TRUE(Desired("g1").empty());
  core_.Restart();
  core_.mqtt.Connect();
  core_.loop.Advance(seconds(60));
  EXPECT_TRUE(Desired("g1").empty());

  // Removed once more, it is cleared once more.
  core_.Enrol("g1");
  ASSERT_TRUE(core_.registry->Remove("g1"));
  core_.Settle();
  EXPECT_EQ(Desired("g1").size(), 1u);
}

TEST_F(DispatchTest, ClearsWhatABrokerStillHasForAnIdThatIsUsedAgain) {
  core_.Enrol("g1");
  core_.Deploy("1.0.0");
  core_.mqtt.Connect();
  ASSERT_TRUE(core_.registry->Remove("g1"));
  core_.loop.Advance(seconds(60));
  Desired("g1");
  core_.Enrol("g1");
  core_.Settle();
  for (const MqttMessage& message : Desired("g1")) EXPECT_EQ(message.payload, "");
  core_.mqtt.Disconnect();
  core_.mqtt.Connect();
  core_.Settle();
  const auto cleared = Desired("g1");
  ASSERT_EQ(cleared.size(), 1u);
  EXPECT_EQ(cleared[0].payload, "");
}

TEST_F(DispatchTest, GoesOnAboveWhatAgentsSawWhenAnOldCopyOfTheDatabaseWasPutBack) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  core_.Deploy("1.0.0");
  Report("g1", 57);
  EXPECT_EQ(core_.registry->Show("g1").value().problems(0),
            "the agent reports revision 57, which was never issued; was an old copy of the controller's database put"
            " back? Enact a plan to go on");
  Desired("g1");
  core_.Deploy("1.1.0");
  core_.Settle();
  EXPECT_EQ(Opened<v1::DesiredState>(Desired("g1").at(0).payload).revision(), 58u);
  EXPECT_EQ(core_.registry->Show("g1").value().problems_size(), 0);
}

TEST_F(DispatchTest, DoesNotLetAnAgentUseUpTheRevisions) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  core_.Deploy("1.0.0");
  core_.Settle();
  for (const std::uint64_t revision : {std::uint64_t{1'000'002}, std::uint64_t{1} << 62}) {
    Desired("g1");
    Report("g1", revision);
    EXPECT_EQ(core_.registry->Find("g1")->NextRevision(), 2u);
    EXPECT_EQ(core_.registry->Status("").value().details(0).problems(0),
              "the agent reports revision " + std::to_string(revision) +
                  ", which was never issued; empty the agent's state folder and enrol it anew");
  }
  Report("g1", 1'000'001);
  EXPECT_EQ(core_.registry->Find("g1")->NextRevision(), 1'000'002u);
  Report("g1", std::uint64_t{1} << 62);
  core_.Deploy("1.1.0");
  core_.Settle();
  EXPECT_EQ(Opened<v1::DesiredState>(Desired("g1").back().payload).revision(), 2u);
  ASSERT_TRUE(core_.registry->Remove("g1"));
  core_.Enrol("g1");
  EXPECT_EQ(core_.registry->Find("g1")->NextRevision(), 3u);
}

TEST_F(DispatchTest, TellsTwoAgentsWithOneIdentityByTheirPresencesAndWills) {
  core_.Enrol("g1");
  core_.mqtt.Connect();
  const auto say = [&](const std::string& instance, bool online, std::int64_t since) {
    v1::Presence presence;
    presence.set_gateway("g1");
    presence.set_instance(instance);
    presence.set_online(online);
    presence.mutable_since()->set_seconds(since);
    core_.Deliver("g1", Channel::kPresence, presence);
    core_.loop.Advance(seconds(1));
  };
  // The will of an agent is made when it starts; what it says when it connects is newer each time.
  say("a", true, 1);
  say("b", true, 2);   // the broker ends the other connection...
  say("a", false, 0);  // ...and gives out its will, late
  EXPECT_TRUE(core_.registry->Find("g1")->online());
  EXPECT_EQ(core_.registry->Show("g1").value().problems_size(), 0);
  say("b", false, 1);  // the will, in time
  say("a", true, 31);
  EXPECT_TRUE(core_.registry->Find("g1")->online());
  ASSERT_EQ(core_.registry->Show("g1").value().problems_size(), 1);
  EXPECT_NE(core_.registry->Show("g1").value().problems(0).find("instance b"), std::string::npos);
  say("a", false, 0);
  EXPECT_FALSE(core_.registry->Find("g1")->online());
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
