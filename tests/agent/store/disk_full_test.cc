#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/store/store.h"
#include "common/files/files.h"
#include "tests/agent/supervise/small_disk.h"

namespace motley::agent {
namespace {

constexpr int kDiskBytes = 12 << 20;
// In the file; as much again is in the log.
constexpr std::uint64_t kReserveBytes = 2 << 20;

/// A disk of its own that somebody else fills.
class DiskFullTest : public ::testing::Test {
 protected:
  DiskFullTest() { Reopen(); }
  void Reopen() {
    store_.reset();
    auto store = Store::Open(path_, 2 * kReserveBytes);
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }
  std::uint64_t Reserved() {
    struct stat found {};
    return stat((path_ + ".reserve").c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_blocks) * 512 : 0;
  }
  /// A desired state of 100 kB: more than the files of the database have room for after a few.
  static v1::DesiredState Large(std::uint64_t revision) {
    v1::DesiredState desired;
    desired.set_revision(revision);
    desired.add_applications()->set_variant(std::string(100'000, 'x'));
    return desired;
  }
  static v1::Deployment Outcome(std::uint64_t revision) {
    v1::Deployment outcome;
    outcome.set_revision(revision);
    return outcome;
  }

  tests::SmallDisk disk_{kDiskBytes};
  const std::string path_ = disk_.path() + "/agent.db";
  std::unique_ptr<Store> store_;
};

TEST_F(DiskFullTest, KeepsRoomThatNobodyElseCanTake) {
  EXPECT_EQ(Reserved(), kReserveBytes);
  disk_.Fill();
  EXPECT_EQ(Reserved(), kReserveBytes);
}

TEST_F(DiskFullTest, GoesOnToTheCommitThoughOthersTakeEveryFreeByteAtOnce) {
  ASSERT_TRUE(store_->Begin(Large(1)));
  for (int i = 0; i < 50; ++i) {
    disk_.Fill();
    const auto step = store_->StepBegins(1, Direction::kForward, "apply web " + std::string(1'000, 'x'));
    ASSERT_TRUE(step) << step.error().message;
    ASSERT_TRUE(store_->StepEnds(*step, ""));
  }
  const auto committed = store_->Commit(Large(1), Outcome(1));
  EXPECT_TRUE(committed) << committed.error().message;
  EXPECT_LT(Reserved(), kReserveBytes);
  Reopen();
  EXPECT_EQ(store_->Committed()->revision(), 1u);
}

TEST_F(DiskFullTest, GoesBackWithRoomForTheFilesThatThisNeeds) {
  ASSERT_TRUE(store_->Begin(Large(1)));
  disk_.Fill();
  ASSERT_TRUE(store_->TurnBack("web: write /srv/web: the disk is full"));
  ASSERT_TRUE(WriteFileAtomically(disk_.path() + "/record", std::string(100'000, 'x'), 0600));
  EXPECT_TRUE(store_->EndFailed(Outcome(1)));
  EXPECT_FALSE(store_->OpenTransaction()->has_value());
}

TEST_F(DiskFullTest, IsOpenedAgainWhereAReserveIsAllThatIsLeft) {
  ASSERT_TRUE(store_->Begin(Large(1)));
  store_.reset();
  disk_.Fill();
  Reopen();
  EXPECT_EQ((*store_->OpenTransaction())->target.revision(), 1u);
  EXPECT_TRUE(store_->CountInterruption());
}

TEST_F(DiskFullTest, SpendsTheReserveOnNoTelemetry) {
  disk_.Fill();
  bool failed = false;
  for (int i = 0; i < 100 && !failed; ++i) failed = !store_->AppendBatch(std::string(100'000, 'x'), 64 << 20);
  EXPECT_TRUE(failed);
  EXPECT_EQ(Reserved(), kReserveBytes);
}

TEST_F(DiskFullTest, MakesTheReserveAnewOnceThereIsRoom) {
  disk_.Fill();
  for (std::uint64_t revision = 1; Reserved() == kReserveBytes; ++revision) ASSERT_TRUE(store_->Begin(Large(revision)));
  EXPECT_LT(Reserved(), kReserveBytes);
  disk_.Empty();
  ASSERT_TRUE(store_->AppendBatch("x", 1000));
  EXPECT_EQ(Reserved(), kReserveBytes);
}

TEST_F(DiskFullTest, FailsWithAWayOutWhenTheReserveIsUsedUp) {
  disk_.Fill();
  Result<void> result;
  std::uint64_t revision = 0;
  while (result && revision < 1000) {
    ++revision;
    disk_.Fill();
    result = store_->Begin(Large(revision));
  }
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_EQ(Reserved(), 0u);
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("the disk is full"));
  // What was stored last is still there.
  EXPECT_EQ((*store_->OpenTransaction())->target.revision(), revision - 1);
}

TEST_F(DiskFullTest, TakesNoRoomFromADiskThatHasLittle) {
  tests::SmallDisk small(3 << 20);
  const auto store = Store::Open(small.path() + "/agent.db", 2 * kReserveBytes);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_NE(access((small.path() + "/agent.db.reserve").c_str(), F_OK), 0);
}

TEST_F(DiskFullTest, LetsNobodyElseReadTheSecrets) {
  ASSERT_TRUE(store_->Begin(Large(1)));
  for (const char* suffix : {"", "-wal", "-shm", ".reserve"}) {
    struct stat found {};
    ASSERT_EQ(stat((path_ + suffix).c_str(), &found), 0) << suffix;
    EXPECT_EQ(found.st_mode & 0777, 0600u) << suffix;
  }
}

}  // namespace
}  // namespace motley::agent
