#include "common/fleet/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/common/fleet/random_fleet.h"

namespace motley {

namespace {

Attributes Gateway(const std::string& name) {
  Attributes gateway;
  gateway.gateway = name;
  gateway.boards = {"uno", "uno", "nano"};
  gateway.kinds = {"process", "container"};
  gateway.container_engine = "docker";
  gateway.tags = {{"site", "oslo"}};
  return gateway;
}

TEST(TheFleetIndex, IsEmptyAtFirst) {
  const FleetIndex fleet;
  EXPECT_EQ(fleet.size(), 0U);
  EXPECT_EQ(fleet.Find("gw-1"), std::nullopt);
  EXPECT_EQ(fleet.Rows().Count(), 0U);
  EXPECT_EQ(fleet.Find(AttributeRef{Attribute::kTag, "site"}), nullptr);
}

TEST(TheFleetIndex, GivesBackWhatWasPutInAfterManyChanges) {
  test::RandomFleet random(3);
  FleetIndex fleet;
  std::map<std::string, Attributes> expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "gw-" + std::to_string(random.Below(400));
    if (random.Below(3) == 0) {
      EXPECT_EQ(fleet.Remove(name).has_value(), expected.erase(name) > 0);
    } else {
      expected[name] = random.Gateway(name);
      const auto row = fleet.Upsert(expected[name]);
      ASSERT_TRUE(row.has_value());
      ASSERT_EQ(fleet.Name(*row), name);
    }
  }
  ASSERT_EQ(fleet.size(), expected.size());
  EXPECT_EQ(fleet.Rows().Count(), expected.size());
  EXPECT_LE(fleet.row_limit(), 400U);
  for (const auto& [name, gateway] : expected) {
    const auto row = fleet.Find(name);
    ASSERT_TRUE(row.has_value());
    EXPECT_TRUE(fleet.Has(*row));
    EXPECT_EQ(fleet.AttributesOf(*row), gateway) << name;
  }
}

TEST(TheFleetIndex, GivesTheRowOfARemovedGatewayToTheNextOne) {
  FleetIndex fleet;
  const auto first = *fleet.Upsert(Gateway("gw-1"));
  EXPECT_EQ(fleet.Remove("gw-1"), first);
  EXPECT_FALSE(fleet.Has(first));
  EXPECT_EQ(*fleet.Upsert(Gateway("gw-2")), first);
  EXPECT_EQ(fleet.Find("gw-1"), std::nullopt);
}

TEST(TheFleetIndex, RefusesWhatItCanNotHoldAndKeepsWhatItHas) {
  FleetIndex fleet;
  ASSERT_TRUE(fleet.Upsert(Gateway("gw-1")).has_value());
  Attributes nameless = Gateway("");
  EXPECT_THAT(fleet.Upsert(nameless).error().message, testing::HasSubstr("no name"));
  Attributes longest = Gateway("gw-1");
  longest.tags["site"] = std::string(5000, 'x');
  EXPECT_EQ(fleet.Upsert(longest).error().message,
            "gateway \"gw-1\": tag \"site\" has 5000 bytes, over the limit of 4096");
  Attributes odd = Gateway("gw-1");
  odd.boards = {std::string("a\0b", 3)};
  EXPECT_THAT(fleet.Upsert(odd).error().message, testing::HasSubstr("zero byte"));
  EXPECT_EQ(fleet.AttributesOf(*fleet.Find("gw-1")), Gateway("gw-1"));
}

TEST(TheFleetIndex, RefusesMoreNamesOfTagsThanItHasColumnsFor) {
  FleetIndex fleet;
  for (std::size_t i = 0; i < FleetIndex::kMaxTagNames; ++i) {
    Attributes gateway = Gateway("gw-" + std::to_string(i));
    gateway.tags = {{"tag-" + std::to_string(i), "x"}};
    ASSERT_TRUE(fleet.Upsert(gateway).has_value());
  }
  Attributes one_more = Gateway("gw-x");
  EXPECT_THAT(fleet.Upsert(one_more).error().message, testing::HasSubstr("over 4096 different names of tags"));
  EXPECT_EQ(fleet.Find("gw-x"), std::nullopt);
  one_more.tags = {{"tag-7", "y"}};
  EXPECT_TRUE(fleet.Upsert(one_more).has_value());
}

TEST(TheFleetIndex, TakesAFewBytesForEachAttributeOfAGateway) {
  FleetIndex fleet;
  for (int i = 0; i < 50'000; ++i) {
    Attributes gateway;
    gateway.gateway = "gateway-" + std::to_string(i);
    gateway.hostname = "host-" + std::to_string(i);
    gateway.memory_mb = 256U << i % 8;
    for (int tag = 0; tag < 12; ++tag) gateway.tags["tag-" + std::to_string(tag)] = std::to_string(i % 300);
    ASSERT_TRUE(fleet.Upsert(gateway).has_value());
  }
  EXPECT_LT(fleet.MemoryBytes() / fleet.size(), 256U);
}

}  // namespace
}  // namespace motley
