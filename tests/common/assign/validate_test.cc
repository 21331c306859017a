#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/assign/model.h"
#include "common/assign/solve.h"
#include "tests/common/assign/fleet.h"

namespace motley::assign {
namespace {

using testing::HasSubstr;

struct Case {
  const char* name;
  void (*spoil)(Problem& problem);
  const char* message;
};

class Validation : public testing::TestWithParam<Case> {};

TEST_P(Validation, NamesWhatIsWrong) {
  Problem problem = Fleet(2, {{.name = "c", .count = 10, .options = {{0, 0}, {1, 0}}}},
                          {Covered(), Counted("limit", 1, Comparison::kAtMost, 5, {0})});
  GetParam().spoil(problem);
  const auto solution = Solve(problem);
  ASSERT_FALSE(solution.has_value());
  EXPECT_EQ(solution.error().code, Code::kInvalid);
  EXPECT_THAT(solution.error().message, HasSubstr(GetParam().message));
}

Count& Limit(Problem& problem) { return std::get<Count>(problem.rules[1].what); }

INSTANTIATE_TEST_SUITE_P(
    Problems, Validation,
    testing::Values(
        Case{"percent", [](Problem& p) { Limit(p).unit = Unit::kPercent, Limit(p).amount = 101; },
             "rule \"limit\" (line 2): percent is 101; it must be from 0 to 100"},
        Case{"amount", [](Problem& p) { Limit(p).amount = -1; }, "rule \"limit\" (line 2): amount is -1"},
        Case{"no_variant", [](Problem& p) { Limit(p).variants.clear(); }, "it is on no variant; name at least one"},
        Case{"twice",
             [](Problem& p) {
               Limit(p).variants = {1, 1};
             },
             "variant \"b\" is named twice"},
        Case{"unknown_variant", [](Problem& p) { Limit(p).variants = {2}; }, "there is no number 2 of 2"},
        Case{"weight", [](Problem& p) { p.rules[1].weight = kMaxWeight + 1; }, "(line 2): weight is 1000000001"},
        Case{"overflow",
             [](Problem& p) {
               p.classes[0].count = kMaxGateways;
               p.rules[1].weight = kMaxWeight;
             },
             "rule \"limit\" (line 2): the costs of this problem could add up to more than"},
        Case{"priority", [](Problem& p) { p.applications[0].priority = 0; }, "application \"app\": priority is 0"},
        Case{"within_coverage", [](Problem& p) { p.rules[0].within = 0; }, "remove \"within\""},
        Case{"within", [](Problem& p) { p.rules[1].within = 1; }, "within: there is no number 1 of 1"},
        Case{"once", [](Problem& p) { p.rules[0].charge = Charge::kOnce; }, "it can not be charged once"},
        Case{"balance", [](Problem& p) { p.rules[1].what = Balance{{0}}; }, "name at least two"},
        Case{"option",
             [](Problem& p) {
               p.classes[0].options.push_back({0, 1});
             },
             "\"a\" is an option twice"},
        Case{"cost", [](Problem& p) { p.classes[0].options[0].cost = -3; }, "cost of variant \"a\" is -3"},
        Case{"count", [](Problem& p) { p.classes[0].count = -1; }, "class \"c\": count is -1"},
        Case{"current", [](Problem& p) { p.classes[0].current = {9}; }, "current variant: there is no number 9"},
        Case{"value", [](Problem& p) { p.classes[0].values = {2}; }, "value of \"site\": there is no number 2 of 2"},
        Case{"demand", [](Problem& p) { p.variants[0].demands = {-1}; }, "variant \"a\": its demand for \"0\" is -1"},
        Case{"symbol", [](Problem& p) { p.rules[1].what = Logic{"(> nobody 0)"}; }, "\"nobody\" is no variant"},
        Case{"condition", [](Problem& p) { p.rules[1].what = Logic{"(> a"}; }, "is not closed"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Validation, RefusesApplicationsThatCombineInTooManyWays) {
  Problem problem{.resources = {"memory_mb"}, .classes = {{.name = "big", .count = 1, .capacities = {20}}}};
  for (int i = 0; i < 6; ++i) {
    problem.applications.push_back({.name = "app"});
    for (int j = 0; j < 9; ++j) {
      problem.classes[0].options.push_back({static_cast<std::int32_t>(problem.variants.size()), 0});
      problem.variants.push_back({.name = "v", .application = i, .demands = {j == 0 ? 20 : 1}});
    }
  }
  EXPECT_THAT(Compile(problem).error().message, HasSubstr("combine in more than 100000 ways"));
}

TEST(Quota, RoundsSoThatTheRuleHolds) {
  EXPECT_EQ(Quota(Comparison::kAtLeast, 10, 25), 3);
  EXPECT_EQ(Quota(Comparison::kAtMost, 10, 25), 2);
  EXPECT_EQ(Quota(Comparison::kExactly, 10, 25), 3);
  EXPECT_EQ(Quota(Comparison::kExactly, 10, 24), 2);
}

}  // namespace
}  // namespace motley::assign
