#include "common/fleet/shared_codes.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/fleet/shared_names.h"

namespace motley {
namespace {

TEST(SharedCodes, HaveNothingWhereNothingWasSet) {
  SharedCodes codes;
  EXPECT_EQ(codes.At(0), 0u);
  codes.Set(7, 0);
  EXPECT_EQ(codes.row_limit(), 0u);
  codes.Set(40'000, 3);
  EXPECT_EQ(codes.At(40'000), 3u);
  EXPECT_EQ(codes.At(39'999), 0u);
  EXPECT_EQ(codes.At(4'000'000), 0u);
}

TEST(SharedCodes, StayAsTheyWereWhenTheyWereShared) {
  std::mt19937 random(1);
  SharedCodes codes;
  std::vector<SharedCodes::Code> now(100'000, 0);
  std::vector<std::pair<SharedCodes, std::vector<SharedCodes::Code>>> shared;
  for (int i = 0; i < 3000; ++i) {
    const auto row = static_cast<SharedCodes::Row>(random() % now.size());
    now[row] = static_cast<SharedCodes::Code>(random() % 5);
    codes.Set(row, now[row]);
    if (i % 500 == 0) shared.emplace_back(codes.Share(), now);
  }
  // Those that were shared can be changed too.
  shared.front().first.Set(5, 99);
  shared.front().second[5] = 99;
  shared.emplace_back(codes, now);
  codes.Set(5, 98);
  for (const auto& [then, expected] : shared) {
    for (std::size_t row = 0; row < expected.size(); ++row) {
      ASSERT_EQ(then.At(static_cast<SharedCodes::Row>(row)), expected[row]) << row;
    }
  }
}

TEST(SharedCodes, AreReadByAnotherThreadWhileTheyChange) {
  SharedCodes codes;
  constexpr SharedCodes::Row kRows = 50'000;
  for (SharedCodes::Row row = 0; row < kRows; ++row) codes.Set(row, 1);
  for (SharedCodes::Code round = 2; round < 8; ++round) {
    std::size_t sum = 0;
    std::thread reader([&sum, shared = codes.Share()] {
      for (SharedCodes::Row row = 0; row < kRows; ++row) sum += shared.At(row);
    });
    for (SharedCodes::Row row = 0; row < kRows; ++row) codes.Set(row, round);
    reader.join();
    EXPECT_EQ(sum, std::size_t{kRows} * (round - 1));
  }
}

std::set<std::string> Listed(const SharedNames& names) {
  std::set<std::string> listed;
  names.ForEach([&](const std::string& name) { listed.insert(name); });
  return listed;
}

TEST(SharedNames, StayAsTheyWereWhenTheyWereShared) {
  SharedNames names;
  std::set<std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    names.Insert("g" + std::to_string(i));
    expected.insert("g" + std::to_string(i));
  }
  const SharedNames shared = names.Share();
  names.Erase("g7");
  names.Insert("late");
  names.Erase("never");
  EXPECT_EQ(Listed(shared), expected);
  EXPECT_EQ(shared.size(), 2000u);
  expected.erase("g7");
  expected.insert("late");
  EXPECT_EQ(Listed(names), expected);
}

}  // namespace
}  // namespace motley
