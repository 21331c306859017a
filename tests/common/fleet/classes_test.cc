#include "common/fleet/classes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/selector/evaluate.h"
#include "tests/common/fleet/random_fleet.h"

namespace motley {
namespace {

Distinctions SomeDistinctions(test::RandomFleet& random) {
  Distinctions distinctions;
  for (int i = 0; i < 6; ++i) distinctions.conditions.push_back(test::Parsed(random.SelectorText(2)).expression());
  distinctions.values = {{Attribute::kTag, "site"}};
  distinctions.levels = {{{Attribute::kMemoryMb, ""}, {1, 300, 512, 1500}}};
  distinctions.boards = {{"uno", 2}};
  distinctions.extras = 1;
  return distinctions;
}

// What the class of a gateway must say, by the definition.
FleetClasses::Traits ExpectedTraits(const Distinctions& distinctions, const Attributes& gateway, std::uint16_t extra) {
  FleetClasses::Traits traits{.answers = Bitmap(distinctions.conditions.size())};
  for (std::size_t i = 0; i < distinctions.conditions.size(); ++i) {
    traits.answers.SetIf(i, Evaluate(distinctions.conditions[i], gateway));
  }
  const auto& steps = distinctions.levels[0].steps;
  traits.levels = {static_cast<std::uint32_t>(
      std::count_if(steps.begin(), steps.end(), [&](std::uint64_t step) { return step <= gateway.memory_mb; }))};
  const auto unos = std::count(gateway.boards.begin(), gateway.boards.end(), "uno");
  traits.boards = {static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(unos, 2))};
  traits.extras = {extra};
  return traits;
}

// Each gateway is in the class that it should be in, no two classes are alike, and the counts are right.
void ExpectRightClasses(const FleetIndex& fleet, const FleetClasses& classes, const Distinctions& distinctions,
                        const std::vector<std::uint16_t>& extras) {
  std::vector<std::size_t> counts(classes.classes().size());
  for (FleetIndex::Row row = 0; row < fleet.row_limit(); ++row) {
    if (!fleet.Has(row)) {
      ASSERT_EQ(classes.Of(row), FleetClasses::kNone);
      continue;
    }
    const Attributes gateway = fleet.AttributesOf(row);
    const FleetClasses::Traits& traits = classes.classes()[classes.Of(row)].traits;
    FleetClasses::Traits expected = ExpectedTraits(distinctions, gateway, extras[row]);
    expected.values = traits.values;
    ASSERT_TRUE(traits == expected) << gateway.gateway;
    const auto site = gateway.tags.find("site");
    ASSERT_EQ(traits.values[0] == 0, site == gateway.tags.end());
    if (traits.values[0] != 0) {
      ASSERT_EQ(classes.ValueTexts(0)[traits.values[0] - 1], site->second);
    }
    ++counts[classes.Of(row)];
  }
  const FleetClasses::Members members = classes.ListMembers();
  for (std::size_t c = 0; c < counts.size(); ++c) {
    ASSERT_EQ(classes.classes()[c].count, counts[c]);
    ASSERT_EQ(members.starts[c + 1] - members.starts[c], counts[c]);
    for (std::size_t i = members.starts[c]; i < members.starts[c + 1]; ++i) ASSERT_EQ(classes.Of(members.rows[i]), c);
    for (std::size_t d = 0; d < c; ++d) ASSERT_FALSE(classes.classes()[c].traits == classes.classes()[d].traits);
  }
}

TEST(Classes, HoldTheGatewaysThatNothingTellsApartHoweverTheFleetChanges) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    test::RandomFleet random(seed);
    FleetIndex fleet;
    std::vector<std::uint16_t> extras(300);
    for (int i = 0; i < 200; ++i) {
      const auto row = fleet.Upsert(random.Gateway("gw-" + std::to_string(i)));
      extras[*row] = static_cast<std::uint16_t>(random.Below(3));
    }
    const Distinctions distinctions = SomeDistinctions(random);
    FleetClasses classes(fleet, distinctions, extras);
    ExpectRightClasses(fleet, classes, distinctions, extras);
    for (int i = 0; i < 300; ++i) {
      const std::string name = "gw-" + std::to_string(random.Below(260));
      const auto removed = random.Below(3) == 0 ? fleet.Remove(name) : std::nullopt;
      const FleetIndex::Row row = removed ? *removed : *fleet.Upsert(random.Gateway(name));
      extras[row] = static_cast<std::uint16_t>(random.Below(3));
      const auto before = classes.Of(row);
      const FleetClasses::Move move = classes.Update(row, std::span(extras).subspan(row, 1));
      ASSERT_EQ(move.from, before);
      ASSERT_EQ(move.to, classes.Of(row));
    }
    ExpectRightClasses(fleet, classes, distinctions, extras);
  }
}

TEST(Classes, DoNotGrowWithTheFleet) {
  test::RandomFleet random(30);
  Distinctions distinctions;
  distinctions.conditions = {test::Parsed("memory_mb >= 512 && gateway != \"gw-5\"").expression(),
                             test::Parsed("arch == \"arm64\" || arch == \"armhf\"").expression()};
  FleetIndex fleet;
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(fleet.Upsert(random.Gateway("gw-" + std::to_string(i))).has_value());
  const FleetClasses classes(fleet, distinctions, {});
  EXPECT_EQ(classes.classes().size(), 4U);
  EXPECT_LE(classes.keys(), 3U * 3U * 2U);
}

}  // namespace
}  // namespace motley
