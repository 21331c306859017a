#include "common/model/version.h"

#include <gtest/gtest.h>

namespace motley {
namespace {

TEST(Version, IsToldFromOtherText) {
  for (const char* text : {"0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.3.7",
                           "1.0.0+20130313", "1.0.0-beta+exp.sha.5114f85", "1.0.0--"}) {
    EXPECT_TRUE(IsVersion(text)) << text;
  }
  for (const char* text :
       {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "v1.2.3", "1.2.x", "1.2.3-a..b"}) {
    EXPECT_FALSE(IsVersion(text)) << text;
  }
}

TEST(Version, ComesInTheOrderOfTheStandard) {
  // semver.org 2.0.0, item 11.
  const std::vector<std::string_view> order{
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
      "1.0.0-rc.1",  "1.0.0",         "1.0.10",           "1.2.0",      "2.0.0"};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      const int compared = CompareVersions(order[i], order[j]);
      EXPECT_EQ(compared < 0, i < j) << order[i] << " " << order[j];
      EXPECT_EQ(compared > 0, i > j) << order[i] << " " << order[j];
    }
  }
  EXPECT_EQ(CompareVersions("1.0.0+a", "1.0.0+b"), 0);
}

}  // namespace
}  // namespace motley
