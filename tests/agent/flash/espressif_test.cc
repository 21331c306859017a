// The protocol of Espressif's ROM without a chip: what is sent, what is understood, which images are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/deflate.h"
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
  const auto reply = ParseEspressifReply(Bytes{0x01, 0x13, 0x06, 0x00, 0, 0, 0, 0, 'a', 'b', 1, 0x07, 0, 0}, 2);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->data, (Bytes{'a', 'b'}));
  EXPECT_EQ(reply->error, EspressifError::kInvalidChecksum);
}

TEST(EspressifMessage, ReadsTheStatusAloneOfWhatFailed) {
  const auto refused = ParseEspressifReply(Bytes{0x01, 0x13, 0x04, 0x00, 0, 0, 0, 0, 1, 0x05, 0, 0}, 32);
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

TEST(EspressifMessage, ChecksTheDataOfABlockAlone) {
  EXPECT_EQ(EspressifChecksum({}), 0xEF);
  const Bytes block{0x01, 0x10};
  EXPECT_EQ(EspressifDataRequest(EspressifCommand::kFlashData, 5, block),
            (Bytes{0, 0x03, 18, 0, 0xFE, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x10}));
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
              HasSubstr("is for the Espressif chip number 9, and the ESP32 of a esp32 is 0"));
}

TEST_F(EspressifImageTest, ForSectorsThatTheEsp8266CanNotEraseAloneIsRefused) {
  esp8266_.sectors = {{0, 256, 4096}};
  EXPECT_THAT(Refusal(ImageAt(0, {0xE9, 1}), esp8266_), HasSubstr("has sectors of 4096 bytes from 0x0 on"));
}

}  // namespace
}  // namespace motley::agent
