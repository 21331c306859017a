#include "agent/isolation/account.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kRoot = 0;

TEST(Account, IsFoundByItsName) {
  const auto account = FindAccount("nobody", kRoot);
  ASSERT_TRUE(account) << account.error().message;
  ASSERT_TRUE(account->has_value());
  EXPECT_EQ((*account)->user, 65534u);
  EXPECT_EQ((*account)->group, 65534u);
  EXPECT_THAT((*account)->groups, ::testing::Not(::testing::Contains(65534u)));
}

TEST(Account, IsNotNeededForTheAgentsOwnUser) {
  EXPECT_FALSE(FindAccount("", kRoot)->has_value());
  EXPECT_FALSE(FindAccount("root", kRoot)->has_value());
  EXPECT_FALSE(FindAccount("nobody", 65534)->has_value());
}

TEST(Account, IsRefusedWithAWayOut) {
  const auto unknown = FindAccount("motley-nobody", kRoot);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("make it (adduser --system motley-nobody)"));
  const auto denied = FindAccount("nobody", 1000);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, Code::kDenied);
  EXPECT_THAT(denied.error().message, HasSubstr("run the agent as root, or leave `user` out"));
}

TEST(Account, ReachesAFolderByOwnerGroupOrOthers) {
  const tests::TemporaryFolder folder;
  const auto inner = folder / "a";
  ASSERT_TRUE(MakeFolder(inner));
  const Account account{"someone", 4711, 4712, {4713}};
  const auto reaches = [&](uid_t user, gid_t group, mode_t mode) {
    EXPECT_EQ(chown(inner.c_str(), user, group), 0);
    EXPECT_EQ(chmod(inner.c_str(), mode), 0);
    return CheckCanReach(account, inner).has_value();
  };
  EXPECT_FALSE(reaches(0, 0, 0711)) << "the folder around it is closed";
  ASSERT_EQ(chmod(folder.path().c_str(), 0711), 0);
  EXPECT_TRUE(reaches(0, 0, 0711));
  EXPECT_FALSE(reaches(0, 0, 0710));
  EXPECT_TRUE(reaches(0, 4712, 0710));
  EXPECT_TRUE(reaches(0, 4713, 0710));
  EXPECT_TRUE(reaches(4711, 0, 0100));
  EXPECT_FALSE(reaches(4711, 0, 0011));
}

}  // namespace
}  // namespace motley::agent
