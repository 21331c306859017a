// The whole protocol against virtual chips in the same thread, where time is no object: faults at any byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flash/catalogue.h"
#include "agent/flash/espressif.h"
#include "tests/agent/flash/chip_port.h"
#include "tools/espsim/chip.h"
#include "tools/espsim/firmware_image.h"

namespace motley::agent {
namespace {

using testing::StartsWith;
using Bytes = std::vector<std::uint8_t>;

class EspressifChipTest : public testing::TestWithParam<const char*> {
 protected:
  EspressifChipTest() : model_(*espsim::FindModel(GetParam())), board_(*BoardCatalogue::BuiltIn().Find(GetParam())) {
    chip_.PowerOn(now_);
    EXPECT_EQ(chip_.Execute("flash-time off", now_), "ok");
  }

  Bytes Make(std::uint32_t seed) const {
    boards::TextImage image;
    image.size_bytes = 8192;
    image.words = "firmware=blink version=1.0.0";
    image.seed = seed;
    return espsim::MakeFirmwareImage(model_, image);
  }
  Result<FlashReport> Flash(const Bytes& program, tests::ChipPort::Fault fault = {}) {
    const Image image{{{board_.application_begin, program}}};
    auto chip_port = std::make_unique<tests::ChipPort>(chip_, now_, fault);
    const auto& counts = *chip_port;
    std::unique_ptr<SerialPort> port = std::move(chip_port);
    auto flashed = CreateEspressifFlasher()->Flash(port, board_, {.image = image, .file = "", .progress = {}});
    sent_ = counts.sent();
    received_ = counts.received();
    return flashed;
  }
  bool Holds(const Bytes& program) {
    return std::equal(program.begin(), program.end(), chip_.flash().begin() + board_.application_begin);
  }
  bool Runs() {
    now_ += boards::Micros(200'000);
    chip_.Advance(now_);
    return chip_.Statistics().starts_with("runs=application ");
  }

  const espsim::Model model_;
  BoardType board_;
  espsim::Chip chip_{model_};
  boards::Micros now_{0};
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

TEST_P(EspressifChipTest, HoldsAWholeImageAfterACutAnywhere) {
  const Bytes programs[] = {Make(1), Make(2)};
  ASSERT_TRUE(Flash(programs[0]).has_value());
  const std::uint64_t bytes = sent_;
  int turn = 0;
  for (std::uint64_t byte = 1; byte <= bytes; byte += 7) {
    const auto cut_off = Flash(programs[(turn + 1) % 2], {.cut_at = byte});
    if (cut_off) break;  // what it sends has fewer bytes to escape
    ASSERT_EQ(cut_off.error().code, Code::kUnavailable) << byte << ": " << cut_off.error().message;
    turn += byte % 2 == 0 ? 0 : 1;  // to the new one, or back
    const auto again = Flash(programs[turn % 2]);
    ASSERT_TRUE(again.has_value()) << byte << ": " << again.error().message;
    ASSERT_TRUE(Holds(programs[turn % 2])) << byte;
  }
  EXPECT_TRUE(Runs());
}

TEST_P(EspressifChipTest, OvercomesAWrongBitAnywhereOnItsWayToTheChip) {
  const Bytes programs[] = {Make(1), Make(2)};
  ASSERT_TRUE(Flash(programs[0]).has_value());
  const std::uint64_t bytes = sent_;
  int turn = 0;
  for (std::uint64_t byte = 1; byte <= bytes; byte += byte < 200 ? 1 : 5) {
    ++turn;
    const auto flashed = Flash(programs[turn % 2], {.flip_to_chip = byte});
    ASSERT_TRUE(flashed.has_value()) << byte << ": " << flashed.error().message;
    ASSERT_TRUE(Holds(programs[turn % 2])) << byte;
  }
}

TEST_P(EspressifChipTest, OvercomesAWrongBitAnywhereOnItsWayFromTheChip) {
  const Bytes programs[] = {Make(1), Make(2)};
  ASSERT_TRUE(Flash(programs[0]).has_value());
  const std::uint64_t bytes = received_;
  int turn = 0;
  for (std::uint64_t byte = 1; byte <= bytes; ++byte) {
    ++turn;
    const auto flashed = Flash(programs[turn % 2], {.flip_from_chip = byte});
    ASSERT_TRUE(flashed.has_value()) << byte << ": " << flashed.error().message;
    ASSERT_TRUE(Holds(programs[turn % 2])) << byte;
  }
}

TEST_P(EspressifChipTest, LeavesAloneWhatTheImageDoesNotHave) {
  std::fill(chip_.flash().begin(), chip_.flash().end(), 0);
  const Bytes program = Make(1);
  ASSERT_TRUE(Flash(program).has_value());
  EXPECT_TRUE(Holds(program));
  const auto begin = chip_.flash().begin() + board_.application_begin;
  EXPECT_EQ(std::count(chip_.flash().begin(), begin, 0), board_.application_begin);
  EXPECT_EQ(std::count(begin + 8192, chip_.flash().end(), 0),
            static_cast<std::ptrdiff_t>(espsim::kFlashBytes - board_.application_begin - 8192));
}

TEST_P(EspressifChipTest, FindsWhatIsAnotherInTheChip) {
  tests::ChipPort port(chip_, now_, {});
  const auto bootloader = CreateEspressif(port, board_);
  ASSERT_TRUE(bootloader->Connect().has_value());
  const Bytes bytes(5 * 8192, 0x33);
  const auto none = [](std::uint32_t) {};
  const std::uint32_t begin = board_.application_begin;
  ASSERT_TRUE(bootloader->Write(begin, bytes, none).has_value());
  auto difference = bootloader->Compare(begin, bytes, none);
  ASSERT_TRUE(difference.has_value()) << difference.error().message;
  EXPECT_FALSE(*difference);
  // A whole sector, as one that was not erased or is another board's: samples see it as well.
  std::fill_n(chip_.flash().begin() + begin + 3 * 4096, 4096, 0x55);
  difference = bootloader->Compare(begin, bytes, none);
  ASSERT_TRUE(difference.has_value() && *difference);
  EXPECT_EQ((*difference)->address / 4096, begin / 4096 + 3);
  EXPECT_EQ((*difference)->found.value_or(0x55), 0x55);
}

TEST_P(EspressifChipTest, DoesNotRelyOnWhatIsKnownWhereTheChipHasAnother) {
  ASSERT_TRUE(Flash(Make(1)).has_value());
  const Image known{{{board_.application_begin, Make(2)}}};
  Bytes program = Make(2);
  program[100] ^= 1;  // in the first sector alone
  std::unique_ptr<SerialPort> port = std::make_unique<tests::ChipPort>(chip_, now_, tests::ChipPort::Fault{});
  const Image image{{{board_.application_begin, program}}};
  const auto flashed =
      CreateEspressifFlasher()->Flash(port, board_, {.image = image, .file = "", .known = &known, .progress = {}});
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_EQ(flashed->written_bytes, 8192u);
  EXPECT_TRUE(Holds(program));
}

TEST_P(EspressifChipTest, FlashesABoardThatAHandPutIntoItsLoader) {
  board_.reset = ResetMethod::kNone;
  const Bytes program = Make(1);
  EXPECT_THAT(Flash(program).error().message,
              StartsWith("the ROM of the " + board_.chip + " on /dev/ttyCHIP does not answer; hold its BOOT button"));
  chip_.SetLines(false, true, now_);
  chip_.SetLines(true, false, now_);
  now_ += boards::Micros(10'000);
  chip_.Advance(now_);
  const auto flashed = Flash(program);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(Holds(program));
  EXPECT_TRUE(Runs());
}

INSTANTIATE_TEST_SUITE_P(Chips, EspressifChipTest, testing::Values("esp32", "esp8266"),
                         [](const auto& chip) { return std::string(chip.param); });

}  // namespace
}  // namespace motley::agent
