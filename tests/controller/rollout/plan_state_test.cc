#include "controller/rollout/plan_state.h"

#include <gtest/gtest.h>

namespace motley::controller {
namespace {

using v1::Plan;

TEST(PlanState, ChangesOnlyAsTheTableSays) {
  struct Row {
    Plan::State state;
    PlanEvent event;
    std::optional<Plan::State> next;
  };
  const Row rows[] = {
      {Plan::STATE_PROPOSED, PlanEvent::kApprove, Plan::STATE_APPROVED},
      {Plan::STATE_PROPOSED, PlanEvent::kEnact, std::nullopt},
      {Plan::STATE_PROPOSED, PlanEvent::kReject, Plan::STATE_REJECTED},
      {Plan::STATE_APPROVED, PlanEvent::kApprove, std::nullopt},
      {Plan::STATE_APPROVED, PlanEvent::kEnact, Plan::STATE_ENACTED},
      {Plan::STATE_APPROVED, PlanEvent::kReject, Plan::STATE_REJECTED},
      {Plan::STATE_ENACTED, PlanEvent::kApprove, std::nullopt},
      {Plan::STATE_ENACTED, PlanEvent::kEnact, std::nullopt},
      {Plan::STATE_ENACTED, PlanEvent::kReject, std::nullopt},
      {Plan::STATE_REJECTED, PlanEvent::kApprove, std::nullopt},
      {Plan::STATE_REJECTED, PlanEvent::kEnact, std::nullopt},
      {Plan::STATE_REJECTED, PlanEvent::kReject, std::nullopt},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Next(row.state, row.event), row.next) << PlanStateName(row.state) << " " << PlanEventName(row.event);
  }
}

}  // namespace
}  // namespace motley::controller
