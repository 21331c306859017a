#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/controller/assign/small_fleet.h"

namespace motley::tests {
namespace {

using controller::Decision;
using testing::HasSubstr;
using v1::Plan;

const std::string& ReasonOf(const Decision& decision, int i) {
  return decision.assignments[static_cast<std::size_t>(i)].reason();
}

/// How many gateways get each variant.
std::map<std::string, int> Counts(const Decision& decision) {
  std::map<std::string, int> counts;
  for (const v1::Assignment& assignment : decision.assignments) ++counts[assignment.variant()];
  return counts;
}

class Preferences : public testing::Test {
 protected:
  Preferences() {
    fleet_.AddVariant("small", "memory_mb >= 256", 1);
    fleet_.AddVariant("big", "memory_mb >= 2048", 10);
    fleet_.AddVariant("arm", "arch == \"arm64\"", 10);
  }
  SmallFleet fleet_;
};

TEST_F(Preferences, GiveTheFittingVariantWithTheHighestPreference) {
  fleet_.AddGateway("g1", 512);
  fleet_.AddGateway("g2", 4096);
  const Decision decision = fleet_.Decide().value();
  EXPECT_EQ(Text(decision), "g1=small g2=big");
  EXPECT_EQ(ReasonOf(decision, 0), "the only variant that fits");
  EXPECT_EQ(ReasonOf(decision, 1), "highest preference (10) of 2 variants that fit");
  EXPECT_EQ(decision.solution.cost(), 0);
  EXPECT_TRUE(decision.solution.proven());
}

TEST_F(Preferences, GiveTheFirstInTheFileAmongEquals) {
  Attributes gateway;
  gateway.gateway = "g1";
  gateway.memory_mb = 4096;
  gateway.arch = "arm64";
  fleet_.AddGateway(gateway);
  const Decision decision = fleet_.Decide().value();
  EXPECT_EQ(Text(decision), "g1=big");
  EXPECT_THAT(ReasonOf(decision, 0), HasSubstr("the first in the release"));
}

TEST_F(Preferences, SayForEachVariantWhyAGatewayGetsNone) {
  fleet_.AddGateway("g1", 128);
  const Decision decision = fleet_.Decide().value();
  EXPECT_EQ(Text(decision), "g1=-");
  EXPECT_THAT(ReasonOf(decision, 0), HasSubstr("small: memory_mb >= 256 failed: memory_mb is 128"));
  EXPECT_THAT(ReasonOf(decision, 0), HasSubstr("arm: "));
  EXPECT_EQ(decision.solution.cost(), 0) << "nothing could have been done about it";
}

TEST_F(Preferences, GiveNothingToGatewaysThatAreNotEnrolled) {
  fleet_.AddGateway("g2", 512);
  fleet_.question.not_enrolled.Insert("g1");
  const Decision decision = fleet_.Decide().value();
  EXPECT_EQ(Text(decision), "g1=- g2=small");
  EXPECT_THAT(ReasonOf(decision, 0), HasSubstr("not enrolled yet"));
  EXPECT_EQ(decision.assignments[0].previous(), "");
}

TEST(Rules, BoundHowManyGatewaysRunAVariant) {
  SmallFleet fleet;
  fleet.AddVariant("stable");
  fleet.AddVariant("canary", "", 5);
  fleet.release.set_rules("\n- {at_most: 25%, of: canary, weight: hard}\n");
  for (int i = 0; i < 8; ++i) fleet.AddGateway("g" + std::to_string(i), 512);
  const Decision decision = fleet.Decide().value();
  EXPECT_EQ(Counts(decision), (std::map<std::string, int>{{"canary", 2}, {"stable", 6}}));
  EXPECT_EQ(decision.solution.cost(), 30) << "six gateways run what they prefer less, by 5 each";
  EXPECT_EQ(decision.solution.preference_cost(), 30);
  EXPECT_EQ(decision.solution.lower_bound(), 30);
  ASSERT_EQ(decision.solution.rules_size(), 2);
  EXPECT_TRUE(decision.solution.rules(0).hard());
  EXPECT_EQ(decision.solution.rules(0).line(), 2u);
  EXPECT_EQ(decision.assigned, 8u);
}

TEST(Rules, SpreadVariantsWithinEachSiteWithTheFewestMoves) {
  SmallFleet fleet;
  fleet.AddVariant("a");
  fleet.AddVariant("b");
  fleet.release.set_rules("- {balance: all, within: tags.site, weight: hard}\n");
  for (int i = 0; i < 4; ++i) fleet.AddAtSite("n" + std::to_string(i), "north", i < 3 ? "2.0.0/a" : "2.0.0/b");
  for (int i = 0; i < 2; ++i) fleet.AddAtSite("s" + std::to_string(i), "south");
  const Decision decision = fleet.Decide().value();
  EXPECT_EQ(Counts(decision), (std::map<std::string, int>{{"a", 3}, {"b", 3}}));
  EXPECT_EQ(decision.moves, 3u) << "one of the north, and both of the south";
}

TEST(Rules, ThatCanNotHoldTogetherAreNamed) {
  SmallFleet fleet;
  fleet.AddVariant("a");
  fleet.AddVariant("b");
  fleet.AddGateway("g1", 512);
  fleet.release.set_rules(
      "\n- {at_least: 1, of: a, weight: hard}\n- {at_least: 1, of: b, weight: hard}\n- {at_most: 9, of: b, weight: "
      "hard}\n");
  const auto decision = fleet.Decide();
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().code, Code::kConflict);
  EXPECT_THAT(decision.error().message, HasSubstr("(line 2)"));
  EXPECT_THAT(decision.error().message, HasSubstr("(line 3)"));
  EXPECT_THAT(decision.error().message, testing::Not(HasSubstr("(line 4)")));
}

TEST(Resources, AreSharedWithOtherApplicationsThatStay) {
  SmallFleet fleet;
  v1::Variant& rich = fleet.AddVariant("rich", "", 10);
  rich.mutable_model()->mutable_components(0)->mutable_resources()->set_memory_mb(600);
  v1::Variant& poor = fleet.AddVariant("poor");
  poor.mutable_model()->mutable_components(0)->mutable_resources()->set_memory_mb(100);
  fleet.AddGateway("g1", 1000);
  fleet.AddGateway("g2", 1000);
  controller::OtherApplication other{.name = "other"};
  other.wanted.Set(fleet.fleet.Find("g1").value(), {"1.0.0", "x"});
  other.demands.push_back({.memory_mb = 500});
  fleet.question.others.push_back(other);
  const Decision decision = fleet.Decide().value();
  EXPECT_EQ(Text(decision), "g1=poor g2=rich");
  const auto explained = controller::Explain(fleet.Ask(), decision.assignments, "g1").value();
  EXPECT_FALSE(explained.verdicts(0).fits());
  EXPECT_THAT(explained.verdicts(0).reason(), HasSubstr("no room beside other 1.0.0/x"));
}

TEST(Kinds, ThatAnAgentDoesNotHaveDoNotFitUnlessItSaysNothing) {
  SmallFleet fleet;
  fleet.AddVariant("plain");
  v1::Variant& boxed = fleet.AddVariant("boxed", "", 5);
  boxed.mutable_model()->mutable_components(0)->mutable_container()->set_image("busybox");
  Attributes gateway;
  gateway.gateway = "new";
  gateway.kinds = {"process", "container"};
  fleet.AddGateway(gateway);
  gateway.gateway = "newest";
  gateway.container_engine = "docker";
  fleet.AddGateway(gateway);
  fleet.AddGateway("old", 512);
  const Decision decision = fleet.Decide().value();
  EXPECT_EQ(Text(decision), "new=plain newest=boxed old=boxed");
  const auto explained = controller::Explain(fleet.Ask(), decision.assignments, "new").value();
  EXPECT_THAT(explained.verdicts(1).reason(), HasSubstr("container engine"));
}

TEST(Preview, ChoosesAsManyAsItSaysAndTheSameForTheSameSeed) {
  SmallFleet fleet;
  fleet.AddVariant("a");
  for (int i = 0; i < 40; ++i) {
    Attributes gateway;
    gateway.gateway = "g" + std::to_string(i);
    if (i >= 30) gateway.tags["environment"] = i < 35 ? "staging" : "production";
    fleet.AddGateway(gateway, "1.0.0/a");
  }
  fleet.question.request.mutable_preview()->set_percent(10);
  fleet.question.request.mutable_preview()->set_seed("monday");
  const Decision first = fleet.Decide(Plan::KIND_PREVIEW).value();
  EXPECT_EQ(first.assignments.size(), 4u) << "10 % of 35, rounded up";
  EXPECT_EQ(Text(first), Text(fleet.Decide(Plan::KIND_PREVIEW).value()));
  fleet.question.request.mutable_preview()->set_seed("tuesday");
  EXPECT_NE(Text(first), Text(fleet.Decide(Plan::KIND_PREVIEW).value()));
  fleet.question.request.mutable_preview()->set_gateways(5);
  fleet.question.request.mutable_preview()->set_where("tags.environment == \"staging\"");
  EXPECT_EQ(Text(fleet.Decide(Plan::KIND_PREVIEW).value()), "g30=a g31=a g32=a g33=a g34=a");
  fleet.question.request.mutable_preview()->set_gateways(6);
  EXPECT_THAT(fleet.Decide(Plan::KIND_PREVIEW).error().message, HasSubstr("there are 5 gateways to choose from"));
}

TEST(Join, LeavesOthersAsTheyAre) {
  SmallFleet fleet;
  fleet.AddVariant("a");
  fleet.AddVariant("b");
  fleet.release.set_rules("- {balance: all, weight: 10}\n");
  for (int i = 0; i < 4; ++i) fleet.AddGateway("old" + std::to_string(i), 512, "2.0.0/a");
  fleet.AddGateway("new1", 512);
  fleet.AddGateway("new2", 512);
  for (const char* name : {"new1", "new2", "gone"}) fleet.question.request.mutable_join()->add_gateways(name);
  EXPECT_EQ(Text(fleet.Decide(Plan::KIND_JOIN).value()), "new1=b new2=b");
}

TEST(Join, DoesNotWaitForARuleThatOthersBreak) {
  SmallFleet fleet;
  fleet.AddVariant("a");
  fleet.AddVariant("b");
  fleet.release.set_rules("- {at_most: 1, of: a, weight: hard}\n");
  fleet.AddGateway("old1", 512, "2.0.0/a");
  fleet.AddGateway("old2", 512, "2.0.0/a");
  fleet.AddGateway("new", 512);
  fleet.question.request.mutable_join()->add_gateways("new");
  const Decision decision = fleet.Decide(Plan::KIND_JOIN).value();
  EXPECT_EQ(Text(decision), "new=b");
  EXPECT_THAT(decision.doubts, testing::Contains(HasSubstr("with all others staying as they are")));
}

TEST(Shuffle, ChangesPlacesWithinTheBoundAndLeavesTheCountsOfEachSite) {
  SmallFleet fleet;
  fleet.AddVariant("a");
  fleet.AddVariant("b");
  fleet.release.set_rules("- {balance: all, within: tags.site, weight: hard}\n- {keep: 5}\n");
  for (int i = 0; i < 10; ++i) {
    const std::string now = i % 2 == 0 ? "2.0.0/a" : "2.0.0/b";
    fleet.AddAtSite("n" + std::to_string(i), "north", now);
    fleet.AddAtSite("s" + std::to_string(i), "south", now);
  }
  fleet.AddAtSite("other", "north", "1.0.0/a");
  fleet.question.request.mutable_shuffle()->set_seed("1");
  const Decision all = fleet.Decide(Plan::KIND_SHUFFLE).value();
  EXPECT_EQ(all.assignments.size(), 20u);
  std::map<std::string, int> north;
  for (const v1::Assignment& assignment : all.assignments) {
    EXPECT_NE("2.0.0/" + assignment.variant(), assignment.previous());
    if (assignment.gateway()[0] == 'n') ++north[assignment.variant()];
  }
  EXPECT_EQ(north, (std::map<std::string, int>{{"a", 5}, {"b", 5}}));
  fleet.question.request.mutable_shuffle()->set_moves(7);
  EXPECT_EQ(fleet.Decide(Plan::KIND_SHUFFLE).value().assignments.size(), 6u);
  fleet.release.clear_rules();
  EXPECT_THAT(fleet.Decide(Plan::KIND_SHUFFLE).error().message, HasSubstr("no balance rule"));
}

TEST(FleetDigest, ChangesOnlyWithWhatMatters) {
  SmallFleet fleet;
  fleet.AddVariant("a", "memory_mb >= 256");
  fleet.AddGateway("g1", 512);
  fleet.AddGateway("g2", 512);
  const std::string digest = fleet.Decide().value().fleet_digest;
  const auto again = [&] { return controller::DecideAgain(fleet.Ask(), digest, [] { return 0; }).value(); };
  Attributes gateway;
  gateway.gateway = "g1";
  gateway.memory_mb = 1024;
  fleet.AddGateway(gateway);
  EXPECT_FALSE(again().has_value()) << "1024 is as good as 512";
  gateway.memory_mb = 128;
  fleet.AddGateway(gateway);
  const auto changed = again();
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(Text(*changed), "g1=- g2=a");
  gateway.memory_mb = 512;
  fleet.AddGateway(gateway);
  EXPECT_FALSE(again().has_value());
  fleet.AddGateway("g3", 512);
  EXPECT_TRUE(again().has_value());
}

TEST(Requests, ThatMakeNoSenseAreRefused) {
  SmallFleet fleet;
  fleet.AddVariant("a");
  fleet.AddGateway("g1", 512);
  fleet.question.request.set_solver("oracle");
  EXPECT_THAT(fleet.Decide().error().message, HasSubstr("solver \"oracle\" is not known"));
  fleet.question.request.clear_solver();
  fleet.question.request.set_time_limit_ms(700'000);
  EXPECT_THAT(fleet.Decide().error().message, HasSubstr("over the limit of 600000"));
  fleet.question.request.clear_time_limit_ms();
  fleet.question.request.mutable_preview();
  EXPECT_THAT(fleet.Decide(Plan::KIND_PREVIEW).error().message, HasSubstr("how many gateways"));
}

}  // namespace
}  // namespace motley::tests
