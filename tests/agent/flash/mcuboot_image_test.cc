#include "agent/flash/mcuboot_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/catalogue.h"
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

TEST(McubootImage, HasRoomForTheSwapAndTimeForIt) {
  const BoardCatalogue catalogue = BoardCatalogue::BuiltIn();
  const BoardType& board = *catalogue.Find("nrf52-mcuboot");
  // A slot ends at 0x82000: its last sector is the trailer's, and the one before is where the swap begins.
  EXPECT_TRUE(CheckFits({{{0xC000, std::vector<std::uint8_t>(0x80000 - 0xC000)}}}, board));
  EXPECT_FALSE(CheckFits({{{0xC000, std::vector<std::uint8_t>(0x80001 - 0xC000)}}}, board));
  const auto sectors = (board.application_end - board.application_begin) / 4096;
  EXPECT_GE(board.start_time, 3 * sectors * std::chrono::microseconds(85'000 + 1024 * 41));
}

}  // namespace
}  // namespace motley::agent
