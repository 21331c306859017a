#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

enum class FlashProtocol {
  kStk500v1,   ///< optiboot, ATmegaBOOT
  kStk500v2,   ///< the bootloader of the Arduino Mega 2560
  kStm32,      ///< the system memory of STM32 chips (AN3155)
  kEspressif,  ///< the ROM of ESP8266, ESP32 and its successors
  kSmp,        ///< MCUmgr on an application that MCUboot starts
  kTool,       ///< a program of others, by a command template
};

/// How the modem lines bring a board into its bootloader, and out of it.
enum class ResetMethod {
  kNone,       ///< by the protocol itself, or by hand
  kDtr,        ///< DTR hangs on the reset pin over a capacitor: its rising edge resets (Arduino)
  kEspressif,  ///< RTS pulls EN down, DTR pulls GPIO0 down, over two transistors
  kUsbJtag,    ///< by the lines of the USB that is the chip's own (Espressif's USB Serial/JTAG)
  kBoot0Rts,   ///< DTR pulls NRST down; RTS pulls BOOT0 up
  kTouch1200,  ///< opening the port at 1200 baud, which brings up another port
};

/// Whose machine code a chip runs.
enum class ChipFamily { kUnknown, kAvr, kArm, kXtensa, kRiscV };

/// "AVR", "ARM", ...: for messages.
std::string_view ChipFamilyName(ChipFamily family);

/// What a program of others reads. Images are brought into this format, whatever they came in.
enum class ToolImage {
  kHex,  ///< Intel HEX
  kBin,  ///< the bytes from the first to the last, gaps as 0xFF; {address} is where they begin
};

struct UsbId {
  std::uint16_t vendor;
  std::uint16_t product;
  bool operator==(const UsbId&) const = default;
};

/// `count` sectors of `bytes` each, from `address` on. A sector is the least that can be erased, or be written where
/// the bootloader erases by itself.
struct SectorRun {
  std::uint32_t address;
  std::uint32_t count;
  std::uint32_t bytes;
  std::uint32_t end() const { return address + count * bytes; }
};

/// A type of board: how it is recognised, flashed and listened to. Sizes and addresses in bytes.
struct BoardType {
  /// [a-z0-9][a-z0-9._-]{0,62}; what models and selectors say.
  std::string name;
  /// For people: "Arduino Uno R3".
  std::string title;
  std::string chip;
  FlashProtocol protocol = FlashProtocol::kStk500v1;
  /// What a chip may answer that is asked who it is: the signature of an AVR (0x1E950F), the product id of an STM32,
  /// the magic number of an ESP8266, ESP32 and ESP32-S2, the chip id of their successors. Empty: whatever it says is
  /// right.
  std::vector<std::uint32_t> chip_ids;
  /// Of the bootloader: the one that it is called at, and then faster ones that may be changed to. Not empty.
  std::vector<std::uint32_t> bauds;
  ResetMethod reset = ResetMethod::kDtr;
  /// In ascending order.
  std::vector<SectorRun> sectors;
  /// The most that one write takes.
  std::uint32_t page_bytes = 0;
  /// What an image may occupy: [begin, end).
  std::uint32_t application_begin = 0;
  std::uint32_t application_end = 0;
  /// Of the application: its hello and its lines.
  std::uint32_t hello_baud = 115200;
  /// How long after a flash its bootloader may take before the application runs, since it copies or swaps images. The
  /// hello is waited for so much longer.
  std::chrono::milliseconds start_time{0};
  std::vector<UsbId> usb_ids;
  /// Of kTool: a program and its arguments, in which words in braces are replaced: see ToolWords.
  std::vector<std::string> tool;
  ToolImage tool_image = ToolImage::kHex;
  std::chrono::seconds tool_deadline{180};
  /// Debian's package with that program, for messages. Empty: none is known.
  std::string tool_package;
  /// Of kTouch1200: the ids of the port that its bootloader brings up. Empty: any that is new.
  std::vector<UsbId> bootloader_usb_ids;
  ChipFamily family = ChipFamily::kUnknown;
  /// The family ids of UF2 files that are for this chip. Empty: not known, and not checked.
  std::vector<std::uint32_t> uf2_families;
  /// The file and line that it comes from, for messages.
  std::string source;
};

/// Errors: kInvalid (`found` is no chip of this type of board; says what was found on `port`, and its name where it has
/// one).
Result<void> CheckChipId(const BoardType& board, std::uint32_t found, const std::string& port,
                         std::string_view name = "");

}  // namespace motley::agent
