// The whole protocol against virtual chips in the same thread, where time is no object: faults at any byte.
#include "agent/flash/espressif_chip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "agent/flash/catalogue.h"
#include "agent/flash/espressif.h"
#include "agent/flash/espressif_link.h"
#include "tests/agent/flash/chip_port.h"
#include "tools/espsim/chip.h"
#include "tools/espsim/firmware_image.h"

namespace motley::agent {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Bytes = std::vector<std::uint8_t>;

/// A virtual chip, and the type of board that it is on.
struct On {
  const char* model;
  const char* board;
};

void PrintTo(const On& on, std::ostream* out) { *out << on.model << " on " << on.board; }

std::string NameOf(const testing::TestParamInfo<On>& on) {
  std::string name = on.param.board;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class EspressifChipTest : public testing::TestWithParam<On> {
 protected:
  EspressifChipTest()
      : model_(*espsim::FindModel(GetParam().model)), board_(*BoardCatalogue::BuiltIn().Find(GetParam().board)) {
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
  void PutIntoLoaderByHand() {
    EXPECT_EQ(chip_.Execute("hold-boot on", now_), "ok");
    chip_.Reset(now_);
    EXPECT_EQ(chip_.Execute("hold-boot off", now_), "ok");
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
  PutIntoLoaderByHand();
  const auto flashed = Flash(program);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(Holds(program));
  EXPECT_TRUE(Runs());
}

INSTANTIATE_TEST_SUITE_P(Chips, EspressifChipTest,
                         testing::Values(On{"esp32", "esp32"}, On{"esp8266", "esp8266"},
                                         On{"esp32c3", "esp32-c3-devkitm"}, On{"esp32s3-usb", "xiao-esp32s3"}),
                         NameOf);

/// What all of the later chips have in common.
class EspressifLaterChipTest : public EspressifChipTest {};

TEST_P(EspressifLaterChipTest, HoldsAndRunsWhatWasFlashed) {
  const Bytes program = Make(1);
  const auto flashed = Flash(program);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_EQ(flashed->written_bytes, program.size());
  EXPECT_TRUE(Holds(program));
  EXPECT_TRUE(Runs());
  // And it knows that it is there.
  const auto again = Flash(program);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->written_bytes, 0u);
  EXPECT_TRUE(Runs());
}

TEST_P(EspressifLaterChipTest, IsNotTakenForAnother) {
  for (const EspressifChip& other : EspressifChips()) {
    if (other.name == board_.chip) continue;
    BoardType board = board_;
    board.name = "other";
    board.chip = other.name;
    board.chip_ids = {other.identity == EspressifChip::Identity::kSecurity ? *other.id : other.magic_numbers[0]};
    std::unique_ptr<SerialPort> port = std::make_unique<tests::ChipPort>(chip_, now_, tests::ChipPort::Fault{});
    const auto connected = CreateEspressif(*port, board)->Connect();
    ASSERT_FALSE(connected.has_value()) << other.name;
    EXPECT_EQ(connected.error().code, Code::kInvalid) << other.name;
    EXPECT_THAT(connected.error().message, HasSubstr(" (" + board_.chip + "), and the " + board.chip + " of a other"))
        << other.name;
  }
  EXPECT_THAT(chip_.Statistics(), HasSubstr(" erased=0 "));
}

TEST_P(EspressifLaterChipTest, SaysWhyItCanNotBeFlashed) {
  chip_.Execute("protect on", now_);
  auto flashed = Flash(Make(1));
  EXPECT_THAT(flashed.error().message, HasSubstr("secure download mode is burnt into its fuses"));
  chip_.Execute("protect off", now_);
  chip_.Execute("encrypt on", now_);
  flashed = Flash(Make(1));
  EXPECT_EQ(flashed.error().code, Code::kDenied);
  EXPECT_THAT(flashed.error().message, HasSubstr("SPI_BOOT_CRYPT_CNT"));
  EXPECT_THAT(chip_.Statistics(), HasSubstr(" erased=0 "));
}

INSTANTIATE_TEST_SUITE_P(Chips, EspressifLaterChipTest,
                         testing::Values(On{"esp32s2", "esp32-s2-saola"}, On{"esp32s3", "esp32-s3-devkitc"},
                                         On{"esp32c3", "esp32-c3-devkitm"}, On{"esp32c6", "esp32-c6-devkitc"},
                                         On{"esp32s3-usb", "xiao-esp32s3"}, On{"esp32c3-usb", "xiao-esp32c3"},
                                         On{"esp32c6-usb", "xiao-esp32c6"}),
                         NameOf);

/// And those that are on USB by themselves.
class EspressifUsbTest : public EspressifChipTest {
 protected:
  /// Flashes, and reads what the application says afterwards.
  std::string SaidAfterFlash(const Bytes& program) {
    const Image image{{{board_.application_begin, program}}};
    std::unique_ptr<SerialPort> port = std::make_unique<tests::ChipPort>(chip_, now_, tests::ChipPort::Fault{});
    const auto flashed = CreateEspressifFlasher()->Flash(port, board_, {.image = image, .file = "", .progress = {}});
    EXPECT_TRUE(flashed.has_value()) << flashed.error().message;
    std::string said;
    std::array<std::uint8_t, 256> buffer;
    while (said.find("version=") == std::string::npos) {
      const auto size = port->Read(buffer, std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
      if (!size) break;
      said.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*size));
    }
    return said;
  }
};

TEST_P(EspressifUsbTest, LosesNothingOfWhatTheApplicationSaysFirst) {
  EXPECT_THAT(SaidAfterFlash(Make(1)), HasSubstr("hello firmware=blink version=1.0.0"));
  EXPECT_THAT(SaidAfterFlash(Make(2)), HasSubstr("hello firmware=blink version=1.0.0"));
  ASSERT_FALSE(Flash(Make(1), {.cut_at = 1000}).has_value());
  EXPECT_THAT(SaidAfterFlash(Make(1)), HasSubstr("hello firmware=blink version=1.0.0")) << "after one that was cut off";
}

TEST_P(EspressifUsbTest, StopsTheWatchdogsThatAResetLeavesRunning) {
  ASSERT_TRUE(Flash(Make(1)).has_value());
  ASSERT_TRUE(Runs());
  tests::ChipPort port(chip_, now_, {});
  const auto bootloader = CreateEspressif(port, board_);
  ASSERT_TRUE(bootloader->Connect().has_value());
  now_ += std::chrono::seconds(30);
  chip_.Advance(now_);
  EXPECT_THAT(chip_.Statistics(), StartsWith("runs=loader "));
}

TEST_P(EspressifUsbTest, LeavesALoaderThatAHandPutItInto) {
  PutIntoLoaderByHand();
  const Bytes program = Make(1);
  const auto flashed = Flash(program);
  EXPECT_TRUE(Holds(program));
  if (board_.chip == "ESP32-C6") {
    // Its USB may hang after a reset by its watchdog.
    EXPECT_THAT(flashed.error().message, HasSubstr("press its RESET button"));
    chip_.Reset(now_);
    ASSERT_TRUE(Flash(program).has_value());
  } else {
    ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  }
  EXPECT_TRUE(Runs());
}

TEST_P(EspressifUsbTest, LeavesALoaderThatAFlashBeforeLeftItIn) {
  const auto cut_off = Flash(Make(1), {.cut_at = 1000});
  ASSERT_FALSE(cut_off.has_value());
  const Bytes program = Make(2);
  const auto flashed = Flash(program);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_TRUE(Holds(program));
  EXPECT_TRUE(Runs());
}

TEST_P(EspressifUsbTest, SaysHowBoardsWithTheSameIdsAreToldApart) {
  board_.chip_ids = {99};
  EXPECT_THAT(Flash(Make(1)).error().message, HasSubstr("say in a file of boards which type this serial number is"));
}

INSTANTIATE_TEST_SUITE_P(Chips, EspressifUsbTest,
                         testing::Values(On{"esp32s3-usb", "xiao-esp32s3"}, On{"esp32c3-usb", "xiao-esp32c3"},
                                         On{"esp32c6-usb", "xiao-esp32c6"}),
                         NameOf);

/// An application that has the chip start into its loader at the next reset, as those on the S3's other USB do.
TEST(EspressifLink, TakesBackThatTheNextStartIsIntoTheLoader) {
  const espsim::Model model = *espsim::FindModel("esp32s3-usb");
  espsim::Chip chip(model);
  boards::Micros now{0};
  chip.PowerOn(now);
  const BoardType board = *BoardCatalogue::BuiltIn().Find("xiao-esp32s3");
  const EspressifChip& known = **EspressifChipOf(board);
  boards::TextImage image;
  image.size_bytes = 8192;
  image.words = "firmware=blink version=1.0.0";
  const auto program = espsim::MakeFirmwareImage(model, image);
  std::copy(program.begin(), program.end(), chip.flash().begin() + board.application_begin);
  tests::ChipPort port(chip, now, {});
  EspressifLink link(port, board, known);
  ASSERT_TRUE(link.Synchronise().has_value());
  ASSERT_TRUE(link.WriteRegister(known.force_download, 1, 1).has_value());
  ASSERT_TRUE(link.Restart().has_value());
  EXPECT_THAT(chip.Statistics(), StartsWith("runs=loader "));
  const auto bootloader = CreateEspressif(port, board);
  ASSERT_TRUE(bootloader->Connect().has_value());
  ASSERT_TRUE(bootloader->Start(board.application_begin).has_value());
  now += boards::Micros(200'000);
  chip.Advance(now);
  EXPECT_THAT(chip.Statistics(), StartsWith("runs=application "));
}

/// A machine with an ESP32-S2 whose application has a USB stack of its own: touched at 1200 baud, it leaves the bus,
/// and its ROM comes.
class TouchedSystem final : public SerialSystem {
 public:
  explicit TouchedSystem(boards::Micros& now) : now_(now) {
    chip_.PowerOn(now_);
    EXPECT_EQ(chip_.Execute("flash-time off", now_), "ok");
  }

  /// The port of the application.
  class ApplicationPort final : public SerialPort {
   public:
    explicit ApplicationPort(TouchedSystem& system) : system_(system) {}
    ~ApplicationPort() override {
      if (is_touched_) system_.StartRom();
    }
    const std::string& name() const override { return name_; }
    int fd() const override { return -1; }
    Result<std::size_t> Read(std::span<std::uint8_t>, Deadline) override { return Error{Code::kTimeout, ""}; }
    Result<void> Write(std::span<const std::uint8_t>, Deadline) override { return {}; }
    Result<void> SetFormat(SerialFormat format) override {
      is_touched_ = format.baud == 1200;
      return {};
    }
    Result<void> SetModemLines(ModemLines) override { return {}; }
    Result<void> DiscardInput() override { return {}; }

   private:
    TouchedSystem& system_;
    const std::string name_ = "/dev/ttyACM0";
    bool is_touched_ = false;
  };

  Result<std::vector<PortInfo>> List() override {
    if (in_rom_) return std::vector<PortInfo>{{"/dev/ttyACM1", 0x303A, 0x0002, "0"}};
    return std::vector<PortInfo>{{"/dev/ttyACM0", 0x303A, 0x80C2, "7CDFA1"}};
  }
  Result<std::unique_ptr<SerialPort>> Open(const std::string& name, std::uint32_t) override {
    EXPECT_EQ(name, "/dev/ttyACM1");
    return std::unique_ptr<SerialPort>(std::make_unique<tests::ChipPort>(chip_, now_, tests::ChipPort::Fault{}));
  }
  /// As the application does, and as a hand does.
  void StartRom() {
    in_rom_ = true;
    chip_.Execute("hold-boot on", now_);
    chip_.Reset(now_);
    chip_.Execute("hold-boot off", now_);
  }
  espsim::Chip& chip() { return chip_; }

 private:
  boards::Micros& now_;
  espsim::Chip chip_{*espsim::FindModel("esp32s2")};
  bool in_rom_ = false;
};

TEST(EspressifFlasher, TouchesABoardWhoseUsbIsItsApplications) {
  boards::Micros now{0};
  TouchedSystem system(now);
  const BoardType board = *BoardCatalogue::BuiltIn().Find("lolin-s2-mini");
  boards::TextImage text;
  text.size_bytes = 8192;
  text.words = "firmware=blink version=1.0.0";
  const Bytes program = espsim::MakeFirmwareImage(*espsim::FindModel("esp32s2"), text);
  const Image image{{{board.application_begin, program}}};
  const FlashJob job{.image = image, .file = "", .progress = {}};
  std::unique_ptr<SerialPort> port = std::make_unique<TouchedSystem::ApplicationPort>(system);
  const auto flashed = CreateEspressifFlasher(system)->Flash(port, board, job);
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_EQ(port, nullptr) << "the ROM's port is gone";
  EXPECT_TRUE(std::equal(program.begin(), program.end(), system.chip().flash().begin() + board.application_begin));
  now += boards::Micros(200'000);
  system.chip().Advance(now);
  EXPECT_THAT(system.chip().Statistics(), StartsWith("runs=application "));
}

}  // namespace
}  // namespace motley::agent
