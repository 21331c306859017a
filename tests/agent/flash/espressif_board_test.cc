// Flashing Espressif's chips through their ROMs on virtual boards, and what is in their flash afterwards: by
// esptool-js, which is Espressif's, and by the simulator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "common/files/files.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tools/espsim/firmware_image.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kMaxFlash = 8 << 20;

/// A number that a board counts: "written".
std::uint64_t Counted(const std::string& stat, const std::string& name) {
  const auto at = stat.find(" " + name + "=");
  EXPECT_NE(at, std::string::npos) << stat;
  return at == std::string::npos ? 0 : std::stoull(stat.substr(at + name.size() + 2));
}

class EspressifBoardTest : public testing::Test {
 protected:
  struct Board {
    std::string serial;
    std::string port;
    std::string type;
    std::string model;
  };

  struct Firmware {
    std::string file;
    std::string bytes;
  };

  static espsim::Model ModelOf(const Board& board) { return *espsim::FindModel(board.model); }

  std::vector<std::string> Behind(std::vector<std::string> command) const {
    std::vector<std::string> words = boards_.prefix();
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  std::vector<std::string> Probe(const Board& board, const std::string& file, std::vector<std::string> options) const {
    std::vector<std::string> command{MOTLEY_TESTS_DIR "/flash-probe", "--board", board.type};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {board.port, file});
    return Behind(command);
  }
  Finished Flash(const Board& board, const std::string& file, std::vector<std::string> options = {}) const {
    return RunProgram(Probe(board, file, std::move(options)), boards_.environment(), seconds(60));
  }
  std::unique_ptr<Program> StartFlash(const Board& board, const Firmware& firmware, const std::string& output) const {
    return Program::Start({Probe(board, firmware.file, {}), boards_.environment(), folder_ / output});
  }
  /// What esptool-js says.
  Finished Esptool(const Board& board, std::vector<std::string> action) const {
    std::vector<std::string> command{"node",
                                     MOTLEY_SOURCE_DIR "/tests/tools/espsim/drive.mjs",
                                     board.port,
                                     Built("board-ctl"),
                                     boards_.environment().at("MOTLEY_BOARDS_DIR"),
                                     board.serial};
    command.insert(command.end(), action.begin(), action.end());
    return RunProgram(Behind(command), boards_.environment(), seconds(60));
  }

  std::string Say(const Board& board, const std::string& command, const std::string& argument = "") const {
    std::vector<std::string> words{board.serial, command};
    if (!argument.empty()) words.push_back(argument);
    return boards_.Control(words);
  }
  std::uint64_t Count(const Board& board, const std::string& name) const { return Counted(Say(board, "stat"), name); }
  void WithoutPace(const Board& board) const {
    Say(board, "pace", "off");
    Say(board, "flash-time", "off");
  }

  Firmware Make(const Board& board, const std::string& version, std::size_t size,
                std::optional<std::size_t> changed_page = std::nullopt) const {
    boards::TextImage image;
    image.size_bytes = size;
    image.words = "firmware=blink version=" + version;
    image.seed = version == "1.0.0" ? 1 : 2;
    image.changed_page = changed_page;
    const auto bytes = espsim::MakeFirmwareImage(ModelOf(board), image);
    Firmware firmware{
        folder_ / (board.serial + version + (changed_page ? "changed" : "") + std::to_string(size) + ".bin"),
        {bytes.begin(), bytes.end()}};
    CHECK(WriteFileAtomically(firmware.file, firmware.bytes, 0644));
    return firmware;
  }
  /// Whether the flash has the firmware, and nothing before and behind it.
  bool Holds(const Board& board, const Firmware& firmware) const {
    const std::string dump = folder_ / (board.serial + ".dump");
    Say(board, "dump", dump);
    const auto flash = ReadFile(dump, kMaxFlash);
    CHECK(flash);
    std::string expected(flash->size(), '\xff');
    expected.replace(ModelOf(board).application_address, firmware.bytes.size(), firmware.bytes);
    return *flash == expected;
  }
  bool Runs(const Board& board) const {
    return WaitFor([&] { return Say(board, "stat").find(" runs=application ") != std::string::npos; });
  }

  /// Flashes in turn two images, killed or cut off at each `step`th message from `first` on, and then one of them,
  /// which must succeed.
  void Sweep(const Board& board, const std::string& how, std::size_t size, int first = 1, int step = 1) const {
    WithoutPace(board);
    Firmware last = Make(board, "1.0.0", size);
    Firmware next = Make(board, "2.0.0", size);
    Flash(board, next.file);
    const auto whole = Flash(board, last.file);
    ASSERT_EQ(whole.exit_code, 0) << whole.output;
    const int messages = static_cast<int>(Counted(whole.output, "messages"));
    EXPECT_GE(messages, 20);
    EXPECT_LE(messages, 80);
    for (int message = first; message <= messages; message += step) {
      const auto cut_off = Flash(board, next.file, {how, std::to_string(message)});
      EXPECT_NE(cut_off.exit_code, 0) << how << " " << message << ": " << cut_off.output;
      // To the new one, or back to the last good one.
      if (message / step % 2 == 0) std::swap(last, next);
      const auto again = Flash(board, last.file);
      EXPECT_EQ(again.exit_code, 0) << how << " " << message << ": " << again.output;
      EXPECT_TRUE(Holds(board, last)) << how << " " << message;
    }
    EXPECT_TRUE(Runs(board));
  }

  const TestBoards boards_{{"esp32:E1", "esp32:E2", "esp8266:F1", "esp8266:F2", "esp8266:F3", "esp8266:F4",
                            "esp32-c3-devkitm:C1", "xiao-esp32s3:S1"}};
  const Board e1_{"E1", "/dev/ttyUSB0", "esp32", "esp32"};
  const Board e2_{"E2", "/dev/ttyUSB1", "esp32", "esp32"};
  const Board f1_{"F1", "/dev/ttyUSB2", "esp8266", "esp8266"};
  const Board f2_{"F2", "/dev/ttyUSB3", "esp8266", "esp8266"};
  const Board f3_{"F3", "/dev/ttyUSB4", "esp8266", "esp8266"};
  const Board f4_{"F4", "/dev/ttyUSB5", "esp8266", "esp8266"};
  const Board c1_{"C1", "/dev/ttyUSB6", "esp32-c3-devkitm", "esp32c3"};
  const Board s1_{"S1", "/dev/ttyACM0", "xiao-esp32s3", "esp32s3"};
  const TemporaryFolder folder_;
};

TEST_F(EspressifBoardTest, HoldWhatEsptoolThenVerifiesAndRunIt) {
  for (const Board& board : {e1_, c1_, s1_}) {
    const auto firmware = Make(board, "1.0.0", 20480);
    const auto flashed = Flash(board, firmware.file);
    EXPECT_EQ(flashed.exit_code, 0) << board.type << ": " << flashed.output;
    EXPECT_TRUE(Runs(board)) << board.type;
    EXPECT_TRUE(Holds(board, firmware)) << board.type;
    const auto verified = Esptool(board, {"verify", "0x10000", firmware.file});
    EXPECT_EQ(verified.exit_code, 0) << board.type << ": " << verified.output;
    // And it is not satisfied by just anything.
    EXPECT_NE(Esptool(board, {"verify", "0x10000", Make(board, "2.0.0", 20480).file}).exit_code, 0) << board.type;
  }
}

TEST_F(EspressifBoardTest, Esp8266HoldsWhatItShould) {
  const auto firmware = Make(f1_, "1.0.0", 20480);
  const auto flashed = Flash(f1_, firmware.file);
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_TRUE(Runs(f1_));
  EXPECT_TRUE(Holds(f1_, firmware));
}

TEST_F(EspressifBoardTest, SendsCompressedWhatGetsSmaller) {
  Firmware firmware = Make(e1_, "1.0.0", 20480);
  // The XOR of an even number of equal bytes is nothing.
  firmware.bytes.replace(4096, 12288, 12288, 'a');
  Firmware before = Make(e1_, "1.0.0", 20480);
  std::uint8_t checksum = static_cast<std::uint8_t>(firmware.bytes.back());
  for (std::size_t at = 4096; at < 4096 + 12288; ++at) checksum ^= static_cast<std::uint8_t>(before.bytes[at]);
  firmware.bytes.back() = static_cast<char>(checksum);
  ASSERT_TRUE(WriteFileAtomically(firmware.file, firmware.bytes, 0644));
  const auto flashed = Flash(e1_, firmware.file);
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_TRUE(Holds(e1_, firmware));
  EXPECT_TRUE(Runs(e1_));
  EXPECT_GT(Count(e1_, "deflated"), 8000u);
  EXPECT_LT(Count(e1_, "deflated"), 9000u);
}

TEST_F(EspressifBoardTest, RefuseAnotherChipBeforeAnythingIsWritten) {
  Say(e1_, "id", "0x6921506f");
  const auto other = Flash(e1_, Make(e1_, "1.0.0", 8192).file);
  EXPECT_EQ(other.output,
            "invalid: the chip on /dev/ttyUSB0 says that it is 0x6921506F (ESP32-C3), and the ESP32 of a esp32 says "
            "0xF01D83; nothing was written\n");
  // What is called an ESP32 and is an ESP8266.
  const auto wrong_board = Flash({"F1", f1_.port, "esp32", "esp32"}, Make(e1_, "1.0.0", 8192).file);
  EXPECT_THAT(wrong_board.output, StartsWith("invalid: the chip on /dev/ttyUSB2 says that it is 0xFFF0C101"));
  EXPECT_EQ(Count(e1_, "written") + Count(e1_, "erased") + Count(f1_, "erased"), 0u);
  // All on their own USB have the same ids.
  const auto same_ids = Flash({"S1", s1_.port, "xiao-esp32c3", "esp32c3"}, Make(c1_, "1.0.0", 8192).file);
  EXPECT_EQ(same_ids.output,
            "invalid: the chip on /dev/ttyACM0 says that it is 0x9 (ESP32-S3), and the ESP32-C3 of a xiao-esp32c3 says "
            "0x5; nothing was written; USB ids do not tell these boards apart: say in a file of boards which type this "
            "serial number is\n");
  EXPECT_EQ(Count(s1_, "written") + Count(s1_, "erased"), 0u);
}

TEST_F(EspressifBoardTest, AreLeftAloneByAnImageForAnotherChip) {
  const auto refused = Flash(c1_, Make(s1_, "1.0.0", 8192).file);
  EXPECT_EQ(refused.output,
            "invalid: the image is for the Espressif chip number 9 (ESP32-S3), and the ESP32-C3 of a esp32-c3-devkitm "
            "is 5; build it for that chip\n");
  EXPECT_EQ(Count(c1_, "written") + Count(c1_, "erased") + Count(c1_, "commands"), 0u);
}

TEST_F(EspressifBoardTest, LeaveALoaderThatAHandPutThemInto) {
  Say(s1_, "hold-boot", "on");
  Say(s1_, "reset");
  Say(s1_, "hold-boot", "off");
  ASSERT_THAT(Say(s1_, "stat"), HasSubstr(" runs=loader "));
  const auto firmware = Make(s1_, "1.0.0", 8192);
  const auto flashed = Flash(s1_, firmware.file);
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_TRUE(Holds(s1_, firmware));
  EXPECT_TRUE(Runs(s1_));
}

TEST_F(EspressifBoardTest, SayWhyAProtectedChipCanNotBeFlashed) {
  Say(e1_, "protect", "on");
  auto flashed = Flash(e1_, Make(e1_, "1.0.0", 8192).file);
  EXPECT_THAT(flashed.output, StartsWith("denied: the chip on /dev/ttyUSB0 does not let its registers be read: secure "
                                         "download mode is burnt into its fuses"));
  Say(e1_, "protect", "off");
  Say(e1_, "encrypt", "on");
  flashed = Flash(e1_, Make(e1_, "1.0.0", 8192).file);
  EXPECT_THAT(flashed.output, StartsWith("denied: the flash of the chip on /dev/ttyUSB0 is encrypted"));
  EXPECT_EQ(Count(e1_, "erased"), 0u);
}

TEST_F(EspressifBoardTest, SayWhatToPressOnABoardThatDoesNotAnswer) {
  Say(e1_, "mute", "on");
  const auto silent = Flash(e1_, Make(e1_, "1.0.0", 8192).file);
  EXPECT_THAT(silent.output,
              StartsWith("timeout: the ROM of the ESP32 on /dev/ttyUSB0 does not answer after 4 resets"));
  EXPECT_THAT(silent.output, HasSubstr("hold its BOOT button"));
}

TEST_F(EspressifBoardTest, NameThePlaceThatDoesNotTakeWhatIsWritten) {
  const auto firmware = Make(e1_, "1.0.0", 20480);
  Say(e1_, "fail-write", "0x11234");
  const auto flashed = Flash(e1_, firmware.file);
  EXPECT_THAT(flashed.output, HasSubstr("corrupt: write at 0x11000: the chip on /dev/ttyUSB0 says to command 0x03: "
                                        "what was written to flash reads back differently"));
  Say(f1_, "fail-write", "0x1234");
  EXPECT_THAT(Flash(f1_, Make(f1_, "1.0.0", 20480).file).output, HasSubstr("corrupt: write at 0x1000: "));
  Say(e1_, "fail-write", "off");
  EXPECT_EQ(Flash(e1_, firmware.file).exit_code, 0);
  EXPECT_TRUE(Holds(e1_, firmware));
}

TEST_F(EspressifBoardTest, WithstandNoiseEitherWay) {
  const Firmware firmware[] = {Make(e1_, "1.0.0", 65536), Make(e1_, "2.0.0", 65536)};
  const char* const faults[][2] = {{"corrupt", "1"}, {"corrupt-input", "1"}, {"lose", "3"}, {"lose-input", "3"}};
  int run = 0;
  for (const auto& [fault, bytes] : faults) {
    const auto flash = StartFlash(e1_, firmware[run % 2], fault);
    ASSERT_TRUE(WaitFor([&] { return flash->Output().find(" of 131072") != std::string::npos; })) << flash->Output();
    Say(e1_, fault, bytes);
    ASSERT_TRUE(flash->Wait(seconds(60)));
    EXPECT_THAT(flash->Output(), HasSubstr("done: ")) << fault;
    EXPECT_TRUE(Holds(e1_, firmware[run % 2])) << fault;
    ++run;
  }
}

TEST_F(EspressifBoardTest, StartOverWhenTheBoardIsResetInTheMiddle) {
  for (const Board& board : {e1_, f1_}) {
    const auto firmware = Make(board, "1.0.0", 20480);
    Say(board, "reset-at", "8000");
    const auto flashed = Flash(board, firmware.file);
    EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
    EXPECT_TRUE(Holds(board, firmware));
    EXPECT_TRUE(Runs(board));
  }
}

TEST_F(EspressifBoardTest, GoOnAtASlowerRateWhereTheLineDoesNotManageTheFastest) {
  Say(e1_, "max-baud", "500000");
  const auto firmware = Make(e1_, "1.0.0", 8192);
  const auto flashed = Flash(e1_, firmware.file);
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_THAT(Say(e1_, "stat"), HasSubstr(" client_baud=460800 "));
  EXPECT_TRUE(Holds(e1_, firmware));
}

TEST_F(EspressifBoardTest, WriteTheSectorAloneThatChanges) {
  for (const Board& board : {e1_, f1_}) {
    const auto before = Make(board, "1.0.0", 65536);
    const auto after = Make(board, "1.0.0", 65536, 100);
    ASSERT_EQ(Flash(board, before.file).exit_code, 0);
    const std::uint64_t written = Count(board, "written");
    const auto flashed = Flash(board, after.file, {"--known", before.file});
    EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
    EXPECT_EQ(Count(board, "written") - written, board.type == "esp32" ? 4096u : 8192u);
    EXPECT_TRUE(Holds(board, after));
  }
  // The ESP32 tells itself what it has.
  const std::uint64_t written = Count(e1_, "written");
  EXPECT_EQ(Flash(e1_, Make(e1_, "1.0.0", 65536).file).exit_code, 0);
  EXPECT_EQ(Count(e1_, "written") - written, 4096u);
}

TEST_F(EspressifBoardTest, HoldAWholeImageAfterAKillAndACutAtEachMessage) {
  std::thread other([this] { Sweep(e2_, "--cut-at", 12288); });
  Sweep(e1_, "--die-at", 12288);
  other.join();
  const auto verified = Esptool(e1_, {"verify", "0x10000", folder_ / "E12.0.012288.bin"});
  const auto verified_last = Esptool(e1_, {"verify", "0x10000", folder_ / "E11.0.012288.bin"});
  EXPECT_EQ(verified.exit_code + verified_last.exit_code, 1) << verified.output << verified_last.output;
}

TEST_F(EspressifBoardTest, HoldAWholeImageAfterAKillAndACutAtEachMessageOnLaterChips) {
  std::thread other([this] { Sweep(s1_, "--cut-at", 12288); });
  Sweep(c1_, "--die-at", 12288);
  other.join();
  for (const Board& board : {c1_, s1_}) {
    const auto one = Esptool(board, {"verify", "0x10000", folder_ / (board.serial + "1.0.012288.bin")});
    const auto other_one = Esptool(board, {"verify", "0x10000", folder_ / (board.serial + "2.0.012288.bin")});
    EXPECT_EQ(one.exit_code + other_one.exit_code, 1) << one.output << other_one.output;
  }
}

TEST_F(EspressifBoardTest, HoldAWholeImageAfterAKillAndACutAtEachMessageAlsoWithoutDigests) {
  std::vector<std::thread> others;
  others.emplace_back([this] { Sweep(f2_, "--die-at", 8192, 2, 2); });
  others.emplace_back([this] { Sweep(f3_, "--cut-at", 8192, 1, 2); });
  others.emplace_back([this] { Sweep(f4_, "--cut-at", 8192, 2, 2); });
  Sweep(f1_, "--die-at", 8192, 1, 2);
  for (std::thread& other : others) other.join();
}

}  // namespace
}  // namespace motley::tests
