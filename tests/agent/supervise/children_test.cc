#include "agent/supervise/children.h"

#include <gtest/gtest.h>

namespace motley::agent {
namespace {

TEST(ProcessPlace, IsReadBehindANameWithBracketsAndBlanks) {
  ProcessPlace place;
  ASSERT_TRUE(ParseProcessPlace("812 (a) b (c)) S 17 812 800 0 -1 4194560 1", &place));
  EXPECT_EQ(place.parent, 17);
  EXPECT_EQ(place.group, 812);
  EXPECT_EQ(place.session, 800);
}

TEST(ProcessPlace, IsRefusedWhenCutOff) {
  ProcessPlace place;
  for (const char* text : {"", "812", "812 (sh)", "812 (sh) S", "812 (sh) S 17 8", "812 (sh) S x y z 0"}) {
    EXPECT_FALSE(ParseProcessPlace(text, &place)) << text;
  }
}

TEST(HasEntry, ComparesWholeEntries) {
  const std::string_view environment("A=1\0MOTLEY_COMPONENT=web\0B=2\0", 29);
  EXPECT_TRUE(HasEntry(environment, "MOTLEY_COMPONENT=web"));
  EXPECT_TRUE(HasEntry(environment, "B=2"));
  EXPECT_FALSE(HasEntry(environment, "MOTLEY_COMPONENT=we"));
  EXPECT_FALSE(HasEntry(environment, "COMPONENT=web"));
  EXPECT_FALSE(HasEntry("", "A=1"));
  // Cut off by the size of the buffer that it was read into.
  EXPECT_FALSE(HasEntry("A=1", "A=12"));
}

}  // namespace
}  // namespace motley::agent
