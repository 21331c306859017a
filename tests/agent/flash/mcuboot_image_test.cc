#include "agent/flash/mcuboot_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/mcuboot_image.h"

namespace motley::agent {
namespace {

using testing::HasSubstr;

Result<McubootImage> Parse(std::vector<std::uint8_t> bytes) {
  return ParseMcubootImage({{{0xC000, std::move(bytes)}}});
}

TEST(McubootImage, SaysItsVersionAndHash) {
  const auto bytes = tests::MakeMcubootImage("1.2.3", "program");
  const auto image = Parse(bytes);
  ASSERT_TRUE(image.has_value()) << image.error().message;
  EXPECT_EQ(image->version, "1.2.3");
  EXPECT_EQ(image->bytes, bytes);
  EXPECT_TRUE(std::equal(image->hash.begin(), image->hash.end(), bytes.end() - 32));
}

TEST(McubootImage, IsNothingElse) {
  const auto plain = Parse(std::vector<std::uint8_t>(100, 0x55));
  EXPECT_EQ(plain.error().code, Code::kInvalid);
  EXPECT_THAT(plain.error().message, HasSubstr("sign it with imgtool"));
  EXPECT_THAT(ParseMcubootImage({{{0, {1}}, {9, {2}}}}).error().message, HasSubstr("is one piece, and this one has 2"));
}

TEST(McubootImage, IsRefusedWithEachByteMissingOrChanged) {
  const auto bytes = tests::MakeMcubootImage("1.2.3", "program");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Parse({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)})) << size;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= 0x10;
    EXPECT_FALSE(Parse(changed)) << i;
  }
}

}  // namespace
}  // namespace motley::agent
