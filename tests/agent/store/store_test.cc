#include "agent/store/store.h"

#include <gtest/gtest.h>

#include "tests/support/folder.h"

namespace motley::agent {
namespace {

class StoreTest : public testing::Test {
 protected:
  StoreTest() { Reopen(); }
  void Reopen() {
    store_.reset();
    store_ = *Store::Open(folder_ / "agent.db");
  }
  static v1::DesiredState Desired(std::uint64_t revision) {
    v1::DesiredState desired;
    desired.set_revision(revision);
    return desired;
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, IsEmptyAtFirst) {
  EXPECT_FALSE(store_->LoadIdentity()->has_value());
  EXPECT_EQ(store_->Desired()->revision(), 0u);
  EXPECT_FALSE(store_->OpenTransaction()->has_value());
}

TEST_F(StoreTest, KeepsIdentitySecretAndEpoch) {
  const std::string secret = *store_->EnrolmentSecret();
  const std::string epoch = store_->epoch();
  ASSERT_TRUE(store_->SaveIdentity({"gw", "fleet", "mqtt://b", "http://c", secret}).has_value());
  Reopen();
  EXPECT_EQ(*store_->EnrolmentSecret(), secret);
  EXPECT_EQ(store_->epoch(), epoch);
  EXPECT_EQ((*store_->LoadIdentity())->gateway, "gw");
  EXPECT_EQ((*store_->LoadIdentity())->secret, secret);
}

TEST_F(StoreTest, KeepsAnOpenTransactionWithItsDirection) {
  ASSERT_TRUE(store_->Begin(Desired(3)).has_value());
  ASSERT_TRUE(store_->CountInterruption().has_value());
  ASSERT_TRUE(store_->TurnBack("it broke").has_value());
  Reopen();
  const auto open = *store_->OpenTransaction();
  ASSERT_TRUE(open.has_value());
  EXPECT_EQ(open->target.revision(), 3u);
  EXPECT_EQ(open->direction, Direction::kBack);
  EXPECT_EQ(open->interruptions, 1u);
  EXPECT_EQ(open->reason, "it broke");
}

TEST_F(StoreTest, CommitsTargetAndOutcomeAtOnce) {
  v1::Deployment outcome;
  outcome.set_revision(3);
  ASSERT_TRUE(store_->Begin(Desired(3)).has_value());
  ASSERT_TRUE(store_->Commit(Desired(3), outcome).has_value());
  Reopen();
  EXPECT_EQ(store_->Committed()->revision(), 3u);
  EXPECT_EQ(store_->LastDeployment()->revision(), 3u);
  EXPECT_FALSE(store_->OpenTransaction()->has_value());
}

TEST_F(StoreTest, NeverGivesASequenceTwice) {
  std::uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t next = *store_->NextReportedSequence();
      EXPECT_GT(next, last);
      last = next;
    }
    Reopen();
  }
}

TEST_F(StoreTest, NumbersBatchesOnEvenAfterAllAreGone) {
  EXPECT_EQ(*store_->AppendBatch("a", 1000), 1u);
  ASSERT_TRUE(store_->DropBatches(1).has_value());
  Reopen();
  EXPECT_EQ(*store_->AppendBatch("b", 1000), 2u);
}

}  // namespace
}  // namespace motley::agent
