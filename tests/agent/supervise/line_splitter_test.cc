#include "agent/supervise/line_splitter.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LineSplitterTest : public ::testing::Test {
 protected:
  void Feed(std::string_view piece) {
    splitter_.Feed(piece, [this](std::string_view line) { lines_.emplace_back(line); });
  }
  void Flush() {
    splitter_.Flush([this](std::string_view line) { lines_.emplace_back(line); });
  }

  LineSplitter splitter_;
  std::vector<std::string> lines_;
};

TEST_F(LineSplitterTest, PutsPiecesTogether) {
  Feed("one\ntw");
  Feed("o\r\n");
  Feed("\nthree");
  EXPECT_THAT(lines_, ElementsAre("one", "two", ""));
  Flush();
  EXPECT_THAT(lines_, ElementsAre("one", "two", "", "three"));
}

TEST_F(LineSplitterTest, GivesTheSameLinesHoweverTheStreamIsCut) {
  const std::string text = "alpha\n\nbeta\r\ngamma\n" + std::string(5000, 'x') + "\nomega\n";
  Feed(text);
  const auto whole = lines_;
  lines_.clear();
  for (const char c : text) Feed(std::string_view(&c, 1));
  EXPECT_EQ(lines_, whole);
}

TEST_F(LineSplitterTest, CutsALineThatIsTooLong) {
  Feed(std::string(10000, 'x'));
  Feed(std::string(10000, 'x') + "\nnext\n");
  EXPECT_THAT(lines_, ElementsAre(std::string(4096, 'x') + " [cut]", "next"));
}

TEST_F(LineSplitterTest, TakesALineOfTheGreatestLengthWhole) {
  Feed(std::string(4096, 'x') + "\n");
  EXPECT_THAT(lines_, ElementsAre(std::string(4096, 'x')));
}

TEST_F(LineSplitterTest, StartsAnewAfterAFlush) {
  Feed(std::string(5000, 'x'));
  Flush();
  lines_.clear();
  Flush();
  EXPECT_THAT(lines_, IsEmpty());
  Feed("fresh\n");
  EXPECT_THAT(lines_, ElementsAre("fresh"));
}

}  // namespace
}  // namespace motley::agent
