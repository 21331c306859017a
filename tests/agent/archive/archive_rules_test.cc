#include "agent/kinds/archive_rules.h"

#include <gmock/gmock.h>

#include <vector>

namespace motley::agent {
namespace {

using ::testing::HasSubstr;
using Type = ArchiveEntry::Type;

Result<void> Judge(std::vector<ArchiveEntry> entries, const ArchiveRules::Limits& limits = {}) {
  ArchiveRules rules(limits);
  for (auto& entry : entries) TRY(rules.Admit(entry));
  return rules.CheckLinks();
}

ArchiveEntry File(const std::string& path, std::uint64_t size_bytes = 1, unsigned mode = 0644) {
  return {path, Type::kFile, mode, size_bytes, 0, ""};
}
ArchiveEntry Folder(const std::string& path) { return {path, Type::kFolder, 0755, 0, 0, ""}; }
ArchiveEntry Link(const std::string& path, const std::string& target) {
  return {path, Type::kLink, 0777, 0, 0, target};
}
ArchiveEntry HardLink(const std::string& path, const std::string& target) {
  return {path, Type::kHardLink, 0644, 0, 0, target};
}

TEST(ArchiveRules, MakePathsPlain) {
  for (const std::string path : {"a/b", "./a/b", "a//b/", "./a/./b"}) {
    const auto plain = PlainArchivePath(path);
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(*plain, "a/b");
  }
  EXPECT_EQ(*PlainArchivePath("./"), "");
  EXPECT_EQ(*PlainArchivePath("..a/b.."), "..a/b..");
}

TEST(ArchiveRules, TakeWhatStaysInside) {
  const auto good = Judge({Folder("./"), Folder("./a"), File("./a/b"), Folder("a"), Link("a/c", "b"),
                           Link("up", "a/../a/b"), Link("later", "a/not-there"), Link("a/x", "./../a"),
                           HardLink("hard", "./a/b"), File("implied/deep/file"), File("...")});
  EXPECT_TRUE(good) << good.error().message;
}

TEST(ArchiveRules, RefuseEverythingThatLeadsOutOrIsNoContent) {
  struct Row {
    std::vector<ArchiveEntry> entries;
    std::string why;
  };
  const Row rows[] = {
      {{File("/etc/passwd")}, "entry \"/etc/passwd\" has an absolute path"},
      {{File("a/../../b")}, "has \"..\" in its path"},
      {{File("..")}, "has \"..\" in its path"},
      {{File("")}, "has no name"},
      {{File("a\xFF")}, "is not UTF-8"},
      {{File(std::string(3000, 'x'))}, "more than 2048 bytes"},
      {{File(std::string(300, 'x'))}, "more than 255 bytes"},
      {{File(".")}, "is no folder"},
      {{File("a"), File("./a")}, "\"a\" is there twice"},
      {{Folder("a"), File("a")}, "is there twice"},
      {{File("a/b"), File("a")}, "is there twice"},
      {{File("a"), File("a/b")}, "goes through \"a\", which is no folder"},
      {{Link("a", "b"), File("a/b")}, "goes through \"a\", which is no folder"},
      {{{"tty", Type::kDevice, 0600, 0, 0, ""}}, "is a device"},
      {{{"fifo", Type::kPipe, 0600, 0, 0, ""}}, "is a named pipe"},
      {{{"odd", Type::kOther, 0600, 0, 0, ""}}, "is no file, folder or link"},
      {{File("su", 1, 04755)}, "set-user-id"},
      {{File("sg", 1, 02755)}, "set-group-id"},
      {{HardLink("a", "b")}, "is a hard link to \"b\", which is no file before it"},
      {{HardLink("a", "/etc/shadow")}, "absolute"},
      {{Link("a", "b"), HardLink("c", "a")}, "which is no file before it"},
      {{Link("a", "/etc")}, "is a symbolic link to \"/etc\", which leads out"},
      {{Link("a", "..")}, "leads out"},
      {{Link("a/b", "../..")}, "leads out"},
      {{Link("a/b", "x/../../../etc")}, "leads out"},
      {{Link("a", "")}, "no proper path"},
      // Each of the two alone stays inside; ".." goes up from where the first one leads.
      {{Folder("d1/d2"), Link("d1/d2/s", "../.."), Link("t", "d1/d2/s/..")}, "entry \"t\" is a symbolic link"},
      {{Link("a", "b"), Link("b", "a")}, "goes round in a circle"},
  };
  for (const auto& row : rows) {
    const auto judged = Judge(row.entries);
    ASSERT_FALSE(judged) << row.why;
    EXPECT_EQ(judged.error().code, Code::kInvalid);
    EXPECT_THAT(judged.error().message, HasSubstr(row.why));
  }
}

TEST(ArchiveRules, HoldTheLimits) {
  const ArchiveRules::Limits limits{.entries = 3, .bytes = 100};
  EXPECT_TRUE(Judge({File("a", 60), File("b", 40), Folder("c")}, limits));
  EXPECT_THAT(Judge({File("a"), File("b/c/d")}, limits).error().message, HasSubstr("at most 3"));
  EXPECT_THAT(Judge({File("a", 60), File("b", 41)}, limits).error().message, HasSubstr("limit of 100 bytes unpacked"));
  EXPECT_THAT(Judge({File("a", 1), File("b", UINT64_MAX)}, limits).error().message, HasSubstr("limit of 100 bytes"));
}

}  // namespace
}  // namespace motley::agent
