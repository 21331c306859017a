#include "controller/dispatch/commands.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    core_.Enrol("g1");
    core_.mqtt.Connect();
  }
  void GoOnline(bool online = true) {
    v1::Presence presence;
    presence.set_gateway("g1");
    presence.set_instance("i1");
    presence.set_online(online);
    core_.Deliver("g1", Channel::kPresence, presence);
    core_.Settle();
  }
  void Fetch(const std::string& gateway) {
    v1::LogRequest request;
    request.set_component("greeter");
    request.set_lines(5);
    core_.dispatch->FetchLogs(gateway, request, [this](Result<v1::LogReply> reply) { reply_ = std::move(reply); });
  }
  std::optional<Result<v1::LogReply>> reply_;
  Core core_;
};

TEST_F(CommandsTest, FetchesLogsAndTakesOnlyTheAnswerOfThatGatewayOnce) {
  GoOnline();
  Fetch("g1");
  const auto sent = core_.mqtt.Take(Core::Topic("g1", Channel::kCommand));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].retain, Retain::kNo);
  const auto command = Opened<v1::Command>(sent[0].payload);
  EXPECT_EQ(command.logs().component(), "greeter");
  EXPECT_EQ(command.logs().lines(), 5u);
  EXPECT_TRUE(command.has_expires_at());

  core_.Enrol("g2");
  v1::LogReply reply;
  reply.set_id(command.id());
  reply.set_gateway("g2");
  core_.Deliver("g2", Channel::kLog, reply);
  EXPECT_FALSE(reply_);
  reply.set_gateway("g1");
  reply.add_lines()->set_text("hello");
  core_.Deliver("g1", Channel::kLog, reply);
  ASSERT_TRUE(reply_ && *reply_);
  EXPECT_EQ((*reply_)->lines(0).text(), "hello");
  core_.Deliver("g1", Channel::kLog, reply);
  EXPECT_EQ(core_.dispatch->complaints().count("log reply that nobody waits for"), 2u);
  core_.loop.Advance(std::chrono::seconds(20));
  EXPECT_TRUE(reply_->has_value());
}

TEST_F(CommandsTest, GivesUpWhenNoAnswerComes) {
  GoOnline();
  Fetch("g1");
  core_.loop.Advance(std::chrono::seconds(9));
  EXPECT_FALSE(reply_);
  core_.loop.Advance(std::chrono::seconds(2));
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->error().code, Code::kTimeout);
}

TEST_F(CommandsTest, TellsWhoeverWaitsThatTheGatewayIsGone) {
  GoOnline();
  Fetch("g1");
  GoOnline(false);
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->error().code, Code::kUnavailable);
  EXPECT_EQ(reply_->error().message, "gateway g1 has gone offline before it answered");
  reply_.reset();
  GoOnline();
  Fetch("g1");
  ASSERT_TRUE(core_.registry->Remove("g1"));
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->error().code, Code::kUnavailable);
  EXPECT_EQ(reply_->error().message, "gateway g1 was removed before it answered");
  reply_.reset();
  core_.loop.Advance(std::chrono::seconds(20));
  EXPECT_FALSE(reply_);
}

TEST_F(CommandsTest, TellsWhoeverWaitsThatTheControllerStops) {
  GoOnline();
  Fetch("g1");
  core_.dispatch->Close();
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->error().code, Code::kUnavailable);
  EXPECT_EQ(reply_->error().message, "the controller stops before gateway g1 has answered; try again when it is back");
  Fetch("g1");
  EXPECT_EQ(reply_->error().message, "the controller stops; gateway g1 is told nothing more");
}

TEST_F(CommandsTest, SaysWhyACommandCanNotBeSent) {
  Fetch("g1");
  EXPECT_EQ(reply_->error().code, Code::kUnavailable);
  EXPECT_EQ(reply_->error().message, "gateway g1 is offline; try again when it is online");
  Fetch("nobody");
  EXPECT_EQ(reply_->error().code, Code::kNotFound);
  GoOnline();
  core_.mqtt.Disconnect();
  Fetch("g1");
  EXPECT_EQ(reply_->error().code, Code::kUnavailable);
}

TEST_F(CommandsTest, TriesAgainOnlyWhatFailed) {
  GoOnline();
  core_.Deploy("1.0.0");
  EXPECT_EQ(core_.dispatch->Retry("g1").error().code, Code::kConflict);
  v1::ReportedState report;
  report.set_gateway("g1");
  report.set_epoch("e");
  report.set_sequence(1);
  report.set_desired_revision(1);
  report.mutable_deployment()->set_revision(1);
  report.mutable_deployment()->set_state(v1::Deployment::STATE_FAILED);
  core_.Deliver("g1", Channel::kReported, report);
  core_.Settle();
  EXPECT_EQ(core_.registry->Status("").value().failed(), 1u);
  ASSERT_TRUE(core_.dispatch->Retry("g1"));
  const auto sent = core_.mqtt.Take(Core::Topic("g1", Channel::kCommand));
  EXPECT_TRUE(Opened<v1::Command>(sent.at(0).payload).has_retry());
}

}  // namespace
}  // namespace motley::tests
