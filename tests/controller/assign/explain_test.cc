#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/assign/nearest.h"
#include "tests/controller/assign/small_fleet.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

v1::Assignment ExplainIn(SmallFleet& fleet, const std::string& gateway) {
  const auto decision = fleet.Decide().value();
  return controller::Explain(fleet.Ask(), decision.assignments, gateway).value();
}

TEST(ExplainPlan, SaysOfEachVariantWhatFailedWithTheGatewaysValue) {
  SmallFleet fleet;
  fleet.AddVariant("small");
  fleet.AddVariant("big", "memory_mb >= 2048", 10);
  fleet.AddGateway("g1", 512);
  const auto assignment = ExplainIn(fleet, "g1");
  EXPECT_EQ(assignment.variant(), "small");
  ASSERT_EQ(assignment.verdicts_size(), 2);
  EXPECT_TRUE(assignment.verdicts(0).fits());
  EXPECT_FALSE(assignment.verdicts(1).fits());
  EXPECT_EQ(assignment.verdicts(1).prefer(), 10);
  EXPECT_THAT(assignment.verdicts(1).reason(), HasSubstr("memory_mb is 512"));
  EXPECT_EQ(assignment.nearest_change(), "");
}

TEST(ExplainPlan, SaysWhichRuleAnotherVariantWouldCostAndHowMuch) {
  SmallFleet fleet;
  fleet.AddVariant("a", "", 3);
  fleet.AddVariant("b");
  fleet.release.set_rules("\n\n- {balance: all, weight: 50}\n");
  fleet.AddGateway("g1", 512);
  fleet.AddGateway("g2", 512);
  const auto decision = fleet.Decide().value();
  const std::string of_a = decision.assignments[0].variant() == "a" ? "g1" : "g2";
  const auto assignment = ExplainIn(fleet, of_a);
  const v1::VariantVerdict& b = assignment.verdicts(1);
  EXPECT_TRUE(b.fits());
  // It pays 3 for its preference; the other variant has one too many, and its own one too few.
  EXPECT_EQ(b.extra_cost(), 103);
  ASSERT_EQ(b.costs_size(), 2);
  EXPECT_EQ(b.costs(0).name(), "preference");
  EXPECT_EQ(b.costs(1).line(), 3u);
  EXPECT_EQ(b.costs(1).cost(), 100);
}

TEST(ExplainPlan, NamesTheHardRuleThatAnotherVariantWouldBreak) {
  SmallFleet fleet;
  fleet.AddVariant("stable");
  fleet.AddVariant("canary");
  fleet.release.set_rules("\n- {name: few, at_most: 0, of: canary, weight: hard}\n");
  fleet.AddGateway("g1", 512);
  const auto assignment = ExplainIn(fleet, "g1");
  EXPECT_EQ(assignment.variant(), "stable");
  ASSERT_EQ(assignment.verdicts(1).broken_size(), 1);
  EXPECT_THAT(assignment.verdicts(1).broken(0), HasSubstr("\"few\" (line 2)"));
  EXPECT_THAT(assignment.verdicts(1).reason(), HasSubstr("would break"));
}

TEST(ExplainPlan, NamesTheNearestChangeWhereNothingFits) {
  SmallFleet fleet;
  fleet.AddVariant("arm", "arch == \"arm64\"");
  fleet.AddVariant("near", "tags.region == \"eu\" && memory_mb >= 256");
  fleet.AddVariant("far", "tags.region == \"eu\" && memory_mb >= 4096", 10);
  fleet.AddGateway("g1", 512);
  EXPECT_EQ(ExplainIn(fleet, "g1").nearest_change(),
            "variant \"near\" needs tags.region == \"eu\" (there is no tag \"region\")");
}

struct ChangeCase {
  const char* when;
  std::vector<std::string> steps;
};
class Changes : public testing::TestWithParam<ChangeCase> {};

TEST_P(Changes, AreTheSmallestThatMakeTheConditionHold) {
  Attributes gateway;
  gateway.memory_mb = 256;
  gateway.arch = "amd64";
  gateway.tags["region"] = "us";
  const auto selector = Selector::Parse(GetParam().when).value();
  EXPECT_EQ(controller::NearestChanges(selector.expression(), gateway).steps, GetParam().steps);
}

INSTANTIATE_TEST_SUITE_P(
    All, Changes,
    testing::Values(ChangeCase{"", {}}, ChangeCase{"memory_mb >= 512", {"memory_mb >= 512 (memory_mb is 256)"}},
                    ChangeCase{"arch == \"arm64\" || tags.region == \"eu\"",
                               {"tags.region == \"eu\" (tags.region is \"us\")"}},
                    ChangeCase{"memory_mb >= 512 && \"uno\" in boards && arch == \"amd64\"",
                               {"memory_mb >= 512 (memory_mb is 256)", "\"uno\" in boards (there are no boards)"}},
                    ChangeCase{"!(arch == \"amd64\" && tags.region == \"us\")", {"not tags.region == \"us\""}},
                    ChangeCase{"has(tags.site) || false", {"has(tags.site) (there is no tag \"site\")"}}));

}  // namespace
}  // namespace motley::tests
