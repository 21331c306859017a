#include "agent/context/context.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using ::testing::HasSubstr;

TEST(DebianArch, KnowsTheNamesOfMachines) {
  EXPECT_EQ(DebianArch("x86_64", true), "amd64");
  EXPECT_EQ(DebianArch("aarch64", true), "arm64");
  EXPECT_EQ(DebianArch("armv7l", false), "armhf");
  EXPECT_EQ(DebianArch("i686", false), "i386");
  EXPECT_EQ(DebianArch("riscv64", true), "riscv64");
  // A 32-bit system on a 64-bit kernel.
  EXPECT_EQ(DebianArch("aarch64", false), "armhf");
  EXPECT_EQ(DebianArch("x86_64", false), "i386");
  EXPECT_EQ(DebianArch("sparc64", true), "sparc64");
}

TEST(OsRelease, IsReadWithAndWithoutQuotes) {
  const std::string text =
      "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\nHOME='x y'\nODD=\"a \\\"b\\\"\"";
  EXPECT_EQ(OsReleaseValue(text, "ID"), "debian");
  EXPECT_EQ(OsReleaseValue(text, "VERSION_ID"), "12");
  EXPECT_EQ(OsReleaseValue(text, "PRETTY_NAME"), "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(OsReleaseValue(text, "HOME"), "x y");
  EXPECT_EQ(OsReleaseValue(text, "ODD"), "a \"b\"");
  EXPECT_EQ(OsReleaseValue(text, "NOTHING"), "");
  EXPECT_EQ(OsReleaseValue("", "ID"), "");
  EXPECT_EQ(OsReleaseValue("ID=\"", "ID"), "\"");
}

TEST(MemInfo, GivesBytes) {
  const std::string text = "MemTotal:       24639316 kB\nMemFree:  1 kB\nHugePages_Total:       0\n";
  EXPECT_EQ(MemInfoBytes(text, "MemTotal"), 24639316ull * 1024);
  EXPECT_EQ(MemInfoBytes(text, "MemFree"), 1024u);
  EXPECT_EQ(MemInfoBytes(text, "MemFre"), std::nullopt);
  EXPECT_EQ(MemInfoBytes("MemTotal: much kB\n", "MemTotal"), std::nullopt);
  EXPECT_EQ(MemInfoBytes("", "MemTotal"), std::nullopt);
}

TEST(Context, ComesFromTheGatewaysFiles) {
  tests::TemporaryFolder folder;
  ASSERT_TRUE(MakeFolder(folder / "etc"));
  ASSERT_TRUE(MakeFolder(folder / "proc"));
  ASSERT_TRUE(WriteFileAtomically(folder / "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n", 0644));
  ASSERT_TRUE(WriteFileAtomically(folder / "proc/meminfo", "MemTotal:  1048576 kB\n", 0644));
  // The state folder need not be there yet.
  const auto context = DiscoverContext({folder.path(), folder / "var/lib/motley"}, {});
  EXPECT_EQ(context.os(), "debian");
  EXPECT_EQ(context.os_version(), "12");
  EXPECT_EQ(context.memory_mb(), 1024u);
  EXPECT_GT(context.disk_mb(), 0u);
  EXPECT_GE(context.cpus(), 1u);
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  EXPECT_EQ(context.hostname(), name);
  EXPECT_FALSE(context.arch().empty());
  EXPECT_EQ(context.boards_size(), 0);
}

TEST(Context, LeavesOutWhatCanNotBeFoundOut) {
  tests::TemporaryFolder folder;
  const auto context = DiscoverContext({folder.path(), folder.path()}, {});
  EXPECT_EQ(context.os(), "");
  EXPECT_EQ(context.memory_mb(), 0u);
}

TEST(Context, FallsBackToTheVendorsOsRelease) {
  tests::TemporaryFolder folder;
  ASSERT_TRUE(MakeFolder(folder / "usr/lib"));
  ASSERT_TRUE(WriteFileAtomically(folder / "usr/lib/os-release", "ID=alpine\n", 0644));
  EXPECT_EQ(DiscoverContext({folder.path(), folder.path()}, {}).os(), "alpine");
}

TEST(Context, CanBeOverridden) {
  ContextOverrides overrides;
  for (const char* text :
       {"arch=armhf", "os=yocto", "os_version=4.0", "memory_mb=512", "disk_mb=2048", "cpus=1", "hostname=edge-3"}) {
    EXPECT_TRUE(ParseContextOverride(text, &overrides)) << text;
  }
  const auto context = DiscoverContext({"", "/"}, overrides);
  EXPECT_EQ(context.arch(), "armhf");
  EXPECT_EQ(context.os(), "yocto");
  EXPECT_EQ(context.os_version(), "4.0");
  EXPECT_EQ(context.memory_mb(), 512u);
  EXPECT_EQ(context.disk_mb(), 2048u);
  EXPECT_EQ(context.cpus(), 1u);
  EXPECT_EQ(context.hostname(), "edge-3");
}

TEST(Context, RefusesOverridesWithTheReason) {
  struct Row {
    const char* text;
    const char* reason;
  };
  const Row rows[] = {
      {"memory_mb", "expected key=value"},
      {"arch=", "expected key=value"},
      {"memory=512", "\"memory\" is not known; there are arch, os,"},
      {"memory_mb=512M", "context memory_mb=512M: expected a whole number, such as memory_mb=512"},
      {"cpus=-1", "expected a whole number"},
      {"cpus=99999999999", "expected a whole number"},
  };
  for (const auto& row : rows) {
    ContextOverrides overrides;
    const auto parsed = ParseContextOverride(row.text, &overrides);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
    EXPECT_THAT(parsed.error().message, HasSubstr(row.reason));
  }
}

}  // namespace
}  // namespace motley::agent
