#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/catalogue.h"
#include "agent/flash/flasher.h"
#include "tests/fakes/fake_serial.h"

namespace motley::agent {
namespace {

using testing::HasSubstr;

class Stk500v1Test : public testing::Test {
 protected:
  Result<void> Flash(std::size_t bytes = 1000) {
    program_.assign(bytes, 0);
    for (std::size_t i = 0; i < bytes; ++i) program_[i] = static_cast<std::uint8_t>(i * 7);
    return FlashKnowing(nullptr);
  }
  Result<void> FlashKnowing(const Image* known) {
    auto port = tests::OpenFakePort(board_);
    const Image image{{{0, program_}}};
    const auto progress = [this](std::uint32_t done, std::uint32_t total) { progress_ = {done, total}; };
    auto flashed = CreateFlasher(FlashProtocol::kStk500v1)
                       ->Flash(port, *BoardCatalogue::BuiltIn().Find("uno"),
                               {.image = image, .file = "", .known = known, .progress = progress});
    if (!flashed) return std::move(flashed).error();
    report_ = *flashed;
    return {};
  }

  tests::FakeBoard board_;
  std::vector<std::uint8_t> program_;
  FlashReport report_;
  std::pair<std::uint32_t, std::uint32_t> progress_;
};

TEST_F(Stk500v1Test, WritesWholePagesAndReadsThemBack) {
  const auto flashed = Flash();
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_EQ(board_.flash[1001], 0xFF);
  EXPECT_EQ(board_.pages_written, 8);
  EXPECT_EQ(progress_, (std::pair<std::uint32_t, std::uint32_t>(2048, 2048)));
}

TEST_F(Stk500v1Test, WritesOnlyPagesThatChange) {
  ASSERT_TRUE(Flash().has_value());
  const Image known{{{0, program_}}};
  program_[300] ^= 1;
  program_[700] ^= 1;
  board_.pages_written = 0;
  ASSERT_TRUE(FlashKnowing(&known).has_value());
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_EQ(board_.pages_written, 2);
  EXPECT_EQ(report_.written_bytes, 256u);
  EXPECT_EQ(report_.skipped_bytes, 744u);
}

TEST_F(Stk500v1Test, DoesNotRelyOnWhatProvesWrong) {
  ASSERT_TRUE(Flash().has_value());
  const Image known{{{0, program_}}};
  board_.flash[301] ^= 1;
  board_.flash[900] ^= 1;
  program_[300] ^= 1;
  ASSERT_TRUE(FlashKnowing(&known).has_value());
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
}

TEST_F(Stk500v1Test, GoesOnWhereAFlashWasCutOff) {
  board_.unplug_after = 600;
  EXPECT_FALSE(Flash().has_value());
  const int before = board_.pages_written;
  EXPECT_GT(before, 1);
  board_.present = true;
  board_.unplug_after = -1;
  ASSERT_TRUE(Flash().has_value());
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_EQ(board_.pages_written, 8);
}

TEST_F(Stk500v1Test, RefusesAChipWithAnotherSignatureBeforeWriting) {
  board_.signature = {0x1E, 0x98, 0x01};
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kInvalid);
  EXPECT_THAT(flashed.error().message,
              HasSubstr("says that it is 0x1E9801, and the ATmega328P of a uno says 0x1E950F; nothing was written"));
  EXPECT_EQ(board_.pages_written, 0);
}

TEST_F(Stk500v1Test, RefusesAnImageThatIsTooLargeBeforeResetting) {
  EXPECT_EQ(Flash(32257).error().code, Code::kInvalid);
  EXPECT_EQ(board_.pages_written, 0);
}

TEST_F(Stk500v1Test, GivesUpOnABoardThatStaysSilent) {
  board_.silent = true;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kTimeout);
  EXPECT_THAT(flashed.error().message, HasSubstr("does not answer after 4 resets"));
}

TEST_F(Stk500v1Test, IsNotFooledByAnApplicationThatTalks) {
  board_.talks = true;
  EXPECT_EQ(Flash().error().code, Code::kTimeout);
}

TEST_F(Stk500v1Test, FindsAByteThatDidNotTake) {
  board_.broken_address = 300;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kCorrupt);
  EXPECT_THAT(flashed.error().message, HasSubstr("at 0x012C"));
  EXPECT_EQ(board_.pages_written, 8 + 6);  // a second time from where it differs
}

TEST_F(Stk500v1Test, LetsTheChipCheckALargeProgram) {
  const auto flashed = Flash(12'001);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_EQ(board_.bootloader_starts, 2);
  EXPECT_EQ(board_.pages_written, 94 + 1);  // the first one twice
  EXPECT_LT(board_.pages_read, 5);
  EXPECT_EQ(progress_, (std::pair<std::uint32_t, std::uint32_t>(2 * 94 * 128, 2 * 94 * 128)));
}

TEST_F(Stk500v1Test, LetsTheChipCheckALargeProgramWhoseFirstPageIsThere) {
  ASSERT_TRUE(Flash(12'001).has_value());
  board_.bootloader_starts = 0;
  for (std::size_t i = 128; i < program_.size(); ++i) program_[i] ^= 1;
  ASSERT_TRUE(FlashKnowing(nullptr).has_value());
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_EQ(board_.bootloader_starts, 2);
}

TEST_F(Stk500v1Test, ReadsALargeProgramBackWhereTheChipDoesNotCheckIt) {
  board_.runs_self_check = false;
  const auto flashed = Flash(12'001);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_GE(board_.pages_read, 94 / 2);
}

/// In the first page, in the middle, and in the last page, which is half a block.
class Stk500v1BrokenTest : public Stk500v1Test, public testing::WithParamInterface<int> {};

TEST_P(Stk500v1BrokenTest, ByteOfALargeProgramIsFound) {
  board_.broken_address = GetParam();
  const auto flashed = Flash(12'001);
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kCorrupt);
  EXPECT_THAT(flashed.error().message, HasSubstr(fmt::format("at 0x{:04X} of", GetParam())));
}

INSTANTIATE_TEST_SUITE_P(Addresses, Stk500v1BrokenTest, testing::Values(1, 5000, 11'999));

TEST_F(Stk500v1Test, OvercomesNoiseBetweenWritingAndCheckingALargeProgram) {
  board_.garble_answer = 3 + 2 + 2 * 50;  // one of the pages
  ASSERT_TRUE(Flash(12'001).has_value());
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_EQ(board_.bootloader_starts, 3);
}

TEST_F(Stk500v1Test, SaysThatTheBoardWasPulled) {
  board_.unplug_after = 500;
  const auto flashed = Flash();
  ASSERT_FALSE(flashed.has_value());
  EXPECT_EQ(flashed.error().code, Code::kUnavailable);
  EXPECT_THAT(flashed.error().message, HasSubstr("was the board unplugged?"));
}

TEST_F(Stk500v1Test, StartsOverOnceWhenNoiseSpoilsAnAnswer) {
  board_.garble_answer = 6;
  const auto flashed = Flash();
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(std::equal(program_.begin(), program_.end(), board_.flash.begin()));
  EXPECT_EQ(board_.bootloader_starts, 2);
}

}  // namespace
}  // namespace motley::agent
