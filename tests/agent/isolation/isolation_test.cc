#include "agent/isolation/isolation.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class IsolationTest : public ::testing::Test {
 protected:
  IsolationTest() {
    confined_.limits.set_memory_mb(64);
    confined_.limits.set_cpu_millis(500);
    confined_.limits.set_pids(10);
    EXPECT_TRUE(MakeFolder(folder_ / "state"));
    EXPECT_EQ(chmod(folder_.path().c_str(), 0711), 0);
    EXPECT_TRUE(MakeFolder(folder_ / "cgroup"));
    EXPECT_TRUE(WriteFileAtomically(folder_ / "cgroup/cgroup.controllers", "cpu memory pids\n", 0644));
  }
  /// On a hierarchy of version 2 that is a plain folder.
  Cgroups PlainCgroups() { return Cgroups({{folder_ / "cgroup", CgroupMount::Version::kTwo, {}}}, "motley-1"); }

  tests::TemporaryFolder folder_;
  Confined confined_{"run", {"app", "web"}, "", {}};
};

TEST_F(IsolationTest, PutsAllLimitsIntoOneCgroupOfVersionTwo) {
  const Isolation isolation(folder_ / "state", PlainCgroups());
  SupervisorLaunch launch;
  ASSERT_TRUE(isolation.Confine(confined_, &launch));
  EXPECT_THAT(launch.cgroups, ElementsAre(folder_ / "cgroup/motley-1/run~app~web"));
  EXPECT_EQ(launch.oom_file, folder_ / "cgroup/motley-1/run~app~web/memory.events");
  EXPECT_EQ(launch.memory_mb, 64u);
  EXPECT_EQ(launch.address_space_mb, 0u);
  EXPECT_EQ(isolation.Unenforced(confined_), "");
}

TEST_F(IsolationTest, DoesWithoutCgroupsWhatResourceLimitsCanAndSaysSo) {
  const Isolation isolation(folder_ / "state", Cgroups());
  SupervisorLaunch launch;
  ASSERT_TRUE(isolation.Confine(confined_, &launch));
  EXPECT_THAT(launch.cgroups, IsEmpty());
  EXPECT_EQ(launch.address_space_mb, 64u);
  // The super-user is not held by a limit of processes.
  EXPECT_EQ(launch.user_processes, 0u);
  EXPECT_EQ(isolation.Unenforced(confined_),
            "without cgroups; memory_mb limits the address space of each process; not enforced: cpu_millis, pids");
  confined_.user = "nobody";
  ASSERT_TRUE(isolation.Confine(confined_, &launch));
  EXPECT_EQ(launch.user_processes, 10u);
  EXPECT_EQ(
      isolation.Unenforced(confined_),
      "without cgroups; memory_mb limits the address space of each process; pids limits all processes of its user "
      "together; not enforced: cpu_millis");
}

TEST_F(IsolationTest, AsksForNothingWhereNothingIsLimited) {
  const Isolation isolation(folder_ / "state", PlainCgroups());
  confined_.limits = {};
  SupervisorLaunch launch;
  ASSERT_TRUE(isolation.Confine(confined_, &launch));
  EXPECT_THAT(launch.cgroups, IsEmpty());
  EXPECT_FALSE(launch.user);
  EXPECT_EQ(isolation.Unenforced(confined_), "");
  EXPECT_EQ(isolation.OverDiskLimit(confined_), std::nullopt);
}

TEST_F(IsolationTest, RefusesALimitThatNoMachineReaches) {
  const Isolation isolation(folder_ / "state", Cgroups());
  EXPECT_TRUE(isolation.Check(confined_));
  confined_.limits.set_disk_mb(~0ull);
  const auto checked = isolation.Check(confined_);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::kInvalid);
}

TEST_F(IsolationTest, GivesAUserHisNameAndAPlaceForTemporaryFiles) {
  std::map<std::string, std::string> variables = {{"TMPDIR", "/closed"}};
  Isolation::AddUserVariables(confined_, &variables);
  EXPECT_EQ(variables["TMPDIR"], "/closed");
  confined_.user = "nobody";
  Isolation::AddUserVariables(confined_, &variables);
  EXPECT_EQ(variables,
            (std::map<std::string, std::string>{{"LOGNAME", "nobody"}, {"TMPDIR", "/tmp"}, {"USER", "nobody"}}));
}

}  // namespace
}  // namespace motley::agent
