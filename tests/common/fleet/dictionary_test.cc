#include "common/fleet/dictionary.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "common/fleet/code_column.h"

namespace motley {
namespace {

TEST(TheDictionary, GivesEqualValuesTheSameCodeAndKeepsThemAsTheyAre) {
  TextPool pool;
  Dictionary values(pool);
  const auto oslo = values.Use("oslo");
  const auto empty = values.Use("");
  const std::string odd("a\0b", 3);
  const auto with_zero = values.Use(odd);
  EXPECT_EQ(values.Use("oslo"), oslo);
  EXPECT_NE(oslo, empty);
  EXPECT_EQ(values.At(oslo), "oslo");
  EXPECT_EQ(values.At(empty), "");
  EXPECT_EQ(values.At(with_zero), odd);
  EXPECT_EQ(values.Find("turin"), 0U);
  EXPECT_EQ(values.size(), 3U);
}

TEST(TheDictionary, TakesNoMoreRoomForValuesThatComeAndGo) {
  TextPool pool;
  Dictionary values(pool);
  for (int i = 0; i < 1000; ++i) values.Release(values.Use("version-" + std::to_string(1000 + i)));
  const std::size_t before = pool.MemoryBytes() + values.MemoryBytes();
  for (int i = 0; i < 100'000; ++i) values.Release(values.Use("version-" + std::to_string(1000 + i % 9000)));
  EXPECT_EQ(pool.MemoryBytes() + values.MemoryBytes(), before);
  EXPECT_EQ(values.size(), 0U);
  EXPECT_EQ(values.limit(), 2U);
}

TEST(TheDictionary, AgreesWithAMapAfterManyRandomUsesAndReleases) {
  TextPool pool;
  Dictionary values(pool);
  std::map<std::string, std::pair<Dictionary::Code, int>> expected;
  std::mt19937 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const std::string value = std::string(random() % 40, 'v') + std::to_string(random() % 300);
    if (random() % 2 == 0) {
      const auto code = values.Use(value);
      auto& entry = expected[value];
      if (entry.second++ > 0) {
        ASSERT_EQ(entry.first, code);
      }
      entry.first = code;
    } else if (const auto found = expected.find(value); found != expected.end()) {
      values.Release(found->second.first);
      if (--found->second.second == 0) expected.erase(found);
    }
  }
  ASSERT_EQ(values.size(), expected.size());
  std::set<Dictionary::Code> codes;
  for (const auto& [value, entry] : expected) {
    EXPECT_EQ(values.Find(value), entry.first);
    EXPECT_EQ(values.At(entry.first), value);
    codes.insert(entry.first);
  }
  EXPECT_EQ(codes.size(), expected.size());
}

TEST(ACodeColumn, HoldsWhatWasSetHoweverWideOrThinItGets) {
  CodeColumn column;
  std::map<CodeColumn::Row, CodeColumn::Code> expected;
  std::mt19937 random(2);
  const auto set = [&](CodeColumn::Row row, CodeColumn::Code code) {
    column.Set(row, code);
    expected[row] = code;
  };
  for (CodeColumn::Row row = 0; row < 3000; ++row) set(row, row % 250);
  const std::size_t narrow = column.MemoryBytes();
  for (int i = 0; i < 300; ++i) set(random() % 3000, random() % 60'000);
  for (int i = 0; i < 300; ++i) set(random() % 3000, random() % 900'000);
  EXPECT_GT(column.MemoryBytes(), narrow);
  for (CodeColumn::Row row = 0; row < 3000; ++row) set(row, 0);
  set(2'000'000, 7);  // too thin now for a place for each row
  EXPECT_LT(column.MemoryBytes(), 100'000U);
  for (int i = 0; i < 500; ++i) set(random() % 2'000'000, random() % 100);
  set(2'000'000, 0);
  for (const auto& [row, code] : expected) ASSERT_EQ(column.Get(row), code) << row;
  column.ForEach(1'990'000, 2'000'100, [&](CodeColumn::Row row, CodeColumn::Code code) {
    const auto found = expected.find(row);
    ASSERT_EQ(code, found == expected.end() ? 0 : found->second) << row;
  });
}

TEST(ACodeColumn, BecomesDenseAgainWhenItFills) {
  CodeColumn column;
  column.Set(100'000, 1);
  const std::size_t thin = column.MemoryBytes();
  for (CodeColumn::Row row = 0; row <= 100'000; ++row) column.Set(row, row % 100 + 1);
  EXPECT_LT(thin, 1000U);
  EXPECT_LE(column.MemoryBytes(), 100'001 * sizeof(CodeColumn::Code));
  EXPECT_EQ(column.Get(100'000), 1U);
  EXPECT_EQ(column.Get(99'999), 100U);
}

}  // namespace
}  // namespace motley
