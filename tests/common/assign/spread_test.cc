#include "common/assign/spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace motley::assign {
namespace {

using testing::ElementsAre;

std::vector<Share> Shares(std::int64_t a, std::int64_t b) { return {{0, {0}, {0}, a}, {0, {0}, {1}, b}}; }

TEST(SpreadClass, LeavesGatewaysWhereTheyAre) {
  const std::vector<Member> members{{"g1", {1}}, {"g2", {0}}, {"g3", {1}}, {"g4", {kNone}}};
  EXPECT_THAT(SpreadClass(Shares(2, 2), members), ElementsAre(1, 0, 1, 0));
}

TEST(SpreadClass, GoesByNameAndNotByOrder) {
  const std::vector<Member> members{{"g3", {}}, {"g1", {}}, {"g2", {}}};
  EXPECT_THAT(SpreadClass(Shares(1, 2), members), ElementsAre(1, 0, 1));
}

TEST(SpreadClass, ChoosesOthersWithAnotherSaltButTheSameWithTheSame) {
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) names.push_back("gateway-" + std::to_string(i));
  std::vector<Member> members;
  for (const std::string& name : names) members.push_back({name, {}});
  const auto first = SpreadClass(Shares(10, 40), members, "monday");
  EXPECT_EQ(first, SpreadClass(Shares(10, 40), members, "monday"));
  EXPECT_NE(first, SpreadClass(Shares(10, 40), members, "tuesday"));
  EXPECT_EQ(std::count(first.begin(), first.end(), 0), 10);
}

TEST(SpreadClass, ChangesTheFewestApplicationsWhereSeveralShareAGateway) {
  const std::vector<Share> shares{{0, {0, 1}, {0, 2}, 1}, {0, {0, 1}, {1, 3}, 1}};
  // g1 would keep one of two either way; g2 keeps both with the first share only.
  const std::vector<Member> members{{"g1", {0, 3}}, {"g2", {0, 2}}};
  EXPECT_THAT(SpreadClass(shares, members), ElementsAre(1, 0));
}

TEST(SpreadClass, HasNothingToDoWithoutGateways) { EXPECT_TRUE(SpreadClass({}, {}).empty()); }

}  // namespace
}  // namespace motley::assign
