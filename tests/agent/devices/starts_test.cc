#include "agent/devices/starts.h"

#include <gtest/gtest.h>

namespace motley::agent {
namespace {

using std::chrono::seconds;

TEST(Starts, CountOnlyWhenNobodyAskedForThem) {
  Starts starts;
  const Starts::Time now{};
  starts.Saw(now);
  EXPECT_EQ(starts.unasked(), 0u);
  starts.Saw(now);
  EXPECT_EQ(starts.unasked(), 1u);
  starts.Expect();
  starts.Saw(now);
  EXPECT_EQ(starts.unasked(), 1u);
}

TEST(Starts, AreACrashLoopWhenThereAreManyInAShortTime) {
  Starts starts;
  Starts::Time now{};
  starts.Saw(now);
  for (std::size_t i = 0; i < Starts::kLoopStarts; ++i) {
    EXPECT_FALSE(starts.InCrashLoop(now));
    starts.Saw(now += seconds(10));
  }
  EXPECT_TRUE(starts.InCrashLoop(now));
  EXPECT_FALSE(starts.InCrashLoop(now + Starts::kLoopWindow));
}

TEST(Starts, OfTheProgramBeforeAreNoCrashLoopOfTheNewOne) {
  Starts starts;
  const Starts::Time now{};
  for (std::size_t i = 0; i < 2 * Starts::kLoopStarts; ++i) starts.Saw(now);
  ASSERT_TRUE(starts.InCrashLoop(now));
  starts.Forget();
  EXPECT_FALSE(starts.InCrashLoop(now));
  starts.Saw(now);
  EXPECT_EQ(starts.UnaskedSince(now), 0u);
}

TEST(Starts, ThatAreFarApartAreNoCrashLoop) {
  Starts starts;
  Starts::Time now{};
  for (int i = 0; i < 100; ++i) {
    starts.Saw(now += Starts::kLoopWindow);
    EXPECT_FALSE(starts.InCrashLoop(now));
  }
}

TEST(Starts, AreCountedSinceTheLastThatWasAskedForAndForSoLong) {
  Starts starts;
  Starts::Time now{};
  for (int i = 0; i < 4; ++i) starts.Saw(now += seconds(1));
  EXPECT_EQ(starts.UnaskedSince(now), 1u);
  EXPECT_EQ(starts.UnaskedSince(now - seconds(1)), 2u);
  EXPECT_EQ(starts.UnaskedSince(now - seconds(60)), 3u);
  starts.Expect();
  EXPECT_EQ(starts.UnaskedSince(now - seconds(60)), 0u);
}

}  // namespace
}  // namespace motley::agent
