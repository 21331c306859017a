#include "common/assign/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/assign/increment.h"
#include "tests/common/assign/fleet.h"

namespace motley::assign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// 6 gateways run a; b costs 2 more, c breaks a hard rule, d does not fit, e is not eligible.
Problem Example() {
  Problem problem =
      Fleet(5, {{.name = "c", .count = 6, .options = {{0, 0}, {1, 2}, {2, 0}, {3, 0}}, .capacities = {9}}},
            {Covered(), Counted("no c", {}, Comparison::kAtMost, 0, {2})});
  problem.resources = {"memory_mb"};
  problem.variants[3].demands = {12};
  return problem;
}

TEST(Explain, SaysForEachVariantWhyTheGatewayDoesNotRunIt) {
  const Problem problem = Example();
  const auto explanation = Explain(problem, Solve(problem).value(), 0, 0).value();
  EXPECT_EQ(explanation.variant, 0);
  ASSERT_EQ(explanation.alternatives.size(), 6u);
  const auto& all = explanation.alternatives;
  EXPECT_EQ(all[0].verdict, Verdict::kRuns);
  EXPECT_EQ(all[1].reason, "would cost 2 more: preference +2");
  EXPECT_EQ(all[2].verdict, Verdict::kBreaksRule);
  EXPECT_THAT(all[2].reason, HasSubstr("rule \"no c\" (line 2) would not hold any more"));
  EXPECT_EQ(all[3].verdict, Verdict::kNoRoom);
  EXPECT_EQ(all[3].change, "3 more memory_mb");
  EXPECT_EQ(all[4].verdict, Verdict::kNotEligible);
  EXPECT_EQ(all[5].reason, "would cost 1000 more: rule \"coverage\" (line 1) +1000");
  EXPECT_EQ(explanation.reason, "costs the least; the next best, \"b\", would cost 2 more: preference +2");
}

TEST(CostOfForcing, LetsAllOthersMove) {
  Problem problem = Fleet(
      2,
      {{.name = "x", .count = 2, .options = {{0, 0}, {1, 5}}}, {.name = "y", .count = 2, .options = {{0, 1}, {1, 0}}}},
      {Covered(), Counted("b", {}, Comparison::kExactly, 2, {1})});
  // One x takes b for 5, so one y must leave it, for 1.
  EXPECT_EQ(CostOfForcing(problem, 0, 1).value(), 6);
  EXPECT_EQ(CostOfForcing(problem, 0, 0).value(), 0);
  EXPECT_EQ(CostOfForcing(Example(), 0, 3).error().code, Code::kConflict);
  EXPECT_EQ(CostOfForcing(Example(), 0, 2).error().code, Code::kConflict);
}

TEST(Increment, PlacesAGatewayWhereItIsCheapest) {
  Problem problem = Fleet(2, {{.name = "c", .count = 4, .options = {{0, 0}, {1, 1}}}},
                          {Covered(), Counted("few", 10, Comparison::kAtMost, 5, {0})});
  auto increment = Increment::Create(problem, Solve(problem).value()).value();
  EXPECT_THAT(increment.Join(0).value()[0].variants, ElementsAre(0));
  EXPECT_THAT(increment.Join(0).value()[0].variants, ElementsAre(1));
  ASSERT_TRUE(increment.Leave({0, {0}, {0}, 1}).has_value());
  EXPECT_THAT(increment.Join(0).value()[0].variants, ElementsAre(0));
}

TEST(Increment, SaysWhenOnlyANewSolutionHelps) {
  Problem problem = Fleet(1, {{.name = "c", .count = 4, .options = {{0, 0}}}, {.name = "empty"}},
                          {Covered({}), Counted("few", {}, Comparison::kAtMost, 4, {0})});
  auto increment = Increment::Create(problem, Solve(problem).value()).value();
  EXPECT_EQ(increment.Join(0).error().code, Code::kConflict);
  EXPECT_EQ(increment.Join(1).error().code, Code::kNotFound);
  EXPECT_EQ(increment.Leave({0, {0}, {kNone}, 1}).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace motley::assign
