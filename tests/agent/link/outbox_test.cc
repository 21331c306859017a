#include "agent/link/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/mqtt/envelope.h"
#include "tests/fakes/fake_loop.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() { Restart(); }

  void Restart() {
    outbox_.reset();
    store_.reset();
    store_ = *Store::Open(folder_ / "agent.db");
    Outbox::Options options;
    options.gateway = "gw";
    options.limit_bytes = limit_;
    outbox_ = std::make_unique<Outbox>(loop_, *store_, options, [this](const std::string& payload) {
      v1::TelemetryBatch batch;
      EXPECT_TRUE(Unseal(payload, batch).has_value());
      sent_.push_back(batch);
      return true;
    });
  }

  void Add(double value) {
    v1::Sample sample;
    sample.set_metric("m");
    sample.set_value(value);
    outbox_->Add(sample);
  }

  std::vector<std::uint64_t> TakeSequences() {
    std::vector<std::uint64_t> sequences;
    for (const auto& batch : sent_) sequences.push_back(batch.sequence());
    sent_.clear();
    return sequences;
  }

  tests::TemporaryFolder folder_;
  tests::FakeLoop loop_;
  std::uint64_t limit_ = 1 << 20;
  std::unique_ptr<Store> store_;
  std::vector<v1::TelemetryBatch> sent_;
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(OutboxTest, CollectsSamplesIntoOneBatch) {
  outbox_->OnConnected();
  Add(1);
  loop_.Advance(seconds(5));
  Add(2);
  EXPECT_TRUE(sent_.empty());
  loop_.Advance(seconds(5));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].samples_size(), 2);
  EXPECT_EQ(sent_[0].gateway(), "gw");
  EXPECT_EQ(sent_[0].epoch(), store_->epoch());
}

TEST_F(OutboxTest, SendsAnEventSoonWithWhatIsCollected) {
  outbox_->OnConnected();
  Add(1);
  outbox_->Add(v1::Event());
  loop_.Advance(std::chrono::milliseconds(250));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_[0].samples_size(), 1);
  EXPECT_EQ(sent_[0].events_size(), 1);
}

TEST_F(OutboxTest, KeepsBatchesUntilTheyAreAcknowledgedAcrossConnectionsAndRestarts) {
  for (int i = 0; i < 3; ++i) {
    Add(i);
    outbox_->Flush();
  }
  EXPECT_TRUE(sent_.empty());
  outbox_->OnConnected();
  EXPECT_THAT(TakeSequences(), ElementsAre(1, 2, 3));
  outbox_->OnAcknowledged(1);
  outbox_->OnDisconnected();
  outbox_->OnConnected();
  EXPECT_THAT(TakeSequences(), ElementsAre(2, 3));
  Restart();
  outbox_->OnConnected();
  EXPECT_THAT(TakeSequences(), ElementsAre(2, 3));
  outbox_->OnAcknowledged(3);
  outbox_->OnDisconnected();
  outbox_->OnConnected();
  EXPECT_THAT(TakeSequences(), ElementsAre());
}

TEST_F(OutboxTest, SendsAgainWhatIsNotAcknowledgedInTime) {
  outbox_->OnConnected();
  Add(1);
  outbox_->Flush();
  EXPECT_THAT(TakeSequences(), ElementsAre(1));
  loop_.Advance(seconds(11));
  EXPECT_THAT(TakeSequences(), ElementsAre(1));
  outbox_->OnAcknowledged(1);
  loop_.Advance(seconds(60));
  EXPECT_THAT(TakeSequences(), ElementsAre());
}

TEST_F(OutboxTest, NamesTheBatchBeforeSoThatAGapIsSeen) {
  outbox_->OnConnected();
  for (int i = 0; i < 2; ++i) {
    Add(i);
    outbox_->Flush();
  }
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[0].previous(), 0u);
  EXPECT_EQ(sent_[1].previous(), 1u);
}

TEST_F(OutboxTest, TakesANewEpochWhenTheControllerKnowsMoreThanThereEverWas) {
  outbox_->OnConnected();
  Add(1);
  outbox_->Flush();
  const std::string epoch = sent_.back().epoch();
  sent_.clear();
  outbox_->OnAcknowledged(500);
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_NE(sent_[0].epoch(), epoch);
  EXPECT_EQ(sent_[0].sequence(), 1u);
  EXPECT_EQ(sent_[0].previous(), 0u);
}

TEST_F(OutboxTest, HasFewBatchesOnTheWayAtATime) {
  for (int i = 0; i < 100; ++i) {
    Add(i);
    outbox_->Flush();
  }
  outbox_->OnConnected();
  const std::size_t window = TakeSequences().size();
  EXPECT_EQ(window, 32u);
  outbox_->OnAcknowledged(10);
  EXPECT_EQ(TakeSequences().size(), 10u);
}

TEST_F(OutboxTest, DropsTheOldestWhenItIsFullAndCounts) {
  limit_ = 1000;
  Restart();
  for (int i = 0; i < 200; ++i) {
    Add(i);
    outbox_->Flush();
  }
  outbox_->OnConnected();
  ASSERT_FALSE(sent_.empty());
  EXPECT_GT(sent_.front().sequence(), 100u);
  EXPECT_EQ(sent_.front().previous(), 0u);
  EXPECT_EQ(sent_.front().dropped(), sent_.front().sequence() - 1);
}

TEST_F(OutboxTest, ClosesABatchBeforeItIsTooLargeForTheWire) {
  outbox_->OnConnected();
  v1::DeviceLine line;
  line.set_text(std::string(1000, 'x'));
  for (int i = 0; i < 1000; ++i) outbox_->Add(line);
  ASSERT_GE(sent_.size(), 5u);
  for (const auto& batch : sent_) EXPECT_LT(batch.ByteSizeLong(), 200'000u);
}

}  // namespace
}  // namespace motley::agent
