// esptool-js, which is Espressif's, against the virtual chips: what it writes is there, and what is not there it finds.
// tools/setup installs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/files/files.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tools/espsim/firmware_image.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMaxFlash = 8 << 20;
const std::map<std::string, std::string> kPorts{{"E1", "/dev/ttyUSB0"}, {"F1", "/dev/ttyUSB1"}, {"S2", "/dev/ttyUSB2"},
                                                {"S3", "/dev/ttyACM0"}, {"C3", "/dev/ttyUSB3"}, {"C6", "/dev/ttyUSB4"},
                                                {"U3", "/dev/ttyACM1"}, {"V3", "/dev/ttyACM2"}};

class EsptoolTest : public testing::Test {
 protected:
  Finished Esptool(const std::string& serial, std::vector<std::string> action) const {
    std::vector<std::string> command = boards_.prefix();
    command.insert(command.end(), {"node", MOTLEY_SOURCE_DIR "/tests/tools/espsim/drive.mjs", kPorts.at(serial),
                                   Built("board-ctl"), boards_.environment().at("MOTLEY_BOARDS_DIR"), serial});
    command.insert(command.end(), action.begin(), action.end());
    return RunProgram(command, boards_.environment(), std::chrono::seconds(60));
  }
  std::string Make(const espsim::Model& model, std::uint32_t seed) {
    boards::TextImage image;
    image.size_bytes = 20480;
    image.words = "firmware=blink version=1.0.0";
    image.seed = seed;
    const auto bytes = espsim::MakeFirmwareImage(model, image);
    bytes_.assign(bytes.begin(), bytes.end());
    const std::string file = folder_ / (model.name + std::to_string(seed));
    CHECK(WriteFileAtomically(file, bytes_, 0644));
    return file;
  }
  /// Whether the flash holds what was made last.
  bool Holds(const std::string& serial, const espsim::Model& model) const {
    boards_.Control({serial, "dump", folder_ / "dump"});
    const auto flash = ReadFile(folder_ / "dump", kMaxFlash);
    CHECK(flash);
    return flash->compare(model.application_address, bytes_.size(), bytes_) == 0;
  }
  bool Runs(const std::string& serial) const {
    return WaitFor([&] { return boards_.Control({serial, "stat"}).find(" runs=application ") != std::string::npos; });
  }

  const espsim::Model esp32_ = *espsim::FindModel("esp32");
  const espsim::Model esp8266_ = *espsim::FindModel("esp8266");
  const TestBoards boards_{{"esp32:E1", "esp8266:F1", "esp32-s2-saola:S2", "esp32-s3-devkitc:S3", "esp32-c3-devkitm:C3",
                            "esp32-c6-devkitc:C6", "xiao-esp32c3:U3", "xiao-esp32s3:V3"}};
  const TemporaryFolder folder_;
  std::string bytes_;
};

TEST_F(EsptoolTest, KnowsTheVirtualChipsAndTheirFlash) {
  const auto esp32 = Esptool("E1", {"identify"});
  EXPECT_EQ(esp32.exit_code, 0);
  EXPECT_THAT(esp32.output, HasSubstr("chip: ESP32-D0WDQ6 (revision 0)\nflash id: 0x1640ef\n"));
  const std::pair<const char*, const char*> others[] = {
      {"F1", "ESP8266EX"},
      {"S2", "ESP32-S2 (revision v0.0)"},
      {"S3", "ESP32-S3 (QFN56) (revision v0.0)"},
      {"C3", "ESP32-C3 (QFN32) (revision v0.0)"},
      {"C6", "ESP32-C6 (revision 0)"},
      {"U3", "ESP32-C3 (QFN32) (revision v0.0)"},
      {"V3", "ESP32-S3 (QFN56) (revision v0.0)"},
  };
  for (const auto& [serial, chip] : others) {
    const auto identified = Esptool(serial, {"identify"});
    EXPECT_EQ(identified.exit_code, 0) << serial;
    EXPECT_THAT(identified.output, HasSubstr(std::string("chip: ") + chip + "\nflash id: 0x1640ef\n")) << serial;
  }
}

TEST_F(EsptoolTest, WritesToItsSuccessorsAndOverTheirOwnUsb) {
  const std::pair<const char*, const char*> boards[] = {{"S2", "esp32s2"}, {"S3", "esp32s3"}, {"C3", "esp32c3"},
                                                        {"C6", "esp32c6"}, {"U3", "esp32c3"}, {"V3", "esp32s3"}};
  for (const auto& [serial, name] : boards) {
    const espsim::Model model = *espsim::FindModel(name);
    const auto written = Esptool(serial, {"write", "0x10000", Make(model, 1)});
    EXPECT_EQ(written.exit_code, 0) << serial << ": " << written.output;
    EXPECT_TRUE(Holds(serial, model)) << serial;
    EXPECT_TRUE(Runs(serial)) << serial;
  }
  const espsim::Model model = *espsim::FindModel("esp32c3");
  const auto plain = Esptool("C3", {"write-plain", "0x10000", Make(model, 2), "460800"});
  EXPECT_EQ(plain.exit_code, 0) << plain.output;
  EXPECT_TRUE(Holds("C3", model));
  EXPECT_THAT(Esptool("C3", {"verify", "0x10000", Make(model, 1)}).output,
              HasSubstr("failed: the digest of the flash is another"));
}

TEST_F(EsptoolTest, IsToldWhatIsBurntIntoAChip) {
  boards_.Control({"C3", "protect", "on"});
  // It asks for nothing more then.
  EXPECT_THAT(Esptool("C3", {"identify"}).output, HasSubstr("chip: ESP32-C3\n"));
}

TEST_F(EsptoolTest, WritesCompressedAndPlainToAnEsp32AndVerifiesBoth) {
  const std::string first = Make(esp32_, 1);
  const auto written = Esptool("E1", {"write", "0x10000", first});
  EXPECT_EQ(written.exit_code, 0) << written.output;
  EXPECT_TRUE(Holds("E1", esp32_));
  EXPECT_TRUE(Runs("E1"));
  const auto plain = Esptool("E1", {"write-plain", "0x10000", Make(esp32_, 2), "460800"});
  EXPECT_EQ(plain.exit_code, 0) << plain.output;
  EXPECT_TRUE(Holds("E1", esp32_));
  EXPECT_EQ(Esptool("E1", {"verify", "0x10000", Make(esp32_, 2)}).exit_code, 0);
  EXPECT_THAT(Esptool("E1", {"verify", "0x10000", first}).output,
              HasSubstr("failed: the digest of the flash is another"));
}

TEST_F(EsptoolTest, WritesToAnEsp8266AndReadsItOverTheFlashController) {
  const auto written = Esptool("F1", {"write-plain", "0", Make(esp8266_, 1)});
  EXPECT_EQ(written.exit_code, 0) << written.output;
  EXPECT_TRUE(Holds("F1", esp8266_));
  EXPECT_TRUE(Runs("F1"));
  const auto read = Esptool("F1", {"read", "0"});
  EXPECT_THAT(read.output, HasSubstr("words: 200001e9 40080000 40080000 00004fe0 "));
}

TEST_F(EsptoolTest, FindsAByteThatDidNotTakeAndAChipThatIsProtected) {
  boards_.Control({"E1", "fail-write", "0x11234"});
  EXPECT_THAT(Esptool("E1", {"write", "0x10000", Make(esp32_, 1)}).output,
              HasSubstr("failed: Failed to write compressed data to flash after seq"));
  boards_.Control({"E1", "protect", "on"});
  EXPECT_NE(Esptool("E1", {"identify"}).exit_code, 0);
}

TEST_F(EsptoolTest, GetsNoAnswerFromABoardWhoseResetIsNotWired) {
  boards_.Control({"E1", "mute", "on"});
  EXPECT_NE(Esptool("E1", {"identify"}).exit_code, 0);
}

}  // namespace
}  // namespace motley::tests
