#include "controller/rollout/plan_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace motley::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kHourUs = 3'600'000'000;
/// Of `Old`; the limit is 24 h.
constexpr std::int64_t kNowUs = 1000 * kHourUs;

/// Plans as rows, newest first.
class Plans {
 public:
  /// `hours_ago`: when it changed last.
  Plans& Add(std::uint64_t id, v1::Plan::State state, v1::Plan::Kind kind, int hours_ago,
             const std::string& application = "hello") {
    v1::Plan& plan = *list.add_plans();
    plan.set_id(id);
    plan.set_application(application);
    plan.set_state(state);
    plan.set_kind(kind);
    const std::int64_t seconds = (kNowUs - hours_ago * kHourUs) / 1'000'000;
    plan.mutable_proposed_at()->set_seconds(seconds);
    if (state == v1::Plan::STATE_ENACTED) plan.mutable_enacted_at()->set_seconds(seconds);
    if (state == v1::Plan::STATE_REJECTED) plan.mutable_decided_at()->set_seconds(seconds);
    return *this;
  }
  std::set<std::uint64_t> Over(std::uint32_t most = 1000) const {
    return PlansOverLimits(list, {std::chrono::hours(24), most}, kNowUs);
  }
  v1::PlanList list;
};

constexpr auto kProposed = v1::Plan::STATE_PROPOSED;
constexpr auto kApproved = v1::Plan::STATE_APPROVED;
constexpr auto kEnacted = v1::Plan::STATE_ENACTED;
constexpr auto kRejected = v1::Plan::STATE_REJECTED;
constexpr auto kProduction = v1::Plan::KIND_PRODUCTION;
constexpr auto kJoin = v1::Plan::KIND_JOIN;
constexpr auto kShuffle = v1::Plan::KIND_SHUFFLE;
constexpr auto kPreview = v1::Plan::KIND_PREVIEW;

TEST(PlanLimits, NeverCountPlansThatWait) {
  Plans plans;
  plans.Add(3, kApproved, kProduction, 100).Add(2, kProposed, kProduction, 100).Add(1, kProposed, kJoin, 100);
  EXPECT_THAT(plans.Over(1), IsEmpty());
}

TEST(PlanLimits, TakeWhatWasDecidedTooLongAgo) {
  Plans plans;
  plans.Add(5, kEnacted, kProduction, 10)
      .Add(4, kRejected, kProduction, 10)
      .Add(3, kRejected, kProduction, 25)
      .Add(2, kEnacted, kPreview, 30)
      .Add(1, kEnacted, kProduction, 40);
  EXPECT_THAT(plans.Over(), ElementsAre(1, 2, 3));
}

TEST(PlanLimits, LeaveTheLastOnesThatCount) {
  Plans plans;
  plans.Add(6, kRejected, kJoin, 50)
      .Add(5, kEnacted, kShuffle, 60)
      .Add(4, kEnacted, kShuffle, 70)
      .Add(3, kEnacted, kProduction, 80)
      .Add(2, kEnacted, kJoin, 90)
      .Add(1, kEnacted, v1::Plan::KIND_UNSPECIFIED, 100);
  EXPECT_THAT(plans.Over(), ElementsAre(1, 2, 4));
}

TEST(PlanLimits, CallLastWhatWasEnactedLast) {
  Plans plans;
  plans.Add(2, kEnacted, kProduction, 50).Add(1, kEnacted, kProduction, 40);
  EXPECT_THAT(plans.Over(), ElementsAre(2));
}

TEST(PlanLimits, CountEachApplicationByItself) {
  Plans plans;
  plans.Add(6, kRejected, kProduction, 1, "a")
      .Add(5, kRejected, kProduction, 2, "b")
      .Add(4, kRejected, kProduction, 3, "a")
      .Add(3, kRejected, kProduction, 4, "b")
      .Add(2, kRejected, kProduction, 5, "a")
      .Add(1, kEnacted, kProduction, 6, "a");
  EXPECT_THAT(plans.Over(2), ElementsAre(2));
  EXPECT_THAT(plans.Over(1), ElementsAre(2, 3, 4));
}

}  // namespace
}  // namespace motley::controller
