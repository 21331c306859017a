#include <gtest/gtest.h>

#include "common/files/files.h"
#include "common/release/release.h"

namespace motley {
namespace {

TEST(ReleaseFileDocument, HasAnExampleThatHolds) {
  const auto text = ReadFile(MOTLEY_SOURCE_DIR "/docs/release-file.md", 1024 * 1024);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const std::string open = "```yaml\n";
  const auto start = text->find(open);
  ASSERT_NE(start, std::string::npos);
  const auto end = text->find("```", start + open.size());
  const auto draft = ParseReleaseFile("example", text->substr(start + open.size(), end - start - open.size()));
  ASSERT_TRUE(draft.has_value()) << draft.error().message;
  EXPECT_EQ(draft->release.variants_size(), 3);
}

}  // namespace
}  // namespace motley
