#include "common/files/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/folder.h"

namespace motley {
namespace {

using testing::HasSubstr;
using tests::TemporaryFolder;

TEST(WriteFileAtomically, ReplacesAFileAndItsMode) {
  TemporaryFolder folder;
  const std::string path = folder / "file";
  std::ofstream(path) << "old";
  ASSERT_TRUE(WriteFileAtomically(path, "new", 0600).has_value());
  EXPECT_EQ(*ReadFile(path, 100), "new");
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenItFails) {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder / "taken");
  std::ofstream(folder / "taken/x") << "x";
  EXPECT_FALSE(WriteFileAtomically(folder / "taken", "new", 0600).has_value());
  int entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++entries;
  EXPECT_EQ(entries, 1);
}

TEST(ReadFile, RefusesWhatIsOverTheLimit) {
  TemporaryFolder folder;
  std::ofstream(folder / "file") << "12345";
  EXPECT_EQ(ReadFile(folder / "file", 4).error().code, Code::kInvalid);
  EXPECT_EQ(*ReadFile(folder / "file", 5), "12345");
  EXPECT_EQ(ReadFile(folder / "none", 5).error().code, Code::kNotFound);
}

TEST(MakeFolder, MakesParentsAndAcceptsWhatIsThere) {
  TemporaryFolder folder;
  ASSERT_TRUE(MakeFolder(folder / "a/b/c").has_value());
  EXPECT_TRUE(MakeFolder(folder / "a/b/c").has_value());
  std::ofstream(folder / "file") << "x";
  EXPECT_FALSE(MakeFolder(folder / "file").has_value());
}

TEST(LockFolder, IsHeldByOneAndSaysByWhom) {
  TemporaryFolder folder;
  auto first = LockFolder(folder.path());
  ASSERT_TRUE(first.has_value());
  const auto second = LockFolder(folder.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("in use by process " + std::to_string(getpid())));
  first = UniqueFd();
  EXPECT_TRUE(LockFolder(folder.path()).has_value());
}

TEST(SystemError, SaysThatADiskIsFull) {
  const Error error = SystemError("write /x", ENOSPC);
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_EQ(error.message, "write /x: the disk is full; free some space");
}

}  // namespace
}  // namespace motley
