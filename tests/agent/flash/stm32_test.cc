#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/flasher.h"
#include "agent/flash/stm32_message.h"
#include "tests/agent/flash/fake_stm32.h"
#include "tools/boards/text_image.h"

namespace motley::agent {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t kFlash = kStm32Flash;

TEST(Stm32Message, IsACommandWithItsComplement) {
  // AN3155, table 2 and the examples of chapter 3.
  EXPECT_THAT(Stm32Word(0x00), ElementsAre(0x00, 0xFF));
  EXPECT_THAT(Stm32Word(0x31), ElementsAre(0x31, 0xCE));
}

TEST(Stm32Message, IsAnAddressOrDataWithAnExclusiveOr) {
  EXPECT_THAT(Stm32Address(0x0800'1234), ElementsAre(0x08, 0x00, 0x12, 0x34, 0x08 ^ 0x12 ^ 0x34));
  const std::vector<std::uint8_t> data{0xA1, 0xB2, 0xC3, 0xD4};
  EXPECT_THAT(Stm32Data(data), ElementsAre(3, 0xA1, 0xB2, 0xC3, 0xD4, 3 ^ 0xA1 ^ 0xB2 ^ 0xC3 ^ 0xD4));
  EXPECT_EQ(Stm32Data(std::vector<std::uint8_t>(256)).size(), 258u);
}

TEST(Stm32Message, ListsPagesByOneByteOrByTwo) {
  const std::vector<Stm32Sector> sectors{{1, 1024}, {200, 1024}};
  EXPECT_THAT(Stm32Pages(Stm32Command::kErase, sectors), ElementsAre(1, 1, 200, 200));
  EXPECT_THAT(Stm32Pages(Stm32Command::kExtendedErase, std::vector<Stm32Sector>{{0x102, 2048}}),
              ElementsAre(0, 0, 1, 2, 1 ^ 2));
}

TEST(Stm32Sectors, AreNumberedFromTheStartOfFlash) {
  const BoardType nucleo = tests::NucleoType();
  EXPECT_THAT(Stm32SectorsIn(nucleo, kFlash + 0xC000, 0x14000),
              ElementsAre(Stm32Sector{3, 0x4000}, Stm32Sector{4, 0x10000}));
  BoardType behind_loader = tests::BluePillType();
  behind_loader.sectors = {{kFlash + 0x2000, 56, 1024}};
  EXPECT_THAT(Stm32SectorsIn(behind_loader, kFlash + 0x2400, 0x400), ElementsAre(Stm32Sector{9, 1024}));
}

std::vector<std::uint8_t> Program(const std::string& version, std::size_t size = 3000) {
  return boards::MakeTextImage({.size_bytes = size, .words = "firmware=blink version=" + version});
}

class Stm32Test : public testing::Test {
 protected:
  Result<FlashReport> Flash(const std::vector<std::uint8_t>& program, const Image* known = nullptr) {
    auto port = tests::OpenFakeStm32(board_);
    const Image image{{{kFlash, program}}};
    const auto flashed = CreateFlasher(FlashProtocol::kStm32)
                             ->Flash(port, type_, {.image = image, .file = "", .known = known, .progress = {}});
    EXPECT_TRUE(DiscardUntil(*port, std::chrono::steady_clock::now() + std::chrono::milliseconds(50)) || !flashed);
    runs_ = board_.RunsApplication();
    return flashed;
  }
  void ExpectFlashed(const Result<FlashReport>& flashed, const std::vector<std::uint8_t>& program) {
    ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
    EXPECT_TRUE(std::equal(program.begin(), program.end(), board_.chip.flash().begin()));
    EXPECT_TRUE(runs_);
  }
  void ExpectFails(const Result<FlashReport>& flashed, Code code, const std::string& text) {
    ASSERT_FALSE(flashed.has_value());
    EXPECT_EQ(flashed.error().code, code) << flashed.error().message;
    EXPECT_THAT(flashed.error().message, HasSubstr(text));
  }

  tests::FakeStm32 board_{"stm32f103"};
  BoardType type_ = tests::BluePillType();
  bool runs_ = false;  // the application, before the port is closed
};

TEST_F(Stm32Test, ErasesWritesReadsBackAndStartsByAReset) {
  ExpectFlashed(Flash(Program("1.0.0")), Program("1.0.0"));
  EXPECT_EQ(board_.Statistic("erased_sectors"), "3");
  EXPECT_EQ(board_.Statistic("programmed_bytes"), "3072");
  EXPECT_EQ(board_.Statistic("refused"), "0");
  EXPECT_EQ(board_.Statistic("overruns"), "0");
  EXPECT_EQ(board_.baud, 460800u);
}

TEST_F(Stm32Test, WritesOnlyTheSectorThatChanged) {
  ExpectFlashed(Flash(Program("1.0.0")), Program("1.0.0"));
  const Image known{{{kFlash, Program("1.0.0")}}};
  auto program = Program("1.0.0");
  program[2000] ^= 1;
  const auto flashed = Flash(program, &known);
  ExpectFlashed(flashed, program);
  EXPECT_EQ(flashed->written_bytes, 1024u);
  EXPECT_EQ(flashed->skipped_bytes, 3000u - 1024u);
  EXPECT_EQ(board_.Statistic("erased_sectors"), "4");
}

TEST_F(Stm32Test, DoesNotWriteBlocksThatAreErasedAnyway) {
  std::vector<std::uint8_t> program = Program("1.0.0", 4096);
  std::fill(program.begin() + 1000, program.begin() + 3000, 0xFF);
  ExpectFlashed(Flash(program), program);
  EXPECT_EQ(board_.Statistic("programmed_bytes"), std::to_string(4096 - 7 * 256));
}

TEST_F(Stm32Test, WritesABlockAgainWithoutStartingOver) {
  board_.lose_byte = 17;  // the first block, after 6 messages to connect, 6 to compare and 2 to erase
  board_.lose_answer = 40;
  ExpectFlashed(Flash(Program("1.0.0")), Program("1.0.0"));
  EXPECT_EQ(board_.Statistic("erased_sectors"), "3");
}

TEST_F(Stm32Test, DoesNotWriteABlockTwiceWhoseAnswerWasLost) {
  board_.lose_answer = 17;
  ExpectFlashed(Flash(Program("1.0.0")), Program("1.0.0"));
  EXPECT_EQ(board_.Statistic("erased_sectors"), "3");
  EXPECT_EQ(board_.Statistic("programmed_bytes"), "3072");
}

TEST_F(Stm32Test, FallsBackToTheSlowerRateWhereTheFasterOneIsNotMeasured) {
  board_.chip.Execute("max-baud 230400", board_.now);
  ExpectFlashed(Flash(Program("1.0.0")), Program("1.0.0"));
  EXPECT_EQ(board_.baud, 115200u);
}

TEST_F(Stm32Test, IsNotFooledByAnApplicationThatSaysYes) {
  const auto yes = boards::MakeTextImage({.size_bytes = 600, .words = "yyyyy hello_ms=1"});
  ExpectFlashed(Flash(yes), yes);
  board_.by_hand = true;
  type_.reset = ResetMethod::kNone;
  ExpectFails(Flash(Program("1.0.0")), Code::kTimeout, "Set BOOT0 high and BOOT1 low, press the reset button");
}

TEST_F(Stm32Test, RefusesAnotherChipBeforeWriting) {
  board_.chip.Execute("id 0x414", board_.now);
  ExpectFails(Flash(Program("1.0.0")), Code::kInvalid,
              "says that it is 0x414, and the STM32F103 of a bluepill says 0x410; nothing was written");
  EXPECT_EQ(board_.Statistic("erased_sectors"), "0");
}

TEST_F(Stm32Test, SaysThatTheChipIsProtectedAndDoesNotTakeThatOff) {
  ExpectFlashed(Flash(Program("1.0.0")), Program("1.0.0"));
  board_.chip.Execute("protect on", board_.now);
  ExpectFails(Flash(Program("1.1.0")), Code::kDenied,
              "`stm32flash -k /dev/ttyFAKE` takes the protection off, and erases all of its flash");
  EXPECT_EQ(board_.Statistic("protected"), "1");
  EXPECT_TRUE(std::ranges::equal(Program("1.0.0"), board_.chip.flash().first(3000)));
}

TEST_F(Stm32Test, GivesUpOnABoardThatStaysSilent) {
  board_.silent = true;
  ExpectFails(Flash(Program("1.0.0")), Code::kTimeout,
              "does not answer after 3 resets, at 115200 baud at last; is it a bluepill, is DTR wired to NRST");
  // With one reset for the faster rate, and all that once more since it may be noise.
  EXPECT_LE(board_.now, std::chrono::seconds(10));
}

TEST_F(Stm32Test, FindsAByteThatDidNotTake) {
  board_.chip.Execute("fail-write 0x8000123", board_.now);
  ExpectFails(Flash(Program("1.0.0")), Code::kCorrupt, "at 0x8000123 of /dev/ttyFAKE and 0xFF was read back");
}

TEST_F(Stm32Test, SaysThatTheBoardWasPulled) {
  board_.unplug_at = 30;
  ExpectFails(Flash(Program("1.0.0")), Code::kUnavailable, "was the board unplugged?");
}

TEST_F(Stm32Test, TakesABootloaderThatWasStartedByHandAndJumpsToTheApplication) {
  type_.reset = ResetMethod::kNone;
  type_.bauds = {57600};
  board_.chip.Execute("boot0 high", board_.now);
  board_.by_hand = true;
  board_.chip.Reset(board_.now);
  ExpectFlashed(Flash(Program("1.0.0")), Program("1.0.0"));
  EXPECT_EQ(board_.baud, 57600u);
}

TEST(Stm32F401, HasSectorsOfSeveralSizesWhichTakeTheirTime) {
  tests::FakeStm32 board{"stm32f401"};
  auto port = tests::OpenFakeStm32(board);
  const Image image{{{kFlash, Program("1.0.0", 0x1C000)}, {kFlash + 0x2'0000, {1, 2, 3, 4, 5}}}};
  const auto flashed =
      CreateFlasher(FlashProtocol::kStm32)
          ->Flash(port, tests::NucleoType(), {.image = image, .file = "", .known = nullptr, .progress = {}});
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_EQ(flashed->written_bytes, 0x1C000u + 5u);
  EXPECT_EQ(board.Statistic("erased_sectors"), "6");
  EXPECT_EQ(board.Statistic("overruns"), "0");
  EXPECT_EQ(board.chip.flash()[0x2'0004], 5);
  EXPECT_EQ(board.chip.flash()[0x2'0005], 0xFF);
  // Four of 16 KiB, and the two larger ones, in one command.
  EXPECT_GE(board.waited, std::chrono::milliseconds(2000));
}

/// At each message of a flash.
class Stm32NoiseTest : public Stm32Test, public testing::WithParamInterface<int> {
 protected:
  static std::vector<std::uint8_t> Small() { return Program("2.0.0", 1500); }
};

TEST_P(Stm32NoiseTest, IsOvercomeWhereAByteIsLost) {
  board_.lose_byte = GetParam();
  ExpectFlashed(Flash(Small()), Small());
}

TEST_P(Stm32NoiseTest, IsOvercomeWhereABitFlips) {
  board_.flip_byte = GetParam();
  ExpectFlashed(Flash(Small()), Small());
}

TEST_P(Stm32NoiseTest, IsOvercomeWhereAnAnswerIsLost) {
  board_.lose_answer = GetParam();
  ExpectFlashed(Flash(Small()), Small());
}

TEST_P(Stm32NoiseTest, IsOvercomeWhereAnAnswerIsGarbled) {
  board_.flip_answer = GetParam();
  ExpectFlashed(Flash(Small()), Small());
}

TEST_P(Stm32NoiseTest, IsOvercomeWhereTheEndOfAnAnswerIsGarbled) {
  board_.flip_answer_end = GetParam();
  ExpectFlashed(Flash(Small()), Small());
}

TEST_P(Stm32NoiseTest, IsOvercomeWhereTheBoardResets) {
  board_.reset_at = GetParam();
  ExpectFlashed(Flash(Small()), Small());
}

/// Whatever was written before the cable was pulled: with it back, all is right, be it the new image or the old one.
TEST_P(Stm32NoiseTest, IsOvercomeAfterThePortWasGone) {
  const auto old = Program("1.0.0", 1700);
  ExpectFlashed(Flash(old), old);
  board_.messages = 0;
  board_.unplug_at = GetParam();
  EXPECT_FALSE(Flash(Small()).has_value());
  board_.unplug_at = 0;
  const auto next = GetParam() % 2 == 0 ? Small() : old;
  ExpectFlashed(Flash(next), next);
}

INSTANTIATE_TEST_SUITE_P(Messages, Stm32NoiseTest, testing::Range(1, 50));

}  // namespace
}  // namespace motley::agent
