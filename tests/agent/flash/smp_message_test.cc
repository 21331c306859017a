#include "agent/flash/smp_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Text(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }
std::vector<std::uint8_t> Bytes(const std::string& text) { return {text.begin(), text.end()}; }

SmpMessage Message(std::size_t body_bytes) {
  SmpMessage message{SmpMessage::Op::kWrite, 1, 42, 7, {}};
  for (std::size_t i = 0; i < body_bytes; ++i) message.body.push_back(static_cast<std::uint8_t>(i * 31));
  return message;
}

// By hand from the protocol's document: version 2, read (0x08), no flags, 1 byte, group 1, sequence 66, command 0, an
// empty CBOR map (0xA0); 11 bytes with the CRC, which is 0xDCCC by XMODEM.
TEST(SmpMessage, IsOneLineWhenItIsShort) {
  const auto line = EncodeSmp({SmpMessage::Op::kRead, 1, 66, 0, {0xA0}});
  EXPECT_EQ(Text(line),
            "\x06\x09"
            "AAsIAAABAAFCAKDczA==\n");
}

// What others have on the wire: Apache's mcumgr asks for the list of images (issue 167 of apache/mynewt-mcumgr, a log
// of 2023-03-22), and newtmgr does so without a body (pull request 198 of apache/mynewt-core, a log of 2017-03-07).
TEST(SmpDecoder, ReadsTheFramesOfOtherClients) {
  SmpDecoder decoder;
  const auto messages =
      decoder.Add(Bytes("\x06\x09"
                        "AAsAAAABAAFCAKD1Mw==\n\x06\x09"
                        "AAoAAAAAAAEAADcw\n"));
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].op, SmpMessage::Op::kRead);
  EXPECT_EQ(messages[0].group, 1);
  EXPECT_EQ(messages[0].sequence, 66);
  EXPECT_EQ(messages[0].command, 0);
  EXPECT_THAT(messages[0].body, ElementsAre(0xA0));
  EXPECT_EQ(messages[1].group, 1);
  EXPECT_EQ(messages[1].sequence, 0);
  EXPECT_THAT(messages[1].body, IsEmpty());
}

// An echo of 100 characters, by the tests of cmcumgr-client (LeBlue, 2022): two lines, the first of 127 bytes.
TEST(SmpDecoder, ReadsTheLinesOfOtherClients) {
  const std::string lines =
      "\x06\x09"
      "AHMDAABpAAAAAKFhcnhkMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5"
      "MDEyMzQ1Njc4\n\x04\x14"
      "OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MKkq\n";
  EXPECT_EQ(lines.find('\n'), 126u);
  SmpDecoder decoder;
  const auto messages = decoder.Add(Bytes(lines));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].op, SmpMessage::Op::kWriteAnswer);
  // {"r": text}: 0xA1, 0x61 'r', 0x78 and the number of characters.
  EXPECT_EQ(Text(messages[0].body).substr(0, 15), "\xA1\x61r\x78\x64" + std::string("1234567890"));
  EXPECT_EQ(messages[0].body.size(), 105u);
}

TEST(SmpMessage, TakesNoLineOfMoreThan127Bytes) {
  for (const std::size_t size : {0u, 81u, 82u, 83u, 200u, 1000u}) {
    const std::string text = Text(EncodeSmp(Message(size)));
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      EXPECT_LE(end + 1 - begin, 127u);
      EXPECT_EQ(text.substr(begin, 2), begin == 0 ? "\x06\x09" : "\x04\x14");
    }
    EXPECT_EQ(begin, text.size());
  }
}

TEST(SmpDecoder, PutsTogetherWhatWasTakenApart) {
  for (const std::size_t size : {0u, 1u, 81u, 82u, 83u, 300u, 4000u}) {
    SmpDecoder decoder;
    const auto lines = EncodeSmp(Message(size));
    std::vector<SmpMessage> found;
    for (const std::uint8_t byte : lines) {
      for (auto& message : decoder.Add({&byte, 1})) found.push_back(std::move(message));
    }
    ASSERT_EQ(found.size(), 1u) << size;
    EXPECT_EQ(found[0].body, Message(size).body);
    EXPECT_EQ(found[0].sequence, 42);
    EXPECT_EQ(found[0].command, 7);
    EXPECT_EQ(found[0].group, 1);
    EXPECT_EQ(found[0].op, SmpMessage::Op::kWrite);
  }
}

TEST(SmpDecoder, SkipsWhatTheApplicationSays) {
  SmpDecoder decoder;
  EXPECT_THAT(decoder.Add(Bytes("hello firmware=x version=1\r\nuptime_ms=5\nhalf a li")), IsEmpty());
  EXPECT_EQ(decoder.Add(EncodeSmp(Message(200))).size(), 1u);
  EXPECT_THAT(decoder.Add(Bytes(std::string(5000, 'x') + "\n")), IsEmpty());
  EXPECT_EQ(decoder.Add(EncodeSmp(Message(3))).size(), 1u);
}

TEST(SmpDecoder, TakesNoMessageThatNoiseHasChanged) {
  const auto lines = EncodeSmp(Message(40));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const int bit : {0, 2, 5, 7}) {
      auto changed = lines;
      changed[i] ^= static_cast<std::uint8_t>(1 << bit);
      SmpDecoder decoder;
      for (const SmpMessage& message : decoder.Add(changed)) EXPECT_EQ(message.body, Message(40).body) << i;
    }
  }
}

TEST(SmpDecoder, GoesOnAfterAMessageWhoseEndWasLost) {
  SmpDecoder decoder;
  auto lines = EncodeSmp(Message(300));
  lines.resize(127);
  EXPECT_THAT(decoder.Add(lines), IsEmpty());
  EXPECT_EQ(decoder.Add(EncodeSmp(Message(5))).size(), 1u);
}

}  // namespace
}  // namespace motley::agent
