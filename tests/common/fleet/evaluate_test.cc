#include "common/fleet/evaluate.h"

#include <gtest/gtest.h>

#include "tests/common/fleet/random_fleet.h"

namespace motley {
namespace {

FleetIndex SomeFleet(test::RandomFleet& random, std::uint32_t size) {
  FleetIndex fleet;
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::string name = "gw-" + std::to_string(i);
    EXPECT_TRUE(fleet.Upsert(random.Gateway(name)).has_value());
  }
  for (std::uint32_t i = 0; i < size / 5; ++i) fleet.Remove("gw-" + std::to_string(random.Below(size)));
  return fleet;
}

TEST(SelectorsOverColumns, AgreeWithTheSelectorOfEachGateway) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    test::RandomFleet random(seed);
    const FleetIndex fleet = SomeFleet(random, 150);
    ColumnEvaluator evaluator(fleet);
    for (int i = 0; i < 100; ++i) {
      const Selector selector = test::Parsed(random.SelectorText(3));
      const Bitmap matching = evaluator.Evaluate(selector.expression());
      ASSERT_EQ(matching.size(), fleet.row_limit());
      for (FleetIndex::Row row = 0; row < fleet.row_limit(); ++row) {
        const bool expected = fleet.Has(row) && selector.Matches(fleet.AttributesOf(row));
        ASSERT_EQ(matching.Get(row), expected) << selector.Print() << " row " << row << " seed " << seed;
      }
    }
  }
}

TEST(SelectorsOverColumns, CanBeAskedForSomeRowsOnly) {
  test::RandomFleet random(20);
  const FleetIndex fleet = SomeFleet(random, 100);
  std::vector<FleetIndex::Row> rows;
  fleet.Rows().ForEach([&](std::size_t row) {
    if (row % 3 == 0) rows.insert(rows.begin(), static_cast<FleetIndex::Row>(row));
  });
  ColumnEvaluator evaluator(fleet, rows);
  for (int i = 0; i < 300; ++i) {
    const Selector selector = test::Parsed(random.SelectorText(2));
    const Bitmap matching = evaluator.Evaluate(selector.expression());
    for (std::size_t at = 0; at < rows.size(); ++at) {
      ASSERT_EQ(matching.Get(at), selector.Matches(fleet.AttributesOf(rows[at]))) << selector.Print();
    }
  }
}

TEST(SelectorsOverColumns, FindNobodyInAnEmptyFleet) {
  const FleetIndex fleet;
  ColumnEvaluator evaluator(fleet);
  EXPECT_EQ(evaluator.Evaluate(test::Parsed("true").expression()).Count(), 0U);
  EXPECT_EQ(evaluator.Evaluate(test::Parsed("tags.site != \"oslo\"").expression()).Count(), 0U);
}

}  // namespace
}  // namespace motley
