#include "tools/smpsim/smp_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::smpsim {
namespace {

// From a log of Apache's mcumgr, which asks for the list of images (issue 167 of apache/mynewt-mcumgr, 2023-03-22).
constexpr std::string_view kListImages =
    "\x06\x09"
    "AAsAAAABAAFCAKD1Mw==\n";

TEST(SmpFrame, IsThatOfOthers) {
  EXPECT_EQ(FrameOf({0, 0, 1, 66, 0, {0xA0}}), kListImages);
  FrameReader reader;
  const auto packet = reader.Add(kListImages.substr(0, kListImages.size() - 1), 384);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->op, 0);
  EXPECT_EQ(packet->group, 1);
  EXPECT_EQ(packet->sequence, 66);
  EXPECT_EQ(packet->body, Bytes{0xA0});
}

TEST(SmpFrame, HasSeveralLinesOf127BytesAtMost) {
  FrameReader reader;
  const SmpPacket packet{2, 1, 1, 7, 1, Bytes(300, 0x5A)};
  const std::string lines = FrameOf(packet);
  std::optional<SmpPacket> read;
  for (std::size_t begin = 0, end; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
    EXPECT_LE(end + 1 - begin, 127u);
    EXPECT_FALSE(read);
    read = reader.Add(std::string_view(lines).substr(begin, end - begin), 314);
  }
  ASSERT_TRUE(read);
  EXPECT_EQ(read->body, packet.body);
  EXPECT_EQ(reader.dropped(), 0u);
}

TEST(SmpFrame, DropsWhatIsTooLongForTheBuffer) {
  FrameReader reader;
  const std::string lines = FrameOf({2, 1, 1, 7, 1, Bytes(60, 0x5A)});
  EXPECT_FALSE(reader.Add(lines.substr(0, lines.size() - 1), 71));
  EXPECT_TRUE(reader.Add(lines.substr(0, lines.size() - 1), 72));  // 2 + 8 + 60 + 2
}

// RFC 8949, appendix A.
TEST(Cbor, WritesTheExamplesOfItsDocument) {
  const auto number = [](std::uint64_t value) { return CborWriter().Unsigned(value).Take(); };
  EXPECT_EQ(number(0), Bytes{0x00});
  EXPECT_EQ(number(23), Bytes{0x17});
  EXPECT_EQ(number(24), (Bytes{0x18, 0x18}));
  EXPECT_EQ(number(1000), (Bytes{0x19, 0x03, 0xE8}));
  EXPECT_EQ(number(1000000), (Bytes{0x1A, 0x00, 0x0F, 0x42, 0x40}));
  EXPECT_EQ(number(1000000000000), (Bytes{0x1B, 0x00, 0x00, 0x00, 0xE8, 0xD4, 0xA5, 0x10, 0x00}));
  EXPECT_EQ(CborWriter().Text("IETF").Take(), (Bytes{0x64, 0x49, 0x45, 0x54, 0x46}));
  EXPECT_EQ(CborWriter().Binary(Bytes{1, 2, 3, 4}).Take(), (Bytes{0x44, 1, 2, 3, 4}));
  EXPECT_EQ(CborWriter().BeginMap().Text("Fun").Bool(true).Text("Amt").Bool(false).End().Take(),
            (Bytes{0xBF, 0x63, 0x46, 0x75, 0x6E, 0xF5, 0x63, 0x41, 0x6D, 0x74, 0xF4, 0xFF}));
}

TEST(Cbor, ReadsTheExamplesOfItsDocument) {
  // {"a": 1, "b": [2, 3]}: the list is no value of a request.
  auto map = ParseCborMap(Bytes{0xA2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03});
  ASSERT_TRUE(map);
  EXPECT_EQ(map->size(), 1u);
  EXPECT_EQ(std::get<std::uint64_t>(map->at("a")), 1u);
  // {_ "Fun": true, "Amt": -2}
  map = ParseCborMap(Bytes{0xBF, 0x63, 0x46, 0x75, 0x6E, 0xF5, 0x63, 0x41, 0x6D, 0x74, 0x21, 0xFF});
  ASSERT_TRUE(map);
  EXPECT_EQ(map->size(), 1u);
  EXPECT_TRUE(std::get<bool>(map->at("Fun")));
  EXPECT_TRUE(ParseCborMap(Bytes{0xA0}));
}

TEST(Cbor, ReadsNothingThatIsCutOff) {
  const Bytes whole = CborWriter().BeginMap().Text("data").Binary(Bytes(30, 1)).Text("off").Unsigned(999).End().Take();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseCborMap(std::span(whole).first(size))) << size;
  }
  EXPECT_TRUE(ParseCborMap(whole));
}

}  // namespace
}  // namespace motley::smpsim
