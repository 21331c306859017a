#include "controller/rollout/plan_retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using std::chrono::hours;
using testing::ElementsAre;

class PlanRetentionTest : public testing::Test {
 protected:
  PlanRetentionTest() {
    for (const char* gateway : {"g1", "g2", "g3"}) core_.Enrol(gateway);
  }

  /// How many plans were deleted of those that are over a day old.
  std::size_t Run(std::uint32_t most = 1000) {
    controller::PlanRetention retention(core_.loop, *core_.store, *core_.registry);
    std::optional<Result<std::size_t>> deleted;
    retention.Run({hours(24), most}, [&](Result<std::size_t> result) { deleted.emplace(std::move(result)); });
    for (int step = 0; step < 1000 && !deleted; ++step) core_.loop.Advance(std::chrono::milliseconds(20));
    EXPECT_TRUE(deleted);
    return deleted ? deleted->value() : 0;
  }
  std::vector<std::uint64_t> Plans() {
    std::vector<std::uint64_t> ids;
    const v1::PlanList list = core_.rollout->List().value();
    for (const v1::Plan& plan : list.plans()) ids.push_back(plan.id());
    return ids;
  }
  /// Release `version` goes to `gateways` alone.
  std::uint64_t Preview(const std::string& version, const std::string& gateway) {
    core_.catalog->PushRelease(core_.MakeRelease(version)).value();
    v1::ProposePlanRequest request;
    request.set_application("greeter");
    request.set_version(version);
    request.mutable_preview()->set_gateways(1);
    request.mutable_preview()->set_where("gateway == \"" + gateway + "\"");
    const auto plan = core_.Propose(request).value().id();
    core_.Approve(plan).value();
    core_.rollout->Enact(plan).value();
    return plan;
  }

  Core core_;
};

TEST_F(PlanRetentionTest, DeletesWhatLaterPlansHaveReplaced) {
  core_.Deploy("1.0.0");
  core_.Deploy("2.0.0");
  core_.loop.Advance(hours(48));
  EXPECT_EQ(Run(), 1u);
  EXPECT_THAT(Plans(), ElementsAre(2));
  EXPECT_EQ(core_.rollout->Show(1).error().code, Code::kNotFound);
  EXPECT_EQ(core_.rollout->Show(2).value().assignments_size(), 3);
  core_.Restart();
  EXPECT_THAT(Plans(), ElementsAre(2));
  // Its number is not given again.
  EXPECT_EQ(core_.Deploy("3.0.0"), 3u);
}

TEST_F(PlanRetentionTest, KeepsAPlanAsLongAsOneGatewayHasWhatItRunsByIt) {
  core_.Deploy("1.0.0");
  Preview("1.1.0", "g1");
  core_.loop.Advance(hours(48));
  EXPECT_EQ(Run(), 0u);
  Preview("1.2.0", "g1");
  core_.loop.Advance(hours(48));
  EXPECT_EQ(Run(), 1u);
  EXPECT_THAT(Plans(), ElementsAre(3, 1));
  core_.Deploy("2.0.0");
  EXPECT_EQ(Run(), 2u);
  EXPECT_THAT(Plans(), ElementsAre(4));
}

TEST_F(PlanRetentionTest, ForgetsThePlanOfAGatewayThatIsRemoved) {
  core_.Deploy("1.0.0");
  const auto preview = Preview("1.1.0", "g1");
  core_.loop.Advance(hours(48));
  core_.registry->Remove("g1").value();
  EXPECT_EQ(Run(), 1u);
  EXPECT_EQ(core_.rollout->Show(preview).error().code, Code::kNotFound);
}

TEST_F(PlanRetentionTest, NeverDeletesWhatWaits) {
  core_.catalog->PushRelease(core_.MakeRelease("1.0.0")).value();
  const auto plan = core_.Propose("greeter", "1.0.0").value().id();
  const auto rejected = core_.Propose("greeter", "1.0.0").value().id();
  core_.rollout->Reject(rejected, "no").value();
  core_.loop.Advance(hours(10'000));
  EXPECT_EQ(Run(), 1u);
  EXPECT_THAT(Plans(), ElementsAre(plan));
  core_.Approve(plan).value();
  EXPECT_EQ(Run(), 0u);
  core_.rollout->Enact(plan).value();
}

TEST_F(PlanRetentionTest, KeepsWhichReleaseIsTheCurrentOne) {
  core_.Deploy("1.0.0");
  for (const char* gateway : {"g1", "g2", "g3"}) Preview("1.1.0", gateway);
  core_.loop.Advance(hours(48));
  Run();
  core_.Restart();
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  EXPECT_EQ(core_.Propose(request).value().version(), "1.0.0");
}

TEST_F(PlanRetentionTest, IsToldHowManyMayStay) {
  for (const char* version : {"1.0.0", "2.0.0", "3.0.0", "4.0.0"}) core_.Deploy(version);
  EXPECT_EQ(Run(2), 2u);
  EXPECT_THAT(Plans(), ElementsAre(4, 3));
}

TEST_F(PlanRetentionTest, GoesOnWhereAStopCameInBetween) {
  core_.Deploy("1.0.0");
  core_.Deploy("2.0.0");
  core_.store->plans().Forget(1).value();
  EXPECT_FALSE(core_.store->plans().TrimForgotten(2).value());
  core_.Restart();
  EXPECT_THAT(Plans(), ElementsAre(2));
  EXPECT_EQ(Run(), 0u);
  EXPECT_TRUE(core_.store->plans().TrimForgotten(1).value());
}

}  // namespace
}  // namespace motley::tests
