#include "agent/flash/board_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kFile[] = "boards:\n  mine: {like: uno, title: Greenhouse}\nserial_numbers: {A1: mine}\n";

class BoardListTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ / name;
    EXPECT_TRUE(WriteFileAtomically(path, text, 0600).has_value());
    return path;
  }
  std::string List(const std::string& check_file) const {
    const auto listed = ListBoards(folder_.path(), check_file);
    return listed ? *listed : listed.error().message;
  }

  const tests::TemporaryFolder folder_;
  const tests::TemporaryFolder elsewhere_;
};

TEST_F(BoardListTest, ShowsAllTypesAndTheBoardsThatFilesName) {
  const std::string path = Write("a.yaml", kFile);
  const std::string list = List("");
  EXPECT_THAT(list, StartsWith("TYPE "));
  EXPECT_THAT(list, ContainsRegex("\nuno +ATmega328P +stk500v1 +31.5 KiB at 0x0 +2341:0043 [^\n]* Arduino Uno R3\n"));
  EXPECT_THAT(list, HasSubstr("tool avrdude"));
  EXPECT_THAT(list, HasSubstr("\nserial number A1  mine  " + path + ":3\n"));
}

TEST_F(BoardListTest, ShowsWhatTheFileAddsThatIsChecked) {
  for (const std::string& path : {Write("a.yaml", kFile), elsewhere_ / "b.yaml"}) {
    ASSERT_TRUE(WriteFileAtomically(path, kFile, 0600).has_value());
    EXPECT_THAT(List(path), AllOf(HasSubstr("\nmine "), HasSubstr("Greenhouse"), HasSubstr("serial number A1"),
                                  Not(HasSubstr("\nuno "))))
        << path;
    ASSERT_EQ(remove(path.c_str()), 0);
  }
}

TEST_F(BoardListTest, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(List(folder_ / "none.yaml"), HasSubstr("none.yaml"));
  Write("a.yaml", kFile);
  ASSERT_TRUE(WriteFileAtomically(elsewhere_ / "b.yaml", kFile, 0600).has_value());
  EXPECT_EQ(List(elsewhere_ / "b.yaml"), elsewhere_ / "b.yaml" + ":2: board \"mine\" is in " + (folder_ / "a.yaml") +
                                             ":2 as well; keep one of both");
}

}  // namespace
}  // namespace motley::agent
