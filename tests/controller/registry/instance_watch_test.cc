#include "controller/registry/instance_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::controller {
namespace {

using Verdict = InstanceWatch::Verdict;
constexpr std::int64_t kSecond = 1'000'000;

TEST(InstanceWatch, TakesARestartedAgentAndIgnoresTheWillOfTheOld) {
  InstanceWatch watch;
  EXPECT_EQ(watch.Seen("a", true, 1, 1), Verdict::kCurrent);
  EXPECT_EQ(watch.Seen("b", true, 2, 2), Verdict::kCurrent);
  EXPECT_EQ(watch.Seen("a", false, 1, 3), Verdict::kStale);
  EXPECT_EQ(watch.Seen("b", false, 2, 4), Verdict::kCurrent);
  EXPECT_EQ(watch.Seen("b", true, 5, 5), Verdict::kCurrent);
  EXPECT_FALSE(watch.Problem(5));
}

TEST(InstanceWatch, IgnoresALateCopyOfWhatAReplacedAgentSaid) {
  InstanceWatch watch;
  watch.Seen("a", true, 1, 1);
  watch.Seen("b", true, 2, 2);
  EXPECT_EQ(watch.Seen("a", true, 1, 3), Verdict::kStale);
  EXPECT_FALSE(watch.Problem(3));
}

TEST(InstanceWatch, NamesTwoAgentsThatTakeTurnsUntilOneIsGoneForTenMinutes) {
  InstanceWatch watch;
  watch.Seen("a", true, 1 * kSecond, 1 * kSecond);
  watch.Seen("b", true, 2 * kSecond, 2 * kSecond);
  EXPECT_EQ(watch.Seen("a", true, 3 * kSecond, 3 * kSecond), Verdict::kCurrent);
  const auto problem = watch.Problem(4 * kSecond);
  ASSERT_TRUE(problem);
  EXPECT_THAT(*problem, testing::HasSubstr("instance b, last seen at 1970-01-01T00:00:02Z"));
  EXPECT_THAT(*problem, testing::HasSubstr("instance a, last seen at 1970-01-01T00:00:03Z"));
  watch.Seen("b", true, 300 * kSecond, 300 * kSecond);
  watch.Seen("a", true, 301 * kSecond, 301 * kSecond);
  EXPECT_TRUE(watch.Problem(899 * kSecond));
  EXPECT_FALSE(watch.Problem(901 * kSecond));
}

TEST(InstanceWatch, TakesTheWillOfAnAgentThatConnectedAgainThoughItIsAsOldAsItsStart) {
  InstanceWatch watch;
  watch.Seen("a", true, 1, 1);
  EXPECT_EQ(watch.Seen("a", false, 0, 5), Verdict::kCurrent);
  EXPECT_EQ(watch.Seen("a", true, 6, 6), Verdict::kCurrent);
  EXPECT_EQ(watch.Seen("a", false, 0, 9), Verdict::kCurrent);
  EXPECT_FALSE(watch.Problem(9));
}

TEST(InstanceWatch, IsNotMisledByTheWillsOfTwoThatTakeTurns) {
  InstanceWatch watch;
  watch.Seen("a", true, 10 * kSecond, 10 * kSecond);
  watch.Seen("a", false, 5 * kSecond, 11 * kSecond);
  watch.Seen("b", true, 11 * kSecond, 11 * kSecond);
  watch.Seen("b", false, 6 * kSecond, 40 * kSecond);
  EXPECT_EQ(watch.Seen("a", true, 40 * kSecond, 40 * kSecond), Verdict::kCurrent);
  EXPECT_EQ(watch.Seen("b", false, 6 * kSecond, 41 * kSecond), Verdict::kStale);
  EXPECT_TRUE(watch.Problem(41 * kSecond));
  // A copy of what b said before it was replaced does not bring it back.
  EXPECT_EQ(watch.Seen("b", true, 11 * kSecond, 42 * kSecond), Verdict::kStale);
  // Nor does a late goodbye of b end a.
  EXPECT_EQ(watch.Seen("b", false, 43 * kSecond, 43 * kSecond), Verdict::kStale);
}

}  // namespace
}  // namespace motley::controller
