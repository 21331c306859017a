#include "agent/reconcile/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::agent {
namespace {

using Match = Observed::Match;

Sighting Seen(const std::string& name, Match match, const std::vector<std::string>& needs = {}) {
  Sighting sighting;
  sighting.instance.application = "app";
  sighting.instance.component.set_name(name);
  sighting.instance.component.mutable_process();
  for (const std::string& other : needs) sighting.instance.needs.push_back("app/" + other);
  sighting.observed.match = match;
  return sighting;
}

std::vector<std::string> Printed(const std::vector<Step>& steps) {
  std::vector<std::string> lines;
  for (const Step& step : steps) lines.push_back(Print(step));
  return lines;
}

TEST(Plan, HasNoStepWhereEverythingIsAsItShouldBe) {
  EXPECT_TRUE(MakePlan({Seen("a", Match::kMatches), Seen("b", Match::kMatches)}, {Seen("c", Match::kMissing)}).empty());
}

TEST(Plan, TouchesOnlyWhatDiffers) {
  const auto steps = MakePlan({Seen("a", Match::kMatches), Seen("b", Match::kDiffers)}, {});
  EXPECT_THAT(Printed(steps), testing::ElementsAre("apply app/b (process)"));
}

TEST(Plan, RemovesBeforeItApplies) {
  const auto steps = MakePlan({Seen("new", Match::kMissing)}, {Seen("old", Match::kMatches)});
  ASSERT_THAT(Printed(steps),
              testing::ElementsAre("remove app/old (process): not wanted any more", "apply app/new (process)"));
  EXPECT_THAT(steps[1].after, testing::ElementsAre(0));
}

TEST(Plan, ConfirmsWhatIsThereButHasNotProvenThatItWorks) {
  Sighting cut_off = Seen("a", Match::kMatches);
  cut_off.unproven = true;
  EXPECT_THAT(Printed(MakePlan({cut_off}, {})), testing::ElementsAre("confirm app/a (process)"));
}

TEST(Plan, RemovesWhatCanNotBeLookedAt) { EXPECT_EQ(MakePlan({}, {Seen("board", Match::kUnknown)}).size(), 1u); }

TEST(Plan, AppliesAComponentAfterWhatItDependsOn) {
  const auto steps = MakePlan({Seen("web", Match::kMissing, {"db"}), Seen("db", Match::kMissing)}, {});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_THAT(steps[0].after, testing::ElementsAre(1));
  EXPECT_TRUE(steps[1].after.empty());
}

TEST(Plan, DoesNotWaitForADependencyThatIsThere) {
  const auto steps = MakePlan({Seen("web", Match::kMissing, {"db"}), Seen("db", Match::kMatches)}, {});
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_TRUE(steps[0].after.empty());
}

TEST(Plan, RemovesDependentsFirst) {
  const auto steps = MakePlan({}, {Seen("db", Match::kMatches), Seen("web", Match::kMatches, {"db"})});
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_THAT(steps[0].after, testing::ElementsAre(1));
}

}  // namespace
}  // namespace motley::agent
