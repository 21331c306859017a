#include "controller/rollout/living.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

v1::Context WithMemory(std::uint64_t memory_mb) {
  v1::Context context;
  context.set_memory_mb(memory_mb);
  return context;
}

/// A fleet of one gateway that runs a release with this policy, in plan 1.
class LivingTest : public testing::Test {
 protected:
  void Deploy(v1::Joining joining, const std::string& rules = "") {
    core_.Enrol("g1", WithMemory(512));
    v1::Release release = core_.MakeRelease("1.0.0");
    release.set_joining(joining);
    release.set_rules(rules);
    release.mutable_variants(0)->set_when("memory_mb >= 256");
    core_.catalog->PushRelease(release).value();
    const auto plan = core_.Propose("greeter", "1.0.0").value().id();
    core_.Approve(plan).value();
    core_.rollout->Enact(plan).value();
    Settle();
  }

  /// Long enough for gateways to be looked at, and until what is solved for them is stored.
  void Settle() {
    core_.loop.Advance(std::chrono::seconds(2));
    // Jobs are done in their order: once this answer has come, what was asked before has come too.
    core_.Explain(1, "g1").value();
    core_.loop.RunPosted();
  }

  std::uint64_t plans() { return static_cast<std::uint64_t>(core_.rollout->List().value().plans_size()); }
  const v1::DesiredState& DesiredOf(const std::string& gateway) { return core_.registry->Find(gateway)->desired(); }

  Core core_;
};

TEST_F(LivingTest, TwentyGatewaysThatJoinMakeOnePlanThatIsEnactedByPolicy) {
  Deploy(v1::JOINING_APPROVE);
  for (int i = 0; i < 20; ++i) {
    core_.Enrol("new" + std::to_string(i), WithMemory(i < 5 ? 4096 : 512));
    core_.loop.Advance(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(plans(), 1u);
  Settle();
  ASSERT_EQ(plans(), 2u);
  const v1::Plan plan = core_.rollout->Show(2).value();
  EXPECT_EQ(plan.kind(), v1::Plan::KIND_JOIN);
  EXPECT_EQ(plan.state(), v1::Plan::STATE_ENACTED);
  EXPECT_EQ(plan.decided_by(), "policy");
  EXPECT_EQ(plan.moves(), 20u);
  EXPECT_THAT(plan.cause(), HasSubstr("20 joined or changed: new0, new1"));
  EXPECT_EQ(DesiredOf("new0").applications(0).variant(), "big");
  EXPECT_EQ(DesiredOf("new9").applications(0).variant(), "any");
  EXPECT_EQ(DesiredOf("g1").revision(), 1u) << "all others stay as they are";
}

TEST_F(LivingTest, OnePlanWaitsForAllThatJoinUntilSomebodyApproves) {
  Deploy(v1::JOINING_UNSPECIFIED);
  core_.Enrol("new1", WithMemory(512));
  Settle();
  core_.Enrol("new2", WithMemory(512));
  Settle();
  ASSERT_EQ(plans(), 3u);
  EXPECT_EQ(core_.rollout->Show(2).value().replaced_by(), 3u);
  EXPECT_EQ(core_.rollout->Show(3).value().assignments_size(), 2);
  EXPECT_EQ(DesiredOf("new1").revision(), 0u);
  core_.Restart();
  Settle();
  EXPECT_EQ(plans(), 3u) << "it is there already";
  core_.Approve(3).value();
  core_.rollout->Enact(3).value();
  EXPECT_EQ(DesiredOf("new1").revision(), 1u);
  EXPECT_EQ(DesiredOf("new2").revision(), 1u);
}

TEST_F(LivingTest, APlanThatTookThePlaceOfAnotherWhenThatWasApprovedIsTheOneThatWaits) {
  Deploy(v1::JOINING_PROPOSE);
  core_.Enrol("new", WithMemory(512));
  Settle();
  core_.mqtt.Connect();
  v1::ReportedState report;
  report.set_gateway("new");
  report.set_epoch("e");
  report.set_sequence(1);
  *report.mutable_context() = WithMemory(4096);
  core_.Deliver("new", Channel::kReported, report);
  core_.Settle();
  ASSERT_FALSE(core_.Approve(2));
  ASSERT_EQ(core_.rollout->Show(2).value().replaced_by(), 3u);
  Settle();
  EXPECT_EQ(plans(), 3u) << "the change of the gateway is in it already";
}

TEST_F(LivingTest, ARejectedPlanDoesNotComeBack) {
  Deploy(v1::JOINING_PROPOSE);
  core_.Enrol("new", WithMemory(512));
  Settle();
  core_.rollout->Reject(2, "not this one").value();
  core_.Restart();
  Settle();
  EXPECT_EQ(plans(), 2u);
}

TEST_F(LivingTest, IgnoresThemWhereTheReleaseSaysSo) {
  Deploy(v1::JOINING_IGNORE);
  core_.Enrol("new", WithMemory(512));
  Settle();
  EXPECT_EQ(plans(), 1u);
}

TEST_F(LivingTest, AGatewayThatChangesSoThatItsVariantDoesNotFitGetsAnother) {
  Deploy(v1::JOINING_APPROVE);
  core_.Enrol("big", WithMemory(4096));
  Settle();
  core_.mqtt.Connect();
  v1::ReportedState report;
  report.set_gateway("big");
  report.set_epoch("e");
  report.set_sequence(1);
  *report.mutable_context() = WithMemory(1024);
  core_.Deliver("big", Channel::kReported, report);
  Settle();
  ASSERT_EQ(plans(), 3u);
  EXPECT_EQ(DesiredOf("big").applications(0).variant(), "any");
  EXPECT_EQ(core_.rollout->Show(3).value().assignments(0).previous(), "1.0.0/big");
  // More memory: what it runs still fits.
  report.set_sequence(2);
  *report.mutable_context() = WithMemory(4096);
  core_.Deliver("big", Channel::kReported, report);
  Settle();
  EXPECT_EQ(plans(), 3u);
}

TEST_F(LivingTest, WhatWasCutOffByARestartIsDoneAfterIt) {
  Deploy(v1::JOINING_APPROVE);
  core_.Enrol("new", WithMemory(512));
  core_.Restart();
  Settle();
  ASSERT_EQ(plans(), 2u);
  EXPECT_EQ(DesiredOf("new").revision(), 1u);
}

TEST_F(LivingTest, APlanThatPolicyApprovesIsCarriedOutAfterAStopInTheMiddleOfIt) {
  Deploy(v1::JOINING_APPROVE);
  for (const bool approved : {false, true}) {
    // What there is when the controller is killed between the steps: proposed, or approved and not enacted.
    const std::string gateway = approved ? "second" : "first";
    core_.Enrol(gateway, WithMemory(512));
    v1::ProposePlanRequest request;
    request.set_application("greeter");
    request.mutable_join()->add_gateways(gateway);
    const std::uint64_t plan = core_.Propose(request).value().id();
    if (approved) core_.Approve(plan).value();
    core_.Restart();
    Settle();
    EXPECT_EQ(plans(), plan) << "no other takes its place";
    EXPECT_EQ(core_.rollout->Show(plan).value().state(), v1::Plan::STATE_ENACTED);
    EXPECT_EQ(DesiredOf(gateway).revision(), 1u);
  }
}

TEST_F(LivingTest, GatewaysThatJoinWhileAnotherPlanIsSolvedAreNotForgotten) {
  Deploy(v1::JOINING_APPROVE);
  Handle solving = core_.registry->view().Pin();
  core_.Enrol("new", WithMemory(512));
  Settle();
  EXPECT_EQ(plans(), 1u);
  solving.Reset();
  Settle();
  EXPECT_EQ(plans(), 2u);
  EXPECT_EQ(DesiredOf("new").revision(), 1u);
}

TEST_F(LivingTest, GatewaysThatNothingFitsMakeNoPlan) {
  Deploy(v1::JOINING_APPROVE);
  core_.Enrol("tiny", WithMemory(16));
  Settle();
  EXPECT_EQ(plans(), 1u);
}

TEST_F(LivingTest, InterchangeableVariantsChangePlacesOnceADayWithinTheBound) {
  for (int i = 0; i < 7; ++i) core_.Enrol("b" + std::to_string(i), WithMemory(4096));
  v1::Release release = core_.MakeRelease("1.0.0");
  release.mutable_variants(1)->clear_prefer();
  release.set_rules("- {balance: all, weight: hard}\n");
  release.set_moves_per_day(4);
  core_.catalog->PushRelease(release).value();
  const auto plan = core_.Propose("greeter", "1.0.0").value().id();
  core_.Approve(plan).value();
  core_.rollout->Enact(plan).value();
  core_.loop.Advance(std::chrono::hours(23));
  core_.Restart();
  core_.loop.Advance(std::chrono::minutes(59));
  EXPECT_EQ(plans(), 1u);
  core_.loop.Advance(std::chrono::minutes(2));
  ASSERT_TRUE(core_.loop.RunUntil([&] { return plans() == 2; }));
  const v1::Plan shuffle = core_.rollout->Show(2).value();
  EXPECT_EQ(shuffle.kind(), v1::Plan::KIND_SHUFFLE);
  EXPECT_EQ(shuffle.state(), v1::Plan::STATE_ENACTED);
  EXPECT_EQ(shuffle.moves(), 4u);
  core_.loop.Advance(std::chrono::hours(24));
  ASSERT_TRUE(core_.loop.RunUntil([&] { return plans() == 3; }));
}

TEST_F(LivingTest, AllAreAssignedAnewOnScheduleAndOnlyWhenSomebodyHasToMove) {
  for (const char* gateway : {"g1", "g2", "g3", "g4"}) core_.Enrol(gateway, WithMemory(4096));
  v1::Release release = core_.MakeRelease("1.0.0");
  release.mutable_variants(1)->clear_prefer();
  release.set_rules("- {balance: all, weight: 10}\n- {keep: 1}\n");
  release.set_optimise_every_hours(12);
  core_.catalog->PushRelease(release).value();
  const auto plan = core_.Propose("greeter", "1.0.0").value().id();
  core_.Approve(plan).value();
  core_.rollout->Enact(plan).value();
  core_.loop.Advance(std::chrono::hours(13));
  Settle();
  EXPECT_EQ(plans(), 1u) << "it was the optimum already";
  // Those of one variant go, so that the others are out of balance.
  std::string gone;
  const v1::Plan enacted = core_.rollout->Show(plan).value();
  for (const v1::Assignment& assignment : enacted.assignments()) {
    if (gone.empty()) gone = assignment.variant();
    if (assignment.variant() != gone) continue;
    ASSERT_TRUE(core_.registry->Remove(assignment.gateway()).has_value());
  }
  core_.loop.Advance(std::chrono::hours(12));
  ASSERT_TRUE(core_.loop.RunUntil([&] { return plans() == 2; }));
  const v1::Plan optimum = core_.rollout->Show(2).value();
  EXPECT_EQ(optimum.kind(), v1::Plan::KIND_PRODUCTION);
  EXPECT_EQ(optimum.state(), v1::Plan::STATE_PROPOSED);
  EXPECT_EQ(optimum.cause(), "every 12 h");
  EXPECT_EQ(optimum.moves(), 1u);
  core_.loop.Advance(std::chrono::hours(12));
  ASSERT_TRUE(core_.loop.RunUntil([&] { return plans() == 3; }));
  EXPECT_EQ(core_.rollout->Show(2)->state(), v1::Plan::STATE_REJECTED);
  EXPECT_EQ(core_.rollout->Show(2)->replaced_by(), 3u);
}

}  // namespace
}  // namespace motley::tests
