#include "common/assign/solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/assign/fleet.h"

namespace motley::assign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Solve, TakesTheCheapestOptionWhenThereIsNothingElse) {
  const auto solution = Solve(Fleet(2, {{.name = "c", .count = 7, .options = {{0, 3}, {1, 2}}}}, {Covered()})).value();
  EXPECT_EQ(solution.cost, 14);
  EXPECT_EQ(solution.preference_cost, 14);
  EXPECT_THAT(solution.gateways_by_variant, ElementsAre(0, 7));
  EXPECT_EQ(solution.solver, "flow");
  EXPECT_TRUE(solution.proven);
  EXPECT_EQ(solution.gap(), 0);
}

TEST(Solve, GivesAnEmptyFleetAnEmptyAssignment) {
  const auto solution = Solve(Fleet(1, {}, {Covered(), Counted("some", 5, Comparison::kAtLeast, 2, {0})})).value();
  EXPECT_TRUE(solution.shares.empty());
  EXPECT_EQ(solution.cost, 10);
  EXPECT_TRUE(solution.proven);
}

TEST(Solve, SaysWhichHardRuleAnEmptyFleetCanNotFulfil) {
  const auto solution = Solve(Fleet(1, {}, {Counted("some", {}, Comparison::kAtLeast, 2, {0})}));
  EXPECT_EQ(solution.error().code, Code::kConflict);
  EXPECT_THAT(solution.error().message, HasSubstr("rule \"some\" (line 2) can not hold for this fleet"));
}

TEST(Solve, SpreadsABalancedGroupInEachSite) {
  Rule balance{.name = "diversity", .within = 0, .what = Balance{{0, 1}}};
  const auto solution = Solve(Fleet(2,
                                    {{.name = "o", .count = 5, .options = {{0, 0}, {1, 9}}, .values = {0}},
                                     {.name = "b", .count = 4, .options = {{0, 0}, {1, 9}}, .values = {1}}},
                                    {Covered(), balance}))
                            .value();
  EXPECT_THAT(solution.gateways_by_variant, ElementsAre(5, 4));
  EXPECT_EQ(solution.cost, 36);
}

TEST(Solve, PaysAWeightOnceAndProvesIt) {
  Rule exactly = Counted("preview", 40, Comparison::kExactly, 3, {1});
  exactly.charge = Charge::kOnce;
  const auto problem = Fleet(2, {{.name = "c", .count = 10, .options = {{0, 0}, {1, 20}}}}, {Covered(), exactly});
  const auto solution = Solve(problem).value();
  EXPECT_EQ(solution.solver, "branch");
  EXPECT_THAT(solution.cost_by_rule, ElementsAre(0, 40));
  EXPECT_TRUE(solution.proven);
  EXPECT_EQ(Solve(problem, {}, Method::kZ3)->cost, 40);
}

TEST(Solve, NamesAMinimalSetOfRulesThatContradictEachOther) {
  const auto problem =
      Fleet(2, {{.name = "c", .count = 10, .options = {{0, 0}, {1, 0}}}},
            {Covered({}), Counted("many", {}, Comparison::kAtLeast, 6, {0}),
             Counted("harmless", {}, Comparison::kAtMost, 9, {1}), Counted("few", {}, Comparison::kAtMost, 5, {0})});
  EXPECT_THAT(FindConflict(problem).value(), ElementsAre(1, 3));
  const auto solution = Solve(problem);
  EXPECT_EQ(solution.error().code, Code::kConflict);
  EXPECT_EQ(solution.error().message,
            "these can not hold together: rule \"many\" (line 2), rule \"few\" (line 2); give one of them a weight, or "
            "change it");
}

TEST(Solve, CountsCapacitiesAmongWhatContradicts) {
  Problem problem = Fleet(2, {{.name = "small", .count = 1, .options = {{0, 0}, {1, 0}}, .capacities = {3}}}, {});
  problem.applications.push_back({.name = "other"});
  problem.resources = {"memory_mb"};
  problem.variants[0].demands = {2};
  problem.variants[1].demands = {2};
  problem.variants[1].application = 1;
  problem.rules = {{.name = "one", .what = Coverage{0}}, {.name = "two", .what = Coverage{1}}};
  EXPECT_THAT(FindConflict(problem).value(), ElementsAre(kNone, 0, 1));
  EXPECT_THAT(Solve(problem).error().message, HasSubstr("the capacities of the gateways, rule \"one\""));
}

TEST(Solve, GivesASharedGatewayToTheApplicationWithPriority) {
  Problem problem = Fleet(2, {{.name = "small", .count = 4, .options = {{0, 0}, {1, 0}}, .capacities = {3}}}, {});
  problem.applications.push_back({.name = "other", .priority = 2});
  problem.resources = {"memory_mb"};
  problem.variants[0].demands = {2};
  problem.variants[1].demands = {2};
  problem.variants[1].application = 1;
  problem.rules = {{.name = "one", .weight = 5, .what = Coverage{0}},
                   {.name = "two", .weight = 5, .what = Coverage{1}}};
  const auto solution = Solve(problem).value();
  EXPECT_THAT(solution.gateways_by_variant, ElementsAre(0, 4));
  ASSERT_EQ(solution.shares.size(), 1u);
  EXPECT_THAT(solution.shares[0].applications, ElementsAre(0, 1));
  EXPECT_THAT(solution.shares[0].variants, ElementsAre(kNone, 1));
}

TEST(Solve, LooksForConditionsWithZ3OnlyWhenTheyDoNotHoldAnyway) {
  Problem problem = Fleet(2, {{.name = "c", .count = 6, .options = {{0, 0}, {1, 1}}}}, {Covered()});
  problem.rules.push_back({.name = "free", .what = Logic{"(>= a 1)"}});
  EXPECT_EQ(Solve(problem)->solver, "flow");
  problem.rules.push_back({.name = "twice", .what = Logic{"(= a (* 2 b))"}});
  const auto solution = Solve(problem).value();
  EXPECT_EQ(solution.solver, "z3");
  EXPECT_THAT(solution.gateways_by_variant, ElementsAre(4, 2));
  EXPECT_TRUE(solution.proven);
}

TEST(Solve, RefusesAMethodThatIsNotExactForTheProblem) {
  Rule exactly = Counted("preview", 40, Comparison::kExactly, 3, {0});
  exactly.charge = Charge::kOnce;
  Problem problem = Fleet(1, {{.name = "c", .count = 10, .options = {{0, 0}}}}, {exactly});
  EXPECT_THAT(Solve(problem, {}, Method::kFlow).error().message, HasSubstr("\"preview\" (line 2) is charged once"));
  problem.rules = {{.name = "mine", .what = Logic{"(> a 2)"}}};
  EXPECT_THAT(Solve(problem, {}, Method::kIlp).error().message, HasSubstr("\"ilp\" knows no conditions"));
}

/// Twelve classes of a thousand gateways, and rules in two sites that are charged once and stand in each other's way.
Problem Entangled() {
  std::vector<GatewayClass> classes;
  for (int i = 0; i < 12; ++i) {
    GatewayClass added{.name = "c", .count = 1000 + i};
    for (int j = 0; j < 6; ++j) added.options.push_back({j, 1 + (i * 7 + j * 5) % 11});
    added.values = {i % 2};
    classes.push_back(added);
  }
  std::vector<Rule> rules{Covered()};
  for (int j = 0; j < 6; ++j) {
    Rule rule = Counted("r" + std::to_string(j), 900 + j, Comparison::kExactly, 1100 + 7 * j, {j});
    rule.charge = Charge::kOnce;
    rule.within = 0;
    rules.push_back(rule);
  }
  return Fleet(6, classes, rules);
}

TEST(Solve, BranchesToTheSameCostAsAnIntegerProgram) {
  const auto branched = Solve(Entangled(), {}, Method::kBranch).value();
  EXPECT_EQ(branched.solver, "branch");
  EXPECT_TRUE(branched.proven);
  EXPECT_EQ(branched.cost, Solve(Entangled(), {}, Method::kIlp)->cost);
  EXPECT_EQ(branched.cost, Solve(Entangled())->cost);
}

TEST(Solve, StatesTheGapOfASearchThatTheClockEnds) {
  std::int64_t now = 0;
  const Limits limits{.time_limit_ms = 1, .now_ms = [&] { return now++; }};
  const auto solution = Solve(Entangled(), limits, Method::kBranch).value();
  EXPECT_FALSE(solution.proven);
  EXPECT_GT(solution.gap(), 0);
  EXPECT_GT(solution.lower_bound, 0);
  const std::int64_t optimum = Solve(Entangled())->cost;
  EXPECT_LE(solution.lower_bound, optimum);
  EXPECT_GE(solution.cost, optimum);
}

TEST(Solve, RefusesToBranchWhereTheSetsOfGatewaysCross) {
  std::vector<GatewayClass> classes{{.name = "o", .count = 9, .options = {{0, 0}, {1, 0}, {2, 0}}, .values = {0}},
                                    {.name = "b", .count = 9, .options = {{0, 0}, {1, 2}, {2, 1}}, .values = {1}}};
  Rule once = Counted("once", 7, Comparison::kExactly, 5, {1, 2});
  once.charge = Charge::kOnce;
  const Problem problem = Fleet(3, classes, {Covered(), Counted("each", 7, Comparison::kExactly, 3, {0, 1}), once});
  EXPECT_THAT(Solve(problem, {}, Method::kBranch).error().message, HasSubstr("cross one another"));
  EXPECT_EQ(Solve(problem)->solver, "ilp");
  EXPECT_EQ(Solve(problem)->cost, Solve(problem, {}, Method::kZ3)->cost);
}

TEST(Solve, TakesTimesFromTheClockThatItIsHanded) {
  std::int64_t now = 0;
  const Limits limits{.now_ms = [&] { return now += 500; }};
  EXPECT_DOUBLE_EQ(Solve(Fleet(1, {}, {}), limits)->seconds, 0.5);
}

TEST(Solve, StopsAtATimeLimitWithAnAssignmentAndABound) {
  std::vector<GatewayClass> classes;
  for (int i = 0; i < 60; ++i) {
    GatewayClass added{.name = "c", .count = 1000 + i};
    for (int j = 0; j < 12; ++j) added.options.push_back({j, 1 + (i * 7 + j * 5) % 11});
    added.values = {i % 2};
    classes.push_back(added);
  }
  std::vector<Rule> rules{Covered()};
  for (int j = 0; j < 12; ++j) {
    Rule rule = Counted("r" + std::to_string(j), 900 + j, Comparison::kExactly, 4000 + 7 * j, {j, (j + 1) % 12});
    rule.charge = Charge::kOnce;
    rules.push_back(rule);
    rule.within = 0;
    std::get<Count>(rule.what).amount = 2100;
    rules.push_back(rule);
  }
  const auto solution = Solve(Fleet(12, classes, rules), {.time_limit_ms = 1}).value();
  EXPECT_GE(solution.gap(), 0);
  EXPECT_GT(solution.lower_bound, 0);
  EXPECT_EQ(solution.proven, solution.gap() == 0);
}

}  // namespace
}  // namespace motley::assign
