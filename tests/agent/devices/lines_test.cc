#include "agent/devices/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Hello, IsFoundInALineAlsoBehindWhatWasOnTheWireBefore) {
  EXPECT_EQ(ParseHello("hello firmware=blink version=1.0.0"), (Hello{"blink", "1.0.0"}));
  EXPECT_EQ(ParseHello("\x14\x10uptime=3hello firmware=blink version=1.0.0-rc.1 more=1"),
            (Hello{"blink", "1.0.0-rc.1"}));
}

TEST(Hello, IsNotFoundInOtherLines) {
  for (const char* line : {"", "hello", "hello world", "hello firmware=blink", "hello firmware=blink version=",
                           "hello firmware= version=1", "firmware=blink version=1.0.0"}) {
    EXPECT_FALSE(ParseHello(line).has_value()) << line;
  }
}

TEST(Readings, AreTheWordsWithNumbers) {
  EXPECT_THAT(ParseReadings("uptime_ms=1200 led=on t=-21.5 =5 x= y=1e3 bad name=1 n=nan i=inf"),
              ElementsAre(Pair("uptime_ms", 1200), Pair("t", -21.5), Pair("y", 1000), Pair("name", 1)));
  EXPECT_TRUE(ParseReadings("nothing to see").empty());
}

std::vector<std::string> Split(LineSplitter& splitter, std::string_view text) {
  std::vector<std::string> lines;
  splitter.Add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
               [&](std::string line) { lines.push_back(std::move(line)); });
  return lines;
}

TEST(LineSplitter, PutsPiecesTogether) {
  LineSplitter splitter;
  EXPECT_THAT(Split(splitter, "on"), ElementsAre());
  EXPECT_THAT(Split(splitter, "e\r\ntwo\n\nth"), ElementsAre("one", "two"));
  EXPECT_THAT(Split(splitter, "ree\n"), ElementsAre("three"));
}

TEST(LineSplitter, CutsLongLinesAndReplacesNoise) {
  LineSplitter splitter;
  const auto lines = Split(splitter, std::string(LineSplitter::kMaxLineBytes + 10, 'x') + "\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].size(), LineSplitter::kMaxLineBytes);
  EXPECT_EQ(lines[1].size(), 10u);
  EXPECT_THAT(Split(splitter, "a\xff\x01z\n"), ElementsAre("a??z"));
}

}  // namespace
}  // namespace motley::agent
