// The protocol of Espressif's ROM without a chip: what is sent, what is understood, which images are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/deflate.h"
#include "agent/flash/espressif_chip.h"
#include "agent/flash/espressif_image.h"
#include "agent/flash/espressif_message.h"
#include "agent/flash/slip.h"

namespace motley::agent {
namespace {

using Bytes = std::vector<std::uint8_t>;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Bytes> Decode(const Bytes& stream) {
  SlipDecoder decoder;
  std::vector<Bytes> packets;
  for (const std::uint8_t byte : stream) {
    if (auto packet = decoder.Push(byte)) packets.push_back(*packet);
  }
  return packets;
}

TEST(Slip, ReplacesTheTwoBytesThatItUsesItself) {
  EXPECT_EQ(EncodeSlip(Bytes{1, 0xC0, 2, 0xDB, 3}), (Bytes{0xC0, 1, 0xDB, 0xDC, 2, 0xDB, 0xDD, 3, 0xC0}));
  EXPECT_THAT(Decode({0xC0, 1, 0xDB, 0xDC, 2, 0xDB, 0xDD, 3, 0xC0}), ElementsAre(Bytes{1, 0xC0, 2, 0xDB, 3}));
}

TEST(Slip, FindsPacketsBehindOtherTextAndAfterALostEnd) {
  EXPECT_THAT(Decode({'b', 'o', 'o', 't', 0xC0, 1, 0xC0, 0xC0, 2, 0xC0, 3, 0xC0}),
              ElementsAre(Bytes{1}, Bytes{2}, Bytes{3}));
}

TEST(Slip, DropsBrokenAndEndlessPackets) {
  EXPECT_THAT(Decode({0xC0, 1, 0xDB, 7, 2, 0xC0, 3, 0xC0}), ElementsAre(Bytes{3}));
  EXPECT_THAT(Decode({0xC0, 1, 0xDB, 0xC0, 3, 0xC0}), ElementsAre(Bytes{3}));
  Bytes endless{0xC0};
  endless.resize(SlipDecoder::kMaxPacket + 2, 'x');
  endless.insert(endless.end(), {0xC0, 3, 0xC0});
  EXPECT_THAT(Decode(endless), ElementsAre(Bytes{3}));
}

// The traces are those of the documentation: "Tracing Esptool Serial Communications".
TEST(EspressifMessage, IsThatOfTheDocumentedTraces) {
  const Bytes read = EspressifRequest(EspressifCommand::kReadRegister, EspressifWords({0x3FF40014}));
  EXPECT_EQ(EncodeSlip(read), (Bytes{0xC0, 0x00, 0x0A, 0x04, 0x00, 0, 0, 0, 0, 0x14, 0x00, 0xF4, 0x3F, 0xC0}));
  Bytes sync{0xC0, 0x00, 0x08, 0x24, 0x00, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20};
  sync.resize(sync.size() + 32, 0x55);
  sync.push_back(0xC0);
  EXPECT_EQ(EncodeSlip(EspressifSyncRequest()), sync);
}

TEST(EspressifMessage, UnderstandsTheDocumentedReplies) {
  const auto value = ParseEspressifReply(Bytes{0x01, 0x0A, 0x02, 0x00, 0x62, 0x01, 0, 0, 0, 0});
  ASSERT_TRUE(value);
  EXPECT_EQ(value->command, 0x0A);
  EXPECT_EQ(value->value, 0x162u);
  EXPECT_EQ(value->error, EspressifError::kNone);
  const auto sync = ParseEspressifReply(Bytes{0x01, 0x08, 0x04, 0x00, 0x07, 0x12, 0x20, 0x55, 0, 0, 0, 0});
  ASSERT_TRUE(sync);
  EXPECT_EQ(sync->value, 0x55201207u);
  EXPECT_TRUE(sync->data.empty());
}

TEST(EspressifMessage, ReadsTheStatusBehindTheData) {
  const auto reply = ParseEspressifReply(Bytes{0x01, 0x13, 0x06, 0x00, 0, 0, 0, 0, 'a', 'b', 1, 0x07, 0, 0});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->data, (Bytes{'a', 'b'}));
  EXPECT_EQ(reply->error, EspressifError::kInvalidChecksum);
}

TEST(EspressifMessage, ReadsTheStatusAloneOfWhatFailed) {
  const auto refused = ParseEspressifReply(Bytes{0x01, 0x13, 0x04, 0x00, 0, 0, 0, 0, 1, 0x05, 0, 0});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error, EspressifError::kInvalidMessage);
  EXPECT_TRUE(refused->data.empty());
  const auto unexplained = ParseEspressifReply(Bytes{0x01, 0x13, 0x02, 0x00, 0, 0, 0, 0, 1, 0});
  EXPECT_EQ(unexplained->error, EspressifError::kFailed);
}

TEST(EspressifMessage, TakesNothingElseForAReply) {
  EXPECT_FALSE(ParseEspressifReply(Bytes{}));
  EXPECT_FALSE(ParseEspressifReply(Bytes{0x01, 0x0A, 0x00, 0x00, 0, 0, 0, 0})) << "no status";
  EXPECT_FALSE(ParseEspressifReply(Bytes{0x00, 0x0A, 0x02, 0x00, 0, 0, 0, 0, 0, 0})) << "a request";
  EXPECT_FALSE(ParseEspressifReply(Bytes{0x01, 0x0A, 0x03, 0x00, 0, 0, 0, 0, 0, 0})) << "a byte is missing";
}

TEST(EspressifMessage, UnderstandsWhatIsBurntIntoAChip) {
  Bytes data(20, 0);
  data[12] = 5;
  auto security = ParseEspressifSecurity(data);
  ASSERT_TRUE(security);
  EXPECT_EQ(security->chip_id, 5u);
  EXPECT_FALSE(security->is_write_only || security->is_encrypted);
  data[0] = 0x04;
  EXPECT_TRUE(ParseEspressifSecurity(data)->is_write_only);
  // Flash is encrypted while an odd number of the three fuses is burnt.
  const std::pair<std::uint8_t, bool> counts[] = {{0, false}, {1, true}, {3, false}, {7, true}};
  for (const auto& [count, encrypted] : counts) {
    data[4] = count;
    EXPECT_EQ(ParseEspressifSecurity(data)->is_encrypted, encrypted) << int{count};
  }
  // The ESP32-S2 does not say which chip it is.
  EXPECT_EQ(ParseEspressifSecurity(Bytes(12, 0))->chip_id, std::nullopt);
  for (const std::size_t size : {0, 4, 11, 16, 19, 21}) EXPECT_FALSE(ParseEspressifSecurity(Bytes(size, 0))) << size;
}

TEST(EspressifMessage, ChecksTheDataOfABlockAlone) {
  EXPECT_EQ(EspressifChecksum({}), 0xEF);
  const Bytes block{0x01, 0x10};
  EXPECT_EQ(EspressifDataRequest(EspressifCommand::kFlashData, 5, block),
            (Bytes{0, 0x03, 18, 0, 0xFE, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x10}));
}

struct ChipRow {
  const char* name;
  std::optional<std::uint16_t> id;
  std::size_t begin_bytes;
  std::uint32_t boot_address;
  bool resets_by_watchdog;
};

TEST(EspressifChip, IsAsTheDocumentationOfEachSays) {
  const ChipRow rows[] = {
      {"ESP8266", std::nullopt, 16, 0, false},
      {"ESP32", 0, 16, 0x1000, false},
      {"ESP32-S2", 2, 20, 0x1000, true},
      {"ESP32-S3", 9, 20, 0, true},
      {"ESP32-C3", 5, 20, 0, true},
      {"ESP32-C6", 13, 20, 0, false},
  };
  EXPECT_EQ(EspressifChips().size(), std::size(rows));
  for (const ChipRow& row : rows) {
    BoardType board;
    board.chip = row.name;
    const auto found = EspressifChipOf(board);
    ASSERT_TRUE(found) << row.name;
    const EspressifChip& chip = **found;
    EXPECT_EQ(chip.id, row.id) << row.name;
    EXPECT_EQ(chip.boot_address, row.boot_address) << row.name;
    EXPECT_EQ(chip.resets_by_watchdog, row.resets_by_watchdog) << row.name;
    Bytes begin = EspressifWords({4096, 4, 1024, 0x10000, 0});
    begin.resize(row.begin_bytes);
    EXPECT_EQ(EspressifBegin(chip, 4096, 4, 1024, 0x10000), begin) << row.name;
    for (const std::uint32_t magic : chip.magic_numbers) EXPECT_EQ(EspressifNameOf(magic), row.name);
  }
  EXPECT_EQ(EspressifNameOf(5), "ESP32-C3");
  EXPECT_EQ(EspressifNameOf(2), "") << "an ESP32-S2 never says so";
}

TEST(EspressifChip, ThatIsNotKnownIsRefusedWithThoseThatAre) {
  BoardType board;
  board.chip = "ESP32-H2";
  EXPECT_EQ(EspressifChipOf(board).error().message,
            "chip: the protocol espressif does not know \"ESP32-H2\"; it knows ESP8266, ESP32, ESP32-S2, ESP32-S3, "
            "ESP32-C3, ESP32-C6");
}

TEST(Deflate, IsZlibAtItsBest) {
  const Bytes deflated = Deflate(Bytes(4096, 'a'));
  EXPECT_LT(deflated.size(), 40u);
  // RFC 1950: 32 KiB of window, the best compression.
  EXPECT_EQ(deflated[0], 0x78);
  EXPECT_EQ(deflated[1], 0xDA);
}

class EspressifImageTest : public testing::Test {
 protected:
  EspressifImageTest() {
    esp32_.name = "esp32";
    esp32_.chip = "ESP32";
    esp32_.application_begin = 0x10000;
    esp8266_.name = "esp8266";
    esp8266_.chip = "ESP8266";
    esp8266_.sectors = {{0, 128, 8192}};
  }
  static Image ImageAt(std::uint32_t address, Bytes start) {
    start.resize(64, 0);
    return {{{address, start}}};
  }
  static std::string Refusal(const Image& image, const BoardType& board) {
    const auto checked = CheckEspressifImage(image, board);
    if (checked) return "";
    EXPECT_EQ(checked.error().code, Code::kInvalid);
    return checked.error().message;
  }

  BoardType esp32_;
  BoardType esp8266_;
};

TEST_F(EspressifImageTest, OfTheRightChipIsTaken) {
  EXPECT_EQ(Refusal(ImageAt(0x10000, {0xE9, 4}), esp32_), "");
  EXPECT_EQ(Refusal(ImageAt(0, {0xE9, 1}), esp8266_), "");
  Image merged = ImageAt(0x10000, {0xE9, 4});
  merged.segments.insert(merged.segments.begin(), {0x8000, Bytes(96, 0xAA)});
  EXPECT_EQ(Refusal(merged, esp32_), "");
}

TEST_F(EspressifImageTest, WithoutAnApplicationIsRefused) {
  EXPECT_THAT(Refusal(ImageAt(0x20000, {0xE9, 4}), esp32_), HasSubstr("has no 24 bytes at 0x10000"));
  EXPECT_THAT(Refusal(ImageAt(0x10000, {0x7F, 'E', 'L', 'F'}), esp32_), HasSubstr("begins with 0x7F 0x45"));
  EXPECT_THAT(Refusal(ImageAt(0x10000, {0xE9, 17}), esp32_), HasSubstr("a number of segments up to 16"));
}

TEST_F(EspressifImageTest, ForAnotherChipIsRefused) {
  EXPECT_THAT(Refusal(ImageAt(0x10000, {0xE9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0}), esp32_),
              HasSubstr("is for the Espressif chip number 9 (ESP32-S3), and the ESP32 of a esp32 is 0"));
  for (const EspressifChip& chip : EspressifChips()) {
    if (!chip.id) continue;
    esp32_.chip = chip.name;
    for (const std::uint8_t id : {0, 2, 5, 9, 13, 16}) {
      const Image image = ImageAt(0x10000, {0xE9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, id, 0});
      EXPECT_EQ(Refusal(image, esp32_).empty(), id == *chip.id) << chip.name << " " << int{id};
    }
    EXPECT_THAT(Refusal(ImageAt(0x10000, {0xE9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 1}), esp32_),
                HasSubstr("is for the Espressif chip number 272, and"));
  }
}

TEST_F(EspressifImageTest, OfTheWholeFlashBeginsWithItsBootloader) {
  const Bytes for_c3{0xE9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0};
  const Bytes for_s2{0xE9, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0};
  esp32_.application_begin = 0;
  esp32_.chip = "ESP32-C3";
  EXPECT_EQ(Refusal(ImageAt(0, for_c3), esp32_), "");
  EXPECT_THAT(Refusal(ImageAt(0x1000, for_c3), esp32_), HasSubstr("has no 24 bytes at 0x0"));
  esp32_.chip = "ESP32-S2";
  EXPECT_EQ(Refusal(ImageAt(0x1000, for_s2), esp32_), "");
  EXPECT_THAT(Refusal(ImageAt(0, for_s2), esp32_), HasSubstr("has no 24 bytes at 0x1000"));
}

TEST_F(EspressifImageTest, ForSectorsThatTheEsp8266CanNotEraseAloneIsRefused) {
  esp8266_.sectors = {{0, 256, 4096}};
  EXPECT_THAT(Refusal(ImageAt(0, {0xE9, 1}), esp8266_), HasSubstr("has sectors of 4096 bytes from 0x0 on"));
}

}  // namespace
}  // namespace motley::agent
