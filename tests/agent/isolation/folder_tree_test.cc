#include "agent/isolation/folder_tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNoLimit = ~0ull;

class FolderTreeTest : public ::testing::Test {
 protected:
  FolderTreeTest() {
    EXPECT_TRUE(MakeFolder(root_ + "/a/b"));
    EXPECT_TRUE(WriteFileAtomically(root_ + "/a/b/big", std::string(100'000, 'x'), 0644));
    EXPECT_TRUE(WriteFileAtomically(root_ + "/a/empty", "", 0644));
  }
  static uid_t OwnerOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(lstat(path.c_str(), &found), 0) << path;
    return found.st_uid;
  }

  tests::TemporaryFolder folder_;
  const std::string root_ = folder_ / "root";
};

TEST_F(FolderTreeTest, IsMeasuredByWhatItTakesOnTheDisk) {
  const auto size = MeasureTree(root_, kNoLimit, kNoLimit);
  EXPECT_FALSE(size.partial);
  EXPECT_GE(size.bytes, 100'000u);
  EXPECT_LT(size.bytes, 150'000u);
  // A file with holes takes what it holds.
  fs::resize_file(root_ + "/a/empty", 1 << 30);
  EXPECT_LT(MeasureTree(root_, kNoLimit, kNoLimit).bytes, 150'000u);
}

TEST_F(FolderTreeTest, IsMeasuredNoFurtherThanIsNeeded) {
  const auto enough = MeasureTree(root_, 50'000, kNoLimit);
  EXPECT_TRUE(enough.partial);
  EXPECT_GT(enough.bytes, 50'000u);
  EXPECT_TRUE(MeasureTree(root_, kNoLimit, 2).partial);
  EXPECT_EQ(MeasureTree(root_ + "/nowhere", 1, 1).bytes, 0u);
}

TEST_F(FolderTreeTest, IsMeasuredWithoutWhatLinksLeadTo) {
  const auto before = MeasureTree(root_, kNoLimit, kNoLimit).bytes;
  fs::create_symlink("/usr", root_ + "/a/usr");
  EXPECT_LT(MeasureTree(root_, kNoLimit, kNoLimit).bytes, before + 10'000);
}

TEST_F(FolderTreeTest, IsGivenAwayWithAllThatWasItsOwners) {
  const auto foreign = folder_ / "foreign";
  ASSERT_TRUE(WriteFileAtomically(foreign, "x", 0600));
  ASSERT_EQ(chown(foreign.c_str(), 4000, 4000), 0);
  // A link to somebody else's file must not make it one's own.
  ASSERT_EQ(link(foreign.c_str(), (root_ + "/a/hard").c_str()), 0);
  fs::create_symlink(foreign, root_ + "/a/soft");
  ASSERT_TRUE(GiveTree(root_, 0, 4711, 4712));
  for (const char* name : {"", "/a", "/a/b", "/a/b/big", "/a/empty", "/a/soft"}) {
    EXPECT_EQ(OwnerOf(root_ + name), 4711u) << name;
  }
  EXPECT_EQ(OwnerOf(foreign), 4000u);
}

TEST_F(FolderTreeTest, IsNotGivenAwayThroughALink) {
  fs::create_symlink(root_, folder_ / "link");
  EXPECT_FALSE(GiveTree(folder_ / "link", 0, 4711, 4712));
  EXPECT_EQ(OwnerOf(root_), 0u);
}

TEST_F(FolderTreeTest, IsRemovedByItsOwnerThoughClosed) {
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  ASSERT_TRUE(GiveTree(root_, 0, 65534, 65534));
  ASSERT_EQ(chmod((root_ + "/a/b").c_str(), 0000), 0);
  ASSERT_EQ(chmod((root_ + "/a").c_str(), 0500), 0);
  const pid_t child = fork();
  if (child == 0) _exit(setuid(65534) == 0 && RemoveTree(root_) ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(fs::exists(root_));
  EXPECT_TRUE(RemoveTree(root_)) << "it is gone already";
}

}  // namespace
}  // namespace motley::agent
