#include "agent/isolation/cgroups.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CgroupMounts, AreReadFromMountinfo) {
  const auto mounts = ParseCgroupMounts(
      "23 28 0:21 / /proc rw,nosuid shared:14 - proc proc rw\n"
      "31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
      "32 31 0:29 /docker/1 /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "41 31 0:38 / /mnt/with\\040blank rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
      "broken line\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[0].folder, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(mounts[0].version, CgroupMount::Version::kOne);
  EXPECT_THAT(mounts[0].controllers, ElementsAre("rw", "cpu", "cpuacct"));
  EXPECT_EQ(mounts[1].folder, "/mnt/with blank");
  EXPECT_EQ(mounts[1].version, CgroupMount::Version::kTwo);
}

/// A plain folder in the place of a hierarchy: what would be said to the kernel can be read there.
class PlainCgroupsTest : public ::testing::Test {
 protected:
  std::string Text(const std::string& name) { return ReadFile(folder_ / name, 1000).value(); }
  void Have(const std::string& controllers) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / "cgroup.controllers", controllers + "\n", 0644));
  }

  tests::TemporaryFolder folder_;
};

TEST_F(PlainCgroupsTest, SetTheLimitsOfVersionTwo) {
  Have("cpuset cpu io memory pids");
  const Cgroups cgroups({{folder_.path(), CgroupMount::Version::kTwo, {}}}, "motley-1");
  EXPECT_EQ(cgroups.Make("c", CgroupLimit::kMemory, 64).value(), folder_ / "motley-1/c");
  EXPECT_EQ(Text("cgroup.subtree_control"), "+memory");
  EXPECT_EQ(Text("motley-1/cgroup.subtree_control"), "+memory");
  EXPECT_EQ(Text("motley-1/c/memory.max"), "67108864");
  EXPECT_EQ(Text("motley-1/c/memory.swap.max"), "0");
  EXPECT_EQ(Text("motley-1/c/memory.oom.group"), "1");
  EXPECT_EQ(cgroups.OomFile("c"), folder_ / "motley-1/c/memory.events");
  ASSERT_TRUE(cgroups.Make("c", CgroupLimit::kCpu, 250));
  EXPECT_EQ(Text("motley-1/c/cpu.max"), "25000 100000");
  ASSERT_TRUE(cgroups.Make("c", CgroupLimit::kPids, 7));
  EXPECT_EQ(Text("motley-1/c/pids.max"), "7");
}

TEST_F(PlainCgroupsTest, SetTheLimitsOfVersionOne) {
  const Cgroups cgroups({{folder_.path(), CgroupMount::Version::kOne, {"rw", "memory", "cpu", "pids"}}}, "motley-1");
  ASSERT_TRUE(cgroups.Make("c", CgroupLimit::kMemory, 64));
  EXPECT_EQ(Text("motley-1/c/memory.limit_in_bytes"), "67108864");
  EXPECT_EQ(Text("motley-1/c/memory.memsw.limit_in_bytes"), "67108864");
  EXPECT_EQ(cgroups.OomFile("c"), folder_ / "motley-1/c/memory.oom_control");
  ASSERT_TRUE(cgroups.Make("c", CgroupLimit::kCpu, 1500));
  EXPECT_EQ(Text("motley-1/c/cpu.cfs_period_us"), "100000");
  EXPECT_EQ(Text("motley-1/c/cpu.cfs_quota_us"), "150000");
  ASSERT_TRUE(cgroups.Make("c", CgroupLimit::kPids, 7));
  EXPECT_EQ(Text("motley-1/c/pids.max"), "7");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cgroup.subtree_control"));
}

TEST_F(PlainCgroupsTest, AreNotThereWithoutTheirController) {
  Have("cpu");
  const Cgroups cgroups({{folder_.path(), CgroupMount::Version::kTwo, {}}}, "motley-1");
  EXPECT_TRUE(cgroups.Has(CgroupLimit::kCpu));
  EXPECT_FALSE(cgroups.Has(CgroupLimit::kMemory));
  EXPECT_EQ(cgroups.Make("c", CgroupLimit::kMemory, 64).error().code, Code::kNotFound);
  EXPECT_FALSE(Cgroups().Has(CgroupLimit::kCpu));
}

TEST(Cgroups, EndWhatIsLeftInThem) {
  const tests::TemporaryFolder folder;
  const auto cgroups = Cgroups::OfThisMachine(folder.path());
  std::vector<pid_t> children;
  for (const auto limit : {CgroupLimit::kMemory, CgroupLimit::kCpu, CgroupLimit::kPids}) {
    if (!cgroups.Has(limit)) continue;
    const auto cgroup = cgroups.Make("c", limit, 100);
    ASSERT_TRUE(cgroup) << cgroup.error().message;
    const pid_t child = fork();
    if (child == 0) {
      while (true) pause();
    }
    children.push_back(child);
    std::ofstream(*cgroup + "/cgroup.procs") << child;
    EXPECT_EQ(ReadFile(*cgroup + "/cgroup.procs", 1000).value(), std::to_string(child) + "\n");
  }
  const auto removed = cgroups.Remove("c");
  EXPECT_TRUE(removed) << removed.error().message;
  for (const pid_t child : children) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
  for (const auto limit : {CgroupLimit::kMemory, CgroupLimit::kCpu, CgroupLimit::kPids}) {
    EXPECT_FALSE(cgroups.Exists("c", limit));
  }
}

}  // namespace
}  // namespace motley::agent
