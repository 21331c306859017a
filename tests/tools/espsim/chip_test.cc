// The virtual chips alone, in a time that the test moves: what esptool-js does not look at.
#include "tools/espsim/chip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tools/espsim/firmware_image.h"

namespace motley::espsim {
namespace {

using Bytes = std::vector<std::uint8_t>;
using testing::HasSubstr;
using testing::StartsWith;

class ChipTest : public testing::Test {
 protected:
  void Use(const std::string& model) {
    chip_ = std::make_unique<Chip>(*FindModel(model));
    chip_->PowerOn(now_);
  }
  void Pass(Micros time) {
    const Micros end = now_ + time;
    for (auto event = chip_->NextEvent(); event && *event <= end; event = chip_->NextEvent()) {
      now_ = std::max(now_, *event);
      chip_->Advance(now_);
    }
    now_ = end;
  }
  /// As a client does, in two steps: DTR, then RTS.
  void SetLines(bool dtr, bool rts) {
    chip_->SetLines(dtr, rts_, now_);
    chip_->SetLines(dtr, rts, now_);
    rts_ = rts;
  }
  void ResetIntoLoader() {
    SetLines(false, true);
    Pass(Micros(100'000));
    SetLines(true, false);
    Pass(Micros(50'000));
    SetLines(false, false);
  }
  std::string Said() {
    std::string text;
    for (const boards::SentByte& byte : chip_->TakeOutput()) {
      text += static_cast<char>(byte.value);
      baud_ = byte.format.baud;
    }
    return text;
  }
  /// Sends a packet at the rate that the client has, and takes what comes within 10 s.
  std::string Ask(const Bytes& packet) {
    for (const std::uint8_t byte : SlipFramer::Frame(packet)) {
      chip_->Receive(byte, {client_baud_, boards::Parity::kNone}, now_);
    }
    Pass(Micros(10'000'000));
    return Said();
  }
  static Bytes Packet(std::uint8_t command, std::initializer_list<std::uint32_t> words, std::uint8_t checksum = 0,
                      const Bytes& data = {}) {
    const std::size_t size = words.size() * 4 + data.size();
    Bytes packet{0, command, static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(size >> 8), checksum, 0, 0, 0};
    for (const std::uint32_t word : words) {
      for (int i = 0; i < 4; ++i) packet.push_back(static_cast<std::uint8_t>(word >> 8 * i));
    }
    packet.insert(packet.end(), data.begin(), data.end());
    return packet;
  }
  std::string Synchronise() {
    Bytes data{0x07, 0x07, 0x12, 0x20};
    data.resize(36, 0x55);
    return Ask(Packet(0x08, {}, 0, data));
  }
  /// Begins a download of `sectors` at `address`.
  std::string Begin(std::uint32_t sectors, std::uint32_t address) {
    Ask(Packet(0x0D, {0, 0}));  // an ESP8266 refuses it
    return Ask(Packet(0x02, {sectors * NorFlash::kSector, sectors * 4, 0x400, address}));
  }
  std::size_t ErasedSectors() {
    std::size_t sectors = 0;
    for (std::size_t at = 0; at < chip_->flash().size(); at += NorFlash::kSector) sectors += chip_->flash()[at] == 0xFF;
    return sectors;
  }
  /// The end of a reply: status, reason, and what an ESP32 adds.
  static std::string Esp32Status(char failed, char reason) { return std::string{failed, reason, 0, 0, '\xC0'}; }
  static std::string Esp8266Status(char failed, char reason) { return std::string{failed, reason, '\xC0'}; }

  std::unique_ptr<Chip> chip_;
  Micros now_{0};
  bool rts_ = false;
  std::uint32_t client_baud_ = 115200;
  std::uint32_t baud_ = 0;
};

TEST_F(ChipTest, StartsItsLoaderWhenGpio0IsLowAfterResetAndItsApplicationElse) {
  Use("esp32");
  Said();
  ResetIntoLoader();
  EXPECT_THAT(Said(), HasSubstr("waiting for download"));
  EXPECT_EQ(baud_, 115200u);
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=loader "));
  SetLines(false, true);
  Pass(Micros(100'000));
  SetLines(false, false);
  Pass(Micros(100'000));
  EXPECT_THAT(Said(), HasSubstr("invalid header: 0xffffffff"));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=nothing "));
}

TEST_F(ChipTest, StartsAWholeImageOnly) {
  Use("esp8266");
  boards::TextImage image;
  image.size_bytes = 8192;
  image.words = "firmware=blink version=1.0.0";
  const auto bytes = MakeFirmwareImage(*FindModel("esp8266"), image);
  std::copy(bytes.begin(), bytes.end(), chip_->flash().begin());
  chip_->Reset(now_);
  Pass(Micros(100'000));
  EXPECT_THAT(Said(), HasSubstr("hello firmware=blink version=1.0.0"));
  chip_->flash()[5000] ^= 1;
  chip_->Reset(now_);
  Pass(Micros(100'000));
  EXPECT_THAT(Said(), HasSubstr("wdt reset"));
}

TEST_F(ChipTest, TakesASyncAtAnyRateAndNothingBeforeIt) {
  Use("esp8266");
  ResetIntoLoader();
  Said();
  EXPECT_EQ(baud_, 74880u);
  client_baud_ = 230400;
  EXPECT_EQ(Ask(Packet(0x0A, {0x40001000})), "");
  EXPECT_EQ(Synchronise().size(), 8u * 12);
  EXPECT_EQ(baud_, 230400u);
  EXPECT_EQ(Ask(Packet(0x0A, {0x40001000})), std::string("\xC0\x01\x0A\x02\x00\x01\xC1\xF0\xFF\x00\x00\xC0", 12));
}

TEST_F(ChipTest, RefusesWhatItDoesNotHaveOrAllowEightTimes) {
  Use("esp8266");
  ResetIntoLoader();
  Synchronise();
  const std::string refusal = std::string("\xC0\x01\x00\x02\x00\x00\x00\x00\x00\x01\x05\xC0", 12);
  EXPECT_EQ(Ask(Packet(0x13, {0, 4096, 0, 0})).substr(0, 12), refusal);
  EXPECT_EQ(Ask(Packet(0x0F, {921600, 0})).size(), 8 * refusal.size());
  EXPECT_EQ(chip_->Execute("protect on", now_), "ok");
  EXPECT_EQ(Ask(Packet(0x0A, {0x40001000})).substr(0, 12), refusal);
}

TEST_F(ChipTest, Esp8266ErasesMoreThanItIsToldBeforeTheNextBlock) {
  Use("esp8266");
  ResetIntoLoader();
  Synchronise();
  const auto fill = [this] { std::fill(chip_->flash().begin(), chip_->flash().end(), 0); };
  fill();
  Begin(1, 0);
  EXPECT_EQ(ErasedSectors(), 2u);
  fill();
  Begin(3, 15 * NorFlash::kSector);
  EXPECT_EQ(ErasedSectors(), 4u);
  fill();
  Begin(20, 0);
  EXPECT_EQ(ErasedSectors(), 36u);
}

TEST_F(ChipTest, SaysWhatIsWrongWithABlock) {
  Use("esp32");
  ResetIntoLoader();
  Synchronise();
  const Bytes block(0x400, 0x11);
  EXPECT_THAT(Ask(Packet(0x03, {0x400, 0, 0, 0}, 0xEF, block)), testing::EndsWith(Esp32Status(1, 6))) << "not begun";
  EXPECT_THAT(Ask(Packet(0x02, {4096, 4, 0x400, 0})), testing::EndsWith(Esp32Status(1, 6))) << "not attached";
  EXPECT_THAT(Begin(1, 0), testing::EndsWith(Esp32Status(0, 0)));
  EXPECT_THAT(Ask(Packet(0x03, {0x400, 0, 0, 0}, 0x00, block)), testing::EndsWith(Esp32Status(1, 7))) << "checksum";
  EXPECT_THAT(Ask(Packet(0x03, {0x3FF, 0, 0, 0}, 0xEF, block)), testing::EndsWith(Esp32Status(1, 5))) << "size";
  EXPECT_THAT(Ask(Packet(0x03, {0x400, 0, 0, 0}, 0xEF, block)), testing::EndsWith(Esp32Status(0, 0)));
  chip_->flash()[0x500] = 0;
  EXPECT_THAT(Ask(Packet(0x03, {0x400, 1, 0, 0}, 0xEF, block)), testing::EndsWith(Esp32Status(1, 8))) << "not erased";
  EXPECT_THAT(Ask(Packet(0x10, {4096, 1, 0x400, 0})), testing::EndsWith(Esp32Status(0, 0)));
  EXPECT_THAT(Ask(Packet(0x11, {0x400, 0, 0, 0}, 0xEF, block)), testing::EndsWith(Esp32Status(1, 0x0B))) << "no zlib";
  EXPECT_THAT(Ask(Packet(0x02, {4096, 4, 0x400, kFlashBytes})), testing::EndsWith(Esp32Status(1, 5))) << "past the end";
}

TEST_F(ChipTest, LeavesASectorHalfErasedWhenItIsResetMeanwhile) {
  Use("esp32");
  ResetIntoLoader();
  Synchronise();
  Ask(Packet(0x0D, {0, 0}));
  std::fill(chip_->flash().begin(), chip_->flash().end(), 0);
  for (const std::uint8_t byte : SlipFramer::Frame(Packet(0x02, {8192, 8, 0x400, 0}))) {
    chip_->Receive(byte, {115200, boards::Parity::kNone}, now_);
  }
  Pass(Micros(60'000));  // one sector takes 45 ms
  chip_->Reset(now_);
  EXPECT_EQ(std::count(chip_->flash().begin(), chip_->flash().end(), 0xFF), 4096 + 2048);
}

TEST_F(ChipTest, LeavesItsLoaderWhenItIsTold) {
  Use("esp8266");
  ResetIntoLoader();
  Synchronise();
  Ask(Packet(0x02, {0, 0, 0x400, 0}));
  EXPECT_THAT(Ask(Packet(0x04, {0})), HasSubstr("boot mode:(3,6)"));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=nothing "));
}

TEST_F(ChipTest, LaterOnesSayWhichTheyAreAndWhatIsBurntIntoThem) {
  Use("esp32c3");
  ResetIntoLoader();
  Synchronise();
  EXPECT_EQ(Ask(Packet(0x14, {})), std::string("\xC0\x01\x14\x18\x00\0\0\0\0", 9) + std::string(12, '\0') +
                                       std::string("\x05\0\0\0\0\0\0\0", 8) + Esp32Status(0, 0));
  chip_->Execute("encrypt on", now_);
  chip_->Execute("protect on", now_);
  EXPECT_EQ(Ask(Packet(0x14, {})).substr(0, 14), std::string("\xC0\x01\x14\x18\x00\0\0\0\0\x04\0\0\0\x01", 14));
  EXPECT_THAT(Ask(Packet(0x13, {0, 4096, 0, 0})), HasSubstr(Esp32Status(1, 5))) << "a digest";
  EXPECT_THAT(Ask(Packet(0x0D, {0, 0})), testing::EndsWith(Esp32Status(0, 0)));
  Use("esp32s2");
  ResetIntoLoader();
  Synchronise();
  EXPECT_EQ(Ask(Packet(0x14, {})).size(), 10u + 12 + 4);
  Use("esp32");
  ResetIntoLoader();
  Synchronise();
  EXPECT_THAT(Ask(Packet(0x14, {})), HasSubstr(Esp32Status(1, 5)));
}

TEST_F(ChipTest, LaterOnesWantToKnowWhetherToEncrypt) {
  Use("esp32s3");
  ResetIntoLoader();
  Synchronise();
  EXPECT_THAT(Begin(1, 0), testing::EndsWith(Esp32Status(1, 5)));
  EXPECT_THAT(Ask(Packet(0x02, {4096, 4, 0x400, 0, 0})), testing::EndsWith(Esp32Status(0, 0)));
  EXPECT_THAT(Ask(Packet(0x10, {4096, 4, 0x400, 0})), testing::EndsWith(Esp32Status(1, 5)));
  EXPECT_THAT(Ask(Packet(0x10, {4096, 4, 0x400, 0, 0})), testing::EndsWith(Esp32Status(0, 0)));
}

TEST_F(ChipTest, OnUsbForgetsThatItWasAskedForItsLoaderWhileNoLineIsActive) {
  Use("esp32c3-usb");
  SetLines(true, false);
  SetLines(false, true);  // one line after the other
  Pass(Micros(100'000));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=nothing "));
  SetLines(false, false);
  SetLines(true, false);
  SetLines(true, true);
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=nothing "));
  SetLines(false, true);
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=loader "));
  SetLines(false, false);
  SetLines(false, true);
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=nothing "));
}

TEST_F(ChipTest, OnUsbHearsWhateverTheClientsRateIs) {
  Use("esp32c3-usb");
  SetLines(true, true);
  SetLines(true, false);
  SetLines(true, true);
  SetLines(false, true);
  SetLines(false, false);
  EXPECT_FALSE(Synchronise().empty());
  client_baud_ = 9600;
  EXPECT_FALSE(Ask(Packet(0x0A, {0x40001000})).empty());
  EXPECT_EQ(baud_, 9600u);
}

TEST_F(ChipTest, OnUsbIsResetByTheWatchdogThatItsApplicationStarted) {
  Use("esp32s3-usb");
  boards::TextImage image;
  image.size_bytes = 8192;
  image.words = "firmware=blink version=1.0.0";
  const auto bytes = MakeFirmwareImage(*FindModel("esp32s3"), image);
  std::copy(bytes.begin(), bytes.end(), chip_->flash().begin() + 0x10000);
  chip_->Reset(now_);
  Pass(Micros(20'000'000));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=application ")) << "it feeds it";
  SetLines(true, false);
  SetLines(true, true);
  SetLines(false, true);
  SetLines(false, false);
  Pass(Micros(8'000'000));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=loader "));
  Pass(Micros(2'000'000));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=application "));
}

TEST_F(ChipTest, StartsIntoItsLoaderUntilItLooksAtItsPinsAgain) {
  Use("esp32c3-usb");
  chip_->Execute("hold-boot on", now_);
  chip_->Reset(now_);
  chip_->Execute("hold-boot off", now_);
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=loader "));
  SetLines(false, true);
  SetLines(false, false);
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=loader ")) << "USB resets the core alone";
  Synchronise();
  constexpr std::uint32_t kConfig = 0x60008090;
  constexpr std::uint32_t kResetSystem = 0xD0000102;
  Ask(Packet(0x09, {kConfig, kResetSystem, 0xFFFFFFFF, 0}));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=loader ")) << "without the key";
  Ask(Packet(0x09, {0x600080A8, 0x50D83AA1, 0xFFFFFFFF, 0}));
  Ask(Packet(0x09, {0x60008094, 2000, 0xFFFFFFFF, 0}));
  Ask(Packet(0x09, {kConfig, kResetSystem, 0xFFFFFFFF, 0}));
  EXPECT_THAT(chip_->Statistics(), StartsWith("runs=nothing "));
}

TEST_F(ChipTest, SaysWhichCommandsItHas) {
  Use("esp32");
  EXPECT_EQ(chip_->Execute("melt", now_), std::nullopt);
  EXPECT_EQ(chip_->Execute("protect maybe", now_), "error protect \"maybe\": give on or off");
  EXPECT_EQ(chip_->Execute("fail-write xyz", now_), "error fail-write \"xyz\": give a hexadecimal number");
  EXPECT_EQ(chip_->Execute("max-baud fast", now_), "error max-baud \"fast\": give a number");
}

}  // namespace
}  // namespace motley::espsim
