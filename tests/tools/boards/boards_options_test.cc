#include "tools/boards/boards_options.h"

#include <getopt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::boards {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<BoardsOptions> Parse(std::vector<std::string> words) {
  words.insert(words.begin(), "with-boards");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  optind = 0;  // getopt starts over
  opterr = 0;
  return ParseBoardsOptions(static_cast<int>(words.size()), arguments.data());
}

TEST(BoardsOptions, ReadsBoardsFlashFilesAndTheCommand) {
  const auto options = Parse({"--dir", "/d", "--board", "uno:A1", "--board", "nano:B2:/f", "--", "run", "--dir", "x"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->folder, "/d");
  ASSERT_EQ(options->boards.size(), 2u);
  EXPECT_EQ(options->boards[0].serial, "A1");
  EXPECT_EQ(options->boards[1].flash_file, "/f");
  EXPECT_THAT(options->command, ElementsAre("run", "--dir", "x"));
}

TEST(BoardsOptions, RefusesUnknownTypesAndBadOrDoubleSerialNumbers) {
  EXPECT_THAT(Parse({"--board", "abacus:A1", "--", "x"}).error().message,
              HasSubstr("board type \"abacus\": unknown; there are uno, nano"));
  EXPECT_THAT(Parse({"--board", "uno", "--", "x"}).error().message, HasSubstr("as in uno:A1"));
  EXPECT_THAT(Parse({"--board", "uno:a/b", "--", "x"}).error().message, HasSubstr("serial number \"a/b\""));
  EXPECT_THAT(Parse({"--board", "uno:A", "--board", "nano:A", "--", "x"}).error().message, HasSubstr("given twice"));
}

TEST(BoardsOptions, KnowTheSimulatorOfAType) {
  EXPECT_THAT(SimulatorCommand(**FindBoardType("uno"), "/my programs"),
              ElementsAre("/my programs/motley-avrsim", "--model", "atmega328p", "--boot",
                          "/my programs/bootloaders/optiboot-115200.hex"));
}

TEST(BoardsOptions, AsksForWhatIsMissing) {
  EXPECT_THAT(Parse({"--board", "uno:A1"}).error().message, HasSubstr("usage:"));
  EXPECT_THAT(Parse({"--", "x"}).error().message, HasSubstr("usage:"));
  EXPECT_THAT(Parse({"--bord", "uno:A1", "--", "x"}).error().message, HasSubstr("usage:"));
}

}  // namespace
}  // namespace motley::boards
