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

class Approve : public testing::Test {
 protected:
  Approve() {
    core_.Enrol("g1", WithMemory(512));
    core_.Enrol("g2", WithMemory(4096));
    core_.catalog->PushRelease(core_.MakeRelease("1.0.0")).value();
    plan_ = core_.Propose("greeter", "1.0.0").value().id();
  }
  Core core_;
  std::uint64_t plan_ = 0;
};

TEST_F(Approve, KeepsWhatThePlanWasMadeFromAndWhoDecided) {
  core_.Approve(plan_).value();
  core_.Restart();
  const v1::Plan plan = core_.rollout->Show(plan_).value();
  EXPECT_EQ(plan.kind(), v1::Plan::KIND_PRODUCTION);
  EXPECT_EQ(plan.decided_by(), "administrator");
  EXPECT_THAT(plan.release_digest(), HasSubstr("sha256:"));
  EXPECT_THAT(plan.fleet_digest(), HasSubstr("sha256:"));
  EXPECT_EQ(plan.moves(), 2u);
  EXPECT_TRUE(plan.solution().proven());
}

TEST_F(Approve, ProposesAnotherPlanWhereTheFleetHasMovedOn) {
  core_.Enrol("g3", WithMemory(512));
  core_.registry->Remove("g1").value();
  const auto approved = core_.Approve(plan_);
  ASSERT_FALSE(approved);
  EXPECT_EQ(approved.error().code, Code::kConflict);
  EXPECT_THAT(approved.error().message, HasSubstr("1 new: g3; 1 gone: g1"));
  EXPECT_THAT(approved.error().message, HasSubstr("look at plan 2"));
  const v1::Plan old = core_.rollout->Show(plan_).value();
  EXPECT_EQ(old.state(), v1::Plan::STATE_REJECTED);
  EXPECT_EQ(old.replaced_by(), 2u);
  EXPECT_THAT(core_.Approve(plan_).error().message, HasSubstr("see plan 2"));
  EXPECT_EQ(core_.Approve(2).value().state(), v1::Plan::STATE_APPROVED);
}

TEST_F(Approve, DoesNotMindChangesThatChangeNothing) {
  v1::TagGatewayRequest tag;
  (*tag.mutable_set())["owner"] = "me";
  core_.registry->Tag("g1", tag).value();
  EXPECT_EQ(core_.Approve(plan_).value().state(), v1::Plan::STATE_APPROVED);
}

TEST_F(Approve, SeesThatAnotherPlanCameBetween) {
  const auto second = core_.Propose("greeter", "1.0.0").value().id();
  core_.Approve(second).value();
  core_.rollout->Enact(second).value();
  EXPECT_THAT(core_.Approve(plan_).error().message, HasSubstr("came to run something else meanwhile: g1 (1.0.0/any)"));
}

TEST_F(Approve, IsNotGivenToAPlanThatWasRejectedMeanwhile) {
  std::optional<Result<v1::Plan>> answer;
  core_.rollout->Approve(plan_, [&](Result<v1::Plan> plan) { answer.emplace(std::move(plan)); });
  core_.rollout->Reject(plan_, "no").value();
  ASSERT_TRUE(core_.loop.RunUntil([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().code, Code::kConflict);
  EXPECT_EQ(core_.rollout->Show(plan_).value().reason(), "no");
}

TEST(Preview, LeavesTheCurrentReleaseWhatItIs) {
  Core core;
  for (int i = 0; i < 10; ++i) core.Enrol("g" + std::to_string(i), WithMemory(512));
  core.Deploy("1.0.0");
  core.catalog->PushRelease(core.MakeRelease("1.1.0")).value();
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version("1.1.0");
  request.mutable_preview()->set_gateways(3);
  const v1::Plan plan = core.Propose(request).value();
  EXPECT_EQ(plan.kind(), v1::Plan::KIND_PREVIEW);
  ASSERT_EQ(plan.assignments_size(), 3);
  core.Approve(plan.id()).value();
  core.rollout->Enact(plan.id()).value();
  const auto explained = core.Explain(plan.id(), plan.assignments(0).gateway()).value();
  EXPECT_EQ(explained.verdicts_size(), 2);
  // Nobody is brought back, and the release that joins would get is the old one.
  core.Enrol("late", WithMemory(512));
  core.loop.Advance(std::chrono::seconds(2));
  ASSERT_TRUE(core.loop.RunUntil([&] { return core.rollout->List().value().plans_size() == 3; }));
  const v1::Plan join = core.rollout->Show(3).value();
  EXPECT_EQ(join.version(), "1.0.0");
  ASSERT_EQ(join.assignments_size(), 1);
  EXPECT_EQ(join.assignments(0).gateway(), "late");
  request.clear_version();
  EXPECT_THAT(core.Propose(request).error().message, HasSubstr("name the version"));
}

}  // namespace
}  // namespace motley::tests
