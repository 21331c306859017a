#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/flasher.h"
#include "tests/agent/flash/fake_mega.h"

namespace motley::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Stk500v2Message, IsFramedAsTheApplicationNoteSays) {
  // AVR068, 4.1: start, sequence number, two bytes of size, token, body, and the exclusive or of all of that.
  EXPECT_THAT(EncodeStk500v2(1, std::vector<std::uint8_t>{0x01}),
              ElementsAre(0x1B, 0x01, 0x00, 0x01, 0x0E, 0x01, 0x1B ^ 0x01 ^ 0x01 ^ 0x0E ^ 0x01));
  const auto page = EncodeStk500v2(0xFF, std::vector<std::uint8_t>(266, 0xAA));
  EXPECT_EQ(page.size(), 272u);
  EXPECT_EQ(page[2], 1);
  EXPECT_EQ(page[3], 10);
}

TEST(Stk500v2Message, IsFoundBehindOtherWords) {
  // The answer to CMD_SIGN_ON: "AVRISP_2".
  const std::vector<std::uint8_t> sign_on{0x1B, 0x01, 0x00, 0x0B, 0x0E, 0x01, 0x00, 0x08, 'A',
                                          'V',  'R',  'I',  'S',  'P',  '_',  '2',  0x74};
  std::vector<std::uint8_t> line{'h', 'i', 0x1B, 'x', 0x7F, 0xFF, '\n'};
  line.insert(line.end(), sign_on.begin(), sign_on.end());
  Stk500v2Decoder decoder;
  for (std::size_t i = 0; i + 1 < line.size(); ++i) EXPECT_EQ(decoder.Take(line[i]), Stk500v2Decoder::Step::kMore);
  EXPECT_EQ(decoder.Take(line.back()), Stk500v2Decoder::Step::kWhole);
  EXPECT_EQ(decoder.message().sequence, 1);
  EXPECT_EQ(decoder.message().body.size(), 11u);
}

TEST(Stk500v2Message, IsReadWithoutWhatComesBehindIt) {
  const auto message = EncodeStk500v2(7, std::vector<std::uint8_t>(275, 0x1B));
  Stk500v2Decoder decoder;
  std::size_t at = 0;
  for (auto step = Stk500v2Decoder::Step::kMore; step == Stk500v2Decoder::Step::kMore;) {
    const std::size_t end = at + decoder.needs();
    ASSERT_LE(end, message.size());
    while (at < end) step = decoder.Take(message[at++]);
  }
  EXPECT_EQ(at, message.size());
  EXPECT_EQ(decoder.message().body.size(), 275u);
}

TEST(Stk500v2Message, IsWrongWithAnotherChecksum) {
  auto message = EncodeStk500v2(7, std::vector<std::uint8_t>{0x13, 0x00});
  message[5] ^= 0x10;
  Stk500v2Decoder decoder;
  for (std::size_t i = 0; i + 1 < message.size(); ++i) decoder.Take(message[i]);
  EXPECT_EQ(decoder.Take(message.back()), Stk500v2Decoder::Step::kWrong);
}

class Stk500v2Test : public testing::Test {
 protected:
  Stk500v2Test() {
    program_.resize(2000);
    for (std::size_t i = 0; i < program_.size(); ++i) program_[i] = static_cast<std::uint8_t>(i * 7);
  }
  Result<FlashReport> Flash(const Image* known = nullptr) { return Flash(Image{{{0, program_}}}, known); }
  Result<FlashReport> Flash(const Image& image, const Image* known) {
    auto port = tests::OpenFakeMega(board_);
    return CreateFlasher(FlashProtocol::kStk500v2)
        ->Flash(port, tests::MegaType(), {.image = image, .file = "", .known = known, .progress = {}});
  }
  void ExpectFlashed(const Result<FlashReport>& flashed) {
    ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
    EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
    EXPECT_TRUE(board_.started);
  }

  tests::FakeMega board_;
  std::vector<std::uint8_t> program_;
};

TEST_F(Stk500v2Test, WritesWholePagesReadsThemBackAndStarts) {
  ExpectFlashed(Flash());
  EXPECT_EQ(board_.pages_written, 8);
  EXPECT_EQ(board_.resets, 1);
}

TEST_F(Stk500v2Test, ReachesBeyond64KiWords) {
  const Image image{{{0, {1, 2}}, {0x2'0000, {3, 4}}}};
  const auto flashed = Flash(image, nullptr);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_EQ(board_.flash[0], 1);
  EXPECT_EQ(board_.flash[0x2'0000], 3);
  EXPECT_EQ(flashed->written_bytes, 4u);
  EXPECT_EQ(board_.pages_written, 0x2'0000 / 256 + 1 + 1);  // what lies before as well, and the first page again
}

TEST_F(Stk500v2Test, WritesWhatLiesBeforeAChangeAndLeavesTheRest) {
  ExpectFlashed(Flash());
  const Image known{{{0, program_}}};
  program_[600] ^= 1;
  board_.pages_written = 0;
  const auto flashed = Flash(&known);
  ExpectFlashed(flashed);
  EXPECT_EQ(board_.pages_written, 3);
  EXPECT_EQ(flashed->written_bytes, 768u);
  EXPECT_EQ(flashed->skipped_bytes, 2000u - 768u);
}

TEST_F(Stk500v2Test, WritesNothingWhereAllIsThere) {
  ExpectFlashed(Flash());
  board_.pages_written = 0;
  ExpectFlashed(Flash());
  EXPECT_EQ(board_.pages_written, 0);
}

TEST_F(Stk500v2Test, RefusesAnotherChipBeforeWriting) {
  board_.signature = 0x1E950F;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kInvalid);
  EXPECT_THAT(flashed.error().message,
              HasSubstr("says that it is 0x1E950F, and the ATmega2560 of a mega says 0x1E9801; nothing was written"));
  EXPECT_EQ(board_.pages_written, 0);
}

TEST_F(Stk500v2Test, SaysThatTheChipIsProtectedAndWhatHelps) {
  board_.refuses = true;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kDenied);
  EXPECT_THAT(flashed.error().message, HasSubstr("erase the chip and burn the bootloader by a programmer"));
}

TEST_F(Stk500v2Test, GivesUpOnABoardThatStaysSilent) {
  board_.silent = true;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kTimeout);
  EXPECT_THAT(flashed.error().message, HasSubstr("does not answer after 4 resets; is it a mega"));
  EXPECT_EQ(board_.resets, 8);
}

TEST_F(Stk500v2Test, IsNotFooledByAnApplicationThatTalks) {
  board_.talk = "\x1B\x01 uptime_ms=1\n";
  EXPECT_EQ(Flash().error().code, Code::kTimeout);
}

TEST_F(Stk500v2Test, FindsAByteThatDidNotTake) {
  board_.broken_address = 300;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kCorrupt);
  EXPECT_THAT(flashed.error().message, HasSubstr("at 0x012C of /dev/ttyFAKE and 0xFF was read back"));
}

TEST_F(Stk500v2Test, SaysThatTheBoardWasPulled) {
  board_.unplug_at = 10;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kUnavailable);
  EXPECT_THAT(flashed.error().message, HasSubstr("was the board unplugged?"));
}

class Stk500v2LargeTest : public Stk500v2Test {
 protected:
  Stk500v2LargeTest() {
    for (std::size_t i = program_.size(); i < 70'001; ++i)
      program_.push_back(static_cast<std::uint8_t>(i * 7 + i / 256));
  }
};

TEST_F(Stk500v2LargeTest, IsCheckedByTheChipAndReadBeyond64KiB) {
  ExpectFlashed(Flash());
  EXPECT_EQ(board_.resets, 2);
  EXPECT_EQ(board_.pages_written, 274 + 1);
  EXPECT_EQ(board_.pages_read, 1 + 1 + (274 - 255));  // before, the first page, and what the program does not reach
}

TEST_F(Stk500v2LargeTest, IsReadWhereTheChipDoesNotCheckIt) {
  board_.runs_self_check = false;
  ExpectFlashed(Flash());
  EXPECT_EQ(board_.pages_read, 1 + 274);
}

TEST_F(Stk500v2LargeTest, IsWrongWhereOneByteIs) {
  for (const int address : {1, 30'000, 66'000, 70'000}) {
    board_ = {};
    board_.broken_address = address;
    const auto flashed = Flash();
    ASSERT_FALSE(flashed.has_value());
    EXPECT_THAT(flashed.error().message, HasSubstr(fmt::format("at 0x{:04X} of", address)));
  }
}

/// At each message of a flash.
class Stk500v2NoiseTest : public Stk500v2Test, public testing::WithParamInterface<int> {};

TEST_P(Stk500v2NoiseTest, IsOvercomeWhereAnAnswerIsGarbled) {
  board_.garble_answer = GetParam();
  ExpectFlashed(Flash());
}

TEST_P(Stk500v2NoiseTest, IsOvercomeWhereAnAnswerIsLost) {
  board_.lose_answer = GetParam();
  ExpectFlashed(Flash());
}

TEST_P(Stk500v2NoiseTest, IsOvercomeWhereAByteIsLost) {
  board_.lose_byte = GetParam();
  ExpectFlashed(Flash());
}

/// Whatever was written before the cable was pulled: with it back, all is right.
TEST_P(Stk500v2NoiseTest, IsOvercomeAfterThePortWasGone) {
  board_.unplug_at = GetParam();
  EXPECT_FALSE(Flash().has_value());
  board_.unplug_at = 0;
  ExpectFlashed(Flash());
}

INSTANTIATE_TEST_SUITE_P(Messages, Stk500v2NoiseTest, testing::Range(1, 26));

}  // namespace
}  // namespace motley::agent
