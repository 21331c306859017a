#include "agent/reconcile/phase.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace motley::agent {
namespace {

TEST(Phase, HasOneRowForEachPhaseAndHappening) {
  std::set<std::pair<Phase, Happening>> seen;
  for (const Transition& row : kTransitions) EXPECT_TRUE(seen.insert({row.from, row.on}).second) << PhaseName(row.from);
}

TEST(Phase, LeadsOutOfEveryPhaseBackToIdle) {
  for (Phase phase : {Phase::kFetching, Phase::kForward, Phase::kBack, Phase::kHealing}) {
    std::set<Phase> reached{phase};
    for (std::size_t round = 0; round < kTransitions.size(); ++round) {
      for (const Transition& row : kTransitions) {
        if (reached.contains(row.from)) reached.insert(row.to);
      }
    }
    EXPECT_TRUE(reached.contains(Phase::kIdle)) << PhaseName(phase);
  }
}

TEST(Phase, NeverGoesForwardWithoutHavingFetched) {
  for (const Transition& row : kTransitions) {
    if (row.to == Phase::kForward) {
      EXPECT_EQ(row.from, Phase::kFetching);
      EXPECT_EQ(row.on, Happening::kFetched);
    }
  }
}

TEST(Phase, DoesNotLeaveATransactionForANewDesiredState) {
  EXPECT_EQ(Next(Phase::kForward, Happening::kDesired), std::nullopt);
  EXPECT_EQ(Next(Phase::kBack, Happening::kDesired), std::nullopt);
}

}  // namespace
}  // namespace motley::agent
