// S-records, UF2, the version in an image, and which format a name stands for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/catalogue.h"
#include "agent/flash/embedded_version.h"
#include "agent/flash/image.h"
#include "agent/flash/intel_hex.h"
#include "agent/flash/srecord.h"
#include "agent/flash/uf2.h"

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Broken {
  std::string content;
  std::string message;
};

// The example of the M68000 Family Programmer's Reference Manual, appendix C.
constexpr char kManual[] =
    "S00600004844521B\n"
    "S1130000285F245F2212226A000424290008237C2A\n"
    "S11300100002000800082629001853812341001813\n"
    "S113002041E900084E42234300182342000824A952\n"
    "S107003000144ED492\n"
    "S9030000FC\n";

TEST(SRecords, AreReadAsTheManualsExampleSays) {
  const auto image = ParseSRecords(kManual);
  ASSERT_TRUE(image.has_value()) << image.error().message;
  ASSERT_EQ(image->segments.size(), 1u);
  EXPECT_EQ(image->segments[0].address, 0u);
  EXPECT_EQ(image->segments[0].bytes.size(), 0x34u);
  EXPECT_THAT(ContentOf(*image, 0, 4), ElementsAre(0x28, 0x5F, 0x24, 0x5F));
  EXPECT_THAT(ContentOf(*image, 0x30, 4), ElementsAre(0x00, 0x14, 0x4E, 0xD4));
}

TEST(SRecords, KnowAddressesOfTwoThreeAndFourBytesAndCounts) {
  const auto three = ParseSRecords("S104000101F9\nS20510000002E8\nS3060800000003EE\nS5030003F9\nS70508000000F2\n");
  ASSERT_TRUE(three.has_value()) << three.error().message;
  EXPECT_THAT(three->segments, ElementsAre(Segment{1, {1}}, Segment{0x100000, {2}}, Segment{0x08000000, {3}}));
}

class BrokenSRecords : public testing::TestWithParam<Broken> {};

TEST_P(BrokenSRecords, AreRefusedWithTheLine) {
  const auto image = ParseSRecords(GetParam().content);
  ASSERT_FALSE(image.has_value());
  EXPECT_THAT(image.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenSRecords,
    testing::Values(Broken{"", "the record that ends the file (S7, S8 or S9) is missing"},
                    Broken{"S104000101F9\n", "the record that ends the file (S7, S8 or S9) is missing"},
                    Broken{"S104000101F8\nS9030000FC\n", "line 1: the checksum is wrong"},
                    Broken{"S105000101F8\nS9030000FC\n", "line 1: the record says that 5 bytes follow, and 4 do"},
                    Broken{"S10400010\nS9030000FC\n", "line 1: the record is cut off"},
                    Broken{"S1\n", "line 1: the record is cut off"}, Broken{"S102FFFE\n", "is too short for an S1"},
                    Broken{"X104000101F9\n", "line 1: a record begins with 'S' and a digit"},
                    Broken{"S404000101F9\n", "a record of type S4 has no meaning"},
                    Broken{"S1040001ZZF9\n", "\"ZZ\" are not hexadecimal digits"},
                    Broken{"S104000101F9\nS104000101F9\nS9030000FC\n", "line 2: address 0x1 is there twice"},
                    Broken{"S104000101F9\nS5030002FA\nS9030000FC\n", "has 2 data records before this one, and has 1"},
                    Broken{"S104000101F9\nS70500000000FA\n", "S7 ends a file of S3 records, and the file has S1"},
                    Broken{"S104000101F9\nS9030000FC\nS104000201F8\n", "line 3: there is more"},
                    Broken{"S104000101F9\nS904000000FB\n", "has no data"},
                    Broken{"S105FFFF0102F9\nS9030000FC\n", "runs past the end of its addresses"},
                    Broken{"S9030000FC\n", "holds no data"}));

struct Block {
  std::uint32_t address = 0;
  std::uint32_t number = 0;
  std::uint32_t count = 1;
  std::uint32_t flags = 0x2000;
  std::uint32_t family = 0xE48BFF56;
  std::uint32_t size = 256;
  char fill = 'x';
};

std::string Uf2(const Block& block) {
  std::string bytes;
  const auto word = [&](std::uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  };
  for (const std::uint32_t value :
       {0x0A324655u, 0x9E5D5157u, block.flags, block.address, block.size, block.number, block.count, block.family}) {
    word(value);
  }
  bytes += std::string(476, block.fill);
  word(0x0AB16F30);
  return bytes;
}

TEST(Uf2, IsPutTogetherWhateverTheOrderOfItsBlocks) {
  const auto image = ParseUf2(Uf2({.address = 0x10000100, .number = 1, .count = 3, .fill = 'b'}) +
                              Uf2({.address = 0, .number = 2, .count = 3, .flags = 0x2001}) +
                              Uf2({.address = 0x10000000, .number = 0, .count = 3, .fill = 'a'}));
  ASSERT_TRUE(image.has_value()) << image.error().message;
  ASSERT_EQ(image->segments.size(), 1u);
  EXPECT_EQ(image->segments[0].address, 0x10000000u);
  EXPECT_EQ(image->segments[0].bytes.size(), 512u);
  EXPECT_EQ(image->segments[0].bytes[255], 'a');
  EXPECT_EQ(image->segments[0].bytes[256], 'b');
  EXPECT_EQ(image->uf2_family, 0xE48BFF56u);
}

class BrokenUf2 : public testing::TestWithParam<Broken> {};

TEST_P(BrokenUf2, IsRefusedWithTheBlock) {
  const auto image = ParseUf2(GetParam().content);
  ASSERT_FALSE(image.has_value());
  EXPECT_THAT(image.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BrokenUf2,
    testing::Values(Broken{"", "0 bytes are not whole blocks of 512"},
                    Broken{Uf2({}).substr(0, 511), "511 bytes are not whole blocks"},
                    Broken{std::string(512, '\0'), "block 0 at byte 0: the magic numbers of a block are not there"},
                    Broken{Uf2({.count = 2}), "it is one of 2, and the file has 1"},
                    Broken{Uf2({.number = 1}), "there is no block 1 of 1"},
                    Broken{Uf2({.count = 2}) + Uf2({.address = 0x100, .count = 2}),
                           "block 1 at byte 512: block number 0 is there twice"},
                    Broken{Uf2({.count = 2}) + Uf2({.number = 1, .count = 2}), "address 0x0 is there twice"},
                    Broken{Uf2({.count = 2}) + Uf2({.number = 1, .count = 2, .family = 7}), "several families"},
                    Broken{Uf2({.size = 480}), "480 bytes of payload are more than the 476 that fit"},
                    Broken{Uf2({.flags = 0x6000, .size = 456}), "more than the 452 that fit"},
                    Broken{Uf2({.size = 255}), "both are multiples of 4"},
                    Broken{Uf2({.address = 2}), "both are multiples of 4"},
                    Broken{Uf2({.flags = 0x1000}), "holds files for a file system"},
                    Broken{Uf2({.flags = 1}), "holds no data for a flash"}));

TEST(Image, HasTheFormatThatTheEndOfItsNameSays) {
  for (const char* name : {"a.s19", "a.s28", "a.S37", "a.srec", "A.MOT"}) {
    EXPECT_TRUE(ParseImage(name, kManual, 0).has_value()) << name;
  }
  EXPECT_TRUE(ParseImage("a.uf2", Uf2({}), 0).has_value());
  EXPECT_THAT(ParseImage("a.uf2", kManual, 0).error().message, HasSubstr("a.uf2: UF2 file"));
  EXPECT_THAT(ParseImage("a.elf", kManual, 0).error().message, HasSubstr("a.elf: ELF file"));
  EXPECT_THAT(ParseImage("a.bin", kManual, 0x20)->segments[0].address, 0x20u);
}

TEST(Image, IsRefusedForAnotherFamilyOfChips) {
  const auto catalogue = BoardCatalogue::BuiltIn();
  const auto pico = ParseUf2(Uf2({.address = 0x10000000}));
  EXPECT_TRUE(CheckFits(*pico, *catalogue.Find("rp2040-pico")).has_value());
  const auto other = ParseUf2(Uf2({.address = 0x10000000, .family = 0xADA52840}));
  EXPECT_EQ(
      CheckFits(*other, *catalogue.Find("rp2040-pico")).error().message,
      "the UF2 file is for the family 0xADA52840, and the RP2040 of board rp2040-pico is 0xE48BFF56; build it for "
      "this board, or take another board");
  Image avr{{{0, {1}}}};
  avr.family = ChipFamily::kAvr;
  EXPECT_TRUE(CheckFits(avr, *catalogue.Find("uno")).has_value());
  EXPECT_THAT(CheckFits(avr, *catalogue.Find("esp8266")).error().message,
              HasSubstr("the image is for AVR chips, and board esp8266 has an ESP8266 of another family, Xtensa"));
}

TEST(IntelHex, WrittenIsReadBackTheSame) {
  Image image{{{0xFFF8, std::vector<std::uint8_t>(40)}, {0x08000000, {1, 2, 3}}, {0xFFFFFFF0, {9}}}};
  for (std::size_t i = 0; i < 40; ++i) image.segments[0].bytes[i] = static_cast<std::uint8_t>(i);
  const auto read = ParseIntelHex(WriteIntelHex(image));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, image);
}

Image Holding(const std::string& text) { return {{{0x100, {text.begin(), text.end()}}}}; }

using namespace std::string_literals;

TEST(EmbeddedVersion, IsFoundBetweenOtherBytes) {
  EXPECT_EQ(FindVersion(Holding("code\xFF motley-firmware:greenhouse 1.2.0-rc1\0more"s)),
            (EmbeddedVersion{"greenhouse", "1.2.0-rc1"}));
  // What looks like it and is none, as the text that a program searches for, is passed over.
  EXPECT_EQ(FindVersion(Holding("motley-firmware:\0motley-firmware:motley-firmware:a 2\0"s)),
            (EmbeddedVersion{"motley-firmware:a", "2"}));
}

TEST(EmbeddedVersion, IsNotMadeUp) {
  for (const std::string& text :
       {""s, "motley-firmware:blink"s, "motley-firmware:blink 1.0"s, "motley-firmware: 1.0\0"s,
        "motley-firmware:blink \0"s, "motley-firmware:blink 1\x01\0"s, "motley-firmware:blink 1 0\0"s,
        "motley-firmware:" + std::string(101, 'n') + " 1\0"s,
        "motley-firmware:blink " + std::string(101, '1') + "\0"s}) {
    EXPECT_EQ(FindVersion(Holding(text)), std::nullopt) << text;
  }
  EXPECT_NE(FindVersion(Holding("motley-firmware:" + std::string(100, 'n') + " " + std::string(100, '1') + "\0"s)),
            std::nullopt);
}

TEST(EmbeddedVersion, MustBeTheModels) {
  EXPECT_TRUE(CheckVersion(Holding("motley-firmware:blink 1.0.0\0"s), "1.0.0").has_value());
  EXPECT_TRUE(CheckVersion(Holding("nothing"), "1.0.0").has_value());
  EXPECT_EQ(
      CheckVersion(Holding("motley-firmware:blink 1.0.0\0"s), "1.1.0").error().message,
      "the image says that it is blink 1.0.0, and the model says version 1.1.0; push the image of that version, or "
      "write version 1.0.0 into the model");
}

}  // namespace
}  // namespace motley::agent
