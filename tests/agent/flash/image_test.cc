#include "agent/flash/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/catalogue.h"
#include "agent/flash/intel_hex.h"

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(IntelHex, IsReadWithGapsErased) {
  const auto image = ParseIntelHex(
      ":0200000001020000\n"
      ":00000001FF\n");
  EXPECT_FALSE(image.has_value());  // checksum
  const auto sound = ParseIntelHex(":020000000102FB\r\n:0100040005F6\r\n:00000001FF\r\n");
  ASSERT_TRUE(sound.has_value()) << sound.error().message;
  EXPECT_THAT(sound->segments, ElementsAre(Segment{0, {1, 2}}, Segment{4, {5}}));
  EXPECT_THAT(ContentOf(*sound, 1, 4), ElementsAre(2, 0xFF, 0xFF, 5));
}

TEST(IntelHex, KnowsExtendedAddresses) {
  const auto segment = ParseIntelHex(":020000020010EC\n:0100000005FA\n:00000001FF\n");
  ASSERT_TRUE(segment.has_value()) << segment.error().message;
  EXPECT_EQ(segment->segments[0].address, 0x100u);
  const auto linear = ParseIntelHex(":020000040001F9\n:0100000005FA\n:00000001FF\n");
  ASSERT_TRUE(linear.has_value()) << linear.error().message;
  EXPECT_EQ(linear->segments[0].address, 0x10000u);
}

struct Broken {
  const char* text;
  const char* message;
};
class BrokenHex : public testing::TestWithParam<Broken> {};

TEST_P(BrokenHex, IsRefusedWithTheLine) {
  const auto image = ParseIntelHex(GetParam().text);
  ASSERT_FALSE(image.has_value());
  EXPECT_THAT(image.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenHex,
    testing::Values(Broken{":020000000102FB\n", "the end record is missing"}, Broken{"", "the end record is missing"},
                    Broken{":020000000102FC\n:00000001FF\n", "line 1: the checksum is wrong"},
                    Broken{":0200000001\n:00000001FF\n", "line 1: the record says 2 data bytes and has 0"},
                    Broken{":0200\n", "line 1: the record is cut off"},
                    Broken{"020000000102FB\n", "line 1: a record begins with ':'"},
                    Broken{":02000000010GFB\n", "\"0G\" are not hexadecimal digits"},
                    Broken{":00000001FF\n:020000000102FB\n", "line 2: there is more after the end record"},
                    Broken{":020000000102FB\n:0100010005F9\n:00000001FF\n", "line 2: address 0x1 is there twice"},
                    Broken{":00000006FA\n:00000001FF\n", "record type 6 does not exist"},
                    Broken{":0100000400FB\n:00000001FF\n", "an address record has two data bytes"},
                    Broken{":0100000301FB\n:00000001FF\n", "a start record has four data bytes"},
                    Broken{":0100000100FE\n", "an end record has no data"}, Broken{":00000001FF\n", "holds no data"},
                    Broken{":02FFFF000102FD\n:00000001FF\n", "runs past the end of its 64 KiB"}));

TEST(Image, IsHexByItsNameAndElseRaw) {
  EXPECT_THAT(ParseImage("fw.bin", "\x01\x02", 0x2000)->segments, ElementsAre(Segment{0x2000, {1, 2}}));
  EXPECT_THAT(ParseImage("FW.HEX", ":0100000005FA\n:00000001FF\n", 0x2000)->segments, ElementsAre(Segment{0, {5}}));
  EXPECT_THAT(ParseImage("fw.hex", "garbage", 0).error().message, HasSubstr("fw.hex: HEX file, line 1"));
  EXPECT_FALSE(ParseImage("fw.bin", "", 0).has_value());
}

TEST(Image, MustFitBelowTheBootloader) {
  const auto catalogue = BoardCatalogue::BuiltIn();
  const BoardType& uno = *catalogue.Find("uno");
  EXPECT_TRUE(CheckFits({{{0, std::vector<std::uint8_t>(32256)}}}, uno).has_value());
  EXPECT_EQ(
      CheckFits({{{0, std::vector<std::uint8_t>(32257)}}}, uno).error().message,
      "the image has something at 0x0 to 0x7E00, and an application for board uno may occupy 0x0 to 0x7DFF: the rest "
      "is the bootloader's, or is not there; make it smaller, link it for this chip, or take another board");
}

}  // namespace
}  // namespace motley::agent
