#include "controller/api/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Target, IsTakenApartAndDecoded) {
  const auto target = ParseTarget("/v1/a%20b/c+d?x=1&y=a%26b+c&z&&x=2");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/a%20b/c+d");
  EXPECT_THAT(target->segments, ElementsAre("v1", "a b", "c+d"));
  EXPECT_THAT(target->query, ElementsAre(Pair("x", "2"), Pair("y", "a&b c"), Pair("z", "")));
}

TEST(Target, KeepsAnEscapedSlashInItsSegment) {
  const auto target = ParseTarget("/v1/..%2Fetc");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("v1", "../etc"));
}

TEST(Target, RefusesBrokenEscapes) {
  for (const std::string broken : {"/%", "/%4", "/%zz", "/a?b=%", "/a?%0=1"}) {
    EXPECT_FALSE(ParseTarget(broken)) << broken;
  }
  EXPECT_TRUE(ParseTarget("/%41"));
}

TEST(Target, RefusesControlCharactersAndRelativePaths) {
  EXPECT_THAT(ParseTarget("/a%0ab").error().message, HasSubstr("0x0a"));
  EXPECT_FALSE(ParseTarget("/%00"));
  EXPECT_FALSE(ParseTarget("/%7f"));
  EXPECT_FALSE(ParseTarget(""));
  EXPECT_FALSE(ParseTarget("*"));
  EXPECT_FALSE(ParseTarget("http://host/path"));
}

struct RangeCase {
  std::string header;
  std::uint64_t size;
  RangeKind kind;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

class RangeTest : public testing::TestWithParam<RangeCase> {};

TEST_P(RangeTest, IsChosenAsRfc9110Says) {
  const auto& [header, size, kind, first, last] = GetParam();
  const auto choice = ParseRange(header, size);
  EXPECT_EQ(choice.kind, kind) << header;
  if (kind != RangeKind::kPart) return;
  EXPECT_EQ(choice.range.first, first) << header;
  EXPECT_EQ(choice.range.last, last) << header;
}

INSTANTIATE_TEST_SUITE_P(
    Headers, RangeTest,
    testing::Values(
        RangeCase{"bytes=0-0", 10, RangeKind::kPart, 0, 0}, RangeCase{"bytes=0-99", 10, RangeKind::kPart, 0, 9},
        RangeCase{"bytes=9-", 10, RangeKind::kPart, 9, 9}, RangeCase{"bytes=-3", 10, RangeKind::kPart, 7, 9},
        RangeCase{"bytes=-30", 10, RangeKind::kPart, 0, 9}, RangeCase{"bytes=10-", 10, RangeKind::kUnsatisfiable},
        RangeCase{"bytes=10-20", 10, RangeKind::kUnsatisfiable}, RangeCase{"bytes=-0", 10, RangeKind::kUnsatisfiable},
        RangeCase{"bytes=0-", 0, RangeKind::kUnsatisfiable}, RangeCase{"bytes=-1", 0, RangeKind::kUnsatisfiable},
        RangeCase{"", 10, RangeKind::kWhole}, RangeCase{"bytes=", 10, RangeKind::kWhole},
        RangeCase{"bytes=-", 10, RangeKind::kWhole}, RangeCase{"bytes=5-4", 10, RangeKind::kWhole},
        RangeCase{"bytes=0-1,3-4", 10, RangeKind::kWhole}, RangeCase{"bytes=a-b", 10, RangeKind::kWhole},
        RangeCase{"bytes=1-x", 10, RangeKind::kWhole}, RangeCase{"bytes=+1-2", 10, RangeKind::kWhole},
        RangeCase{"bytes=18446744073709551616-", 10, RangeKind::kWhole},
        RangeCase{"lines=1-2", 10, RangeKind::kWhole}));

}  // namespace
}  // namespace motley::controller
