#include "agent/kinds/archive_place.h"

#include <gmock/gmock.h>
#include <sys/mount.h>

#include <filesystem>

#include "common/files/files.h"
#include "tests/agent/supervise/small_disk.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using ::testing::HasSubstr;

/// Each case in both ways of swapping.
class ArchivePlaceTest : public ::testing::TestWithParam<SwapWay> {
 protected:
  static void Put(const std::string& folder, const std::string& what) {
    ASSERT_TRUE(MakeFolder(folder));
    ASSERT_TRUE(WriteFileAtomically(folder + "/what", what, 0644));
  }
  static std::string At(const std::string& folder) {
    const auto text = ReadFile(folder + "/what", 100);
    return text ? *text : "(none)";
  }

  tests::TemporaryFolder folder_;
  const ArchivePlace place_{folder_ / "app"};
};

TEST_P(ArchivePlaceTest, PutsTheFirstOneWhereNothingIs) {
  Put(place_.fresh, "one");
  ASSERT_TRUE(SwapIn(place_, place_.fresh, GetParam()));
  EXPECT_EQ(At(place_.path), "one");
  EXPECT_FALSE(IsThere(place_.fresh));
  EXPECT_FALSE(IsThere(place_.old));
}

TEST_P(ArchivePlaceTest, KeepsWhatItReplaces) {
  Put(place_.path, "one");
  Put(place_.fresh, "two");
  ASSERT_TRUE(SwapIn(place_, place_.fresh, GetParam()));
  EXPECT_EQ(At(place_.path), "two");
  EXPECT_EQ(At(place_.old), "one");
  EXPECT_FALSE(IsThere(place_.fresh));
}

TEST_P(ArchivePlaceTest, KeepsTheOneOfTheLastCommitThroughSeveralAttempts) {
  Put(place_.old, "committed");
  Put(place_.path, "first attempt");
  Put(place_.fresh, "second attempt");
  ASSERT_TRUE(SwapIn(place_, place_.fresh, GetParam()));
  EXPECT_EQ(At(place_.path), "second attempt");
  EXPECT_EQ(At(place_.old), "committed");
}

TEST_P(ArchivePlaceTest, PutsTheOldOneBack) {
  Put(place_.old, "committed");
  Put(place_.path, "attempt");
  Put(place_.fresh, "rubbish");
  ASSERT_TRUE(SwapIn(place_, place_.old, GetParam()));
  EXPECT_EQ(At(place_.path), "committed");
  EXPECT_FALSE(IsThere(place_.old));
  ASSERT_TRUE(TakeOut(place_));
  EXPECT_EQ(At(place_.old), "committed");
  ASSERT_TRUE(SwapIn(place_, place_.old, GetParam()));
  EXPECT_EQ(At(place_.path), "committed");
}

TEST_P(ArchivePlaceTest, ReplacesWhateverElseHasCome) {
  ASSERT_TRUE(WriteFileAtomically(place_.path, "a file", 0644));
  Put(place_.fresh, "two");
  ASSERT_TRUE(SwapIn(place_, place_.fresh, GetParam()));
  EXPECT_EQ(At(place_.path), "two");
  ASSERT_TRUE(TakeOut(place_));
  EXPECT_FALSE(IsThere(place_.path));
}

TEST_P(ArchivePlaceTest, SaysThatAMountPointCanNotBeReplaced) {
  tests::SmallDisk disk(64 << 10);
  const ArchivePlace place(disk.path());
  Put(place.fresh, "two");
  const auto swapped = SwapIn(place, place.fresh, GetParam());
  ASSERT_FALSE(swapped);
  EXPECT_EQ(swapped.error().code, Code::kConflict);
  EXPECT_THAT(swapped.error().message, HasSubstr("is a mount point"));
  std::filesystem::remove_all(place.fresh);
}

INSTANTIATE_TEST_SUITE_P(Ways, ArchivePlaceTest, ::testing::Values(SwapWay::kExchange, SwapWay::kTwoRenames));

}  // namespace
}  // namespace motley::agent
