#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "controller/api/admin_token.h"
#include "controller/api/received_file.h"
#include "tests/support/folder.h"

namespace motley::controller {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::TemporaryFolder;

TEST(AdminToken, IsMadeOnceForTheOwnerAlone) {
  const TemporaryFolder folder;
  const auto token = LoadAdminToken(folder.path());
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->size(), 64U);
  struct stat info {};
  ASSERT_EQ(stat((folder / "admin.token").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const auto again = LoadAdminToken(folder.path());
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *token);
}

TEST(AdminToken, IsRefusedWhenOthersCanReadIt) {
  const TemporaryFolder folder;
  ASSERT_TRUE(LoadAdminToken(folder.path()));
  chmod((folder / "admin.token").c_str(), 0640);
  const auto token = LoadAdminToken(folder.path());
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Code::kDenied);
  EXPECT_THAT(token.error().message, AllOf(HasSubstr("admin.token"), HasSubstr("0640"), HasSubstr("chmod 600")));
}

TEST(AdminToken, IsRefusedWhenItIsTooShort) {
  const TemporaryFolder folder;
  std::ofstream(folder / "admin.token") << "secret\n";
  chmod((folder / "admin.token").c_str(), 0600);
  EXPECT_EQ(LoadAdminToken(folder.path()).error().code, Code::kCorrupt);
}

TEST(FileReceiver, LeavesNothingWithoutItsEnd) {
  const TemporaryFolder folder;
  {
    auto receiver = FileReceiver::Begin(folder.path());
    ASSERT_TRUE(receiver);
    ASSERT_TRUE(receiver->Write("abc"));
    EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FileReceiver, GivesAFileThatGoesUnlessItIsRenamed) {
  const TemporaryFolder folder;
  for (const bool taken : {false, true}) {
    auto receiver = FileReceiver::Begin(folder.path());
    ASSERT_TRUE(receiver);
    ASSERT_TRUE(receiver->Write("ab"));
    ASSERT_TRUE(receiver->Write("c"));
    const auto file = receiver->Finish();
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->size_bytes(), 3U);
    EXPECT_EQ((*file)->digest(), Sha256("abc"));
    if (taken) std::filesystem::rename((*file)->path(), folder / "taken");
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(FileReceiver, NamesAFolderThatIsNotThere) {
  const auto receiver = FileReceiver::Begin("/nowhere");
  ASSERT_FALSE(receiver);
  EXPECT_THAT(receiver.error().message, HasSubstr("/nowhere"));
}

/// In a process of its own, where `folder` is a disk of 64 KiB. 0: as it should be.
int FillSmallDisk(const std::string& folder) {
  const int spaces = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS;
  if (unshare(spaces) != 0) return 2;
  // EINVAL: in a chroot the root is no mount. Then the small disk is taken away below.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL) return 2;
  if (mount("small", folder.c_str(), "tmpfs", 0, "size=64k") != 0) return 3;
  {
    auto receiver = FileReceiver::Begin(folder);
    if (!receiver) return 4;
    const auto written = receiver->Write(std::string(200000, 'x'));
    if (written || written.error().code != Code::kUnavailable) return 5;
    if (written.error().message.find("no space left on the device that holds " + folder) == std::string::npos) return 6;
  }
  const bool empty = std::filesystem::is_empty(folder);
  umount2(folder.c_str(), MNT_DETACH);
  return empty ? 0 : 7;
}

TEST(FileReceiver, SaysThatTheDiskIsFull) {
  const TemporaryFolder folder;
  EXPECT_EXIT(_exit(FillSmallDisk(folder.path())), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace motley::controller
