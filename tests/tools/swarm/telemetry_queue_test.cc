#include "tools/swarm/telemetry_queue.h"

#include <gtest/gtest.h>

namespace motley::swarm {
namespace {

TEST(TelemetryQueue, KeepsBatchesUntilTheyAreAcknowledged) {
  TelemetryQueue queue;
  for (int i = 0; i < 3; ++i) queue.Push({});
  EXPECT_EQ(queue.Last().sequence(), 3u);
  EXPECT_EQ(queue.Last().previous(), 2u);
  queue.Acknowledge(1);
  queue.Acknowledge(0);
  const auto batches = queue.Batches();
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].sequence(), 2u);
  EXPECT_EQ(batches[0].previous(), 0u) << "what was before it is not kept any more";
  EXPECT_EQ(batches[1].previous(), 2u);
  queue.Acknowledge(3);
  EXPECT_TRUE(queue.empty());
}

TEST(TelemetryQueue, DropsAndCountsTheOldestWhenItIsFull) {
  TelemetryQueue queue;
  for (std::size_t i = 0; i < TelemetryQueue::kKept + 5; ++i) queue.Push({});
  EXPECT_EQ(queue.size(), TelemetryQueue::kKept);
  EXPECT_EQ(queue.Batches().front().sequence(), 6u);
  EXPECT_EQ(queue.Last().dropped(), 5u);
}

TEST(TelemetryQueue, AnAcknowledgementOfWhatWasNeverSentChangesNothingThatComes) {
  TelemetryQueue queue;
  queue.Push({});
  queue.Acknowledge(1'000'000);
  queue.Push({});
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.Last().sequence(), 2u);
}

}  // namespace
}  // namespace motley::swarm
