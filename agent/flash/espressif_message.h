#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace motley::agent {

/// Commands of the ROM. Source: Espressif, esptool documentation, "Serial Protocol".
enum class EspressifCommand : std::uint8_t {
  kFlashBegin = 0x02,
  kFlashData = 0x03,
  kFlashEnd = 0x04,
  kSync = 0x08,
  kWriteRegister = 0x09,
  kReadRegister = 0x0A,
  kSpiSetParameters = 0x0B,
  kSpiAttach = 0x0D,
  kChangeBaud = 0x0F,
  kDeflateBegin = 0x10,
  kDeflateData = 0x11,
  kFlashMd5 = 0x13,
  kGetSecurityInfo = 0x14,
};

/// What a reply reports in place of success.
enum class EspressifError : std::uint8_t {
  kNone = 0,
  kInvalidMessage = 0x05,  ///< also of commands that the chip does not have, or does not allow
  kFailed = 0x06,
  kInvalidChecksum = 0x07,
  kFlashWrite = 0x08,
  kFlashRead = 0x09,
  kFlashReadLength = 0x0A,
  kDeflate = 0x0B,
};

/// "the checksum of a message was wrong"; of unknown ones the number.
std::string Describe(EspressifError error);

/// Words, low byte first.
std::vector<std::uint8_t> EspressifWords(std::initializer_list<std::uint32_t> words);

/// All bytes of `data` and 0xEF in one exclusive or.
std::uint8_t EspressifChecksum(std::span<const std::uint8_t> data);

/// A request as a packet, not yet framed. `data` holds at most 65,535 bytes.
std::vector<std::uint8_t> EspressifRequest(EspressifCommand command, std::span<const std::uint8_t> data,
                                           std::uint32_t checksum = 0);

/// The request that carries the `number`th `block` of a flash: kFlashData or kDeflateData.
std::vector<std::uint8_t> EspressifDataRequest(EspressifCommand command, std::uint32_t number,
                                               std::span<const std::uint8_t> block);

/// 07 07 12 20, and 32 times 55, by which the chip finds the baud rate.
std::vector<std::uint8_t> EspressifSyncRequest();

struct EspressifReply {
  std::uint8_t command;
  EspressifError error;
  /// Of kReadRegister.
  std::uint32_t value;
  /// Without the status.
  std::vector<std::uint8_t> data;
};

/// Reads a packet that is a reply. Its status is the last two bytes on an ESP8266, which sends no data before it, and
/// the last four on all others, of which the first two have a meaning. Nothing when it is no reply.
std::optional<EspressifReply> ParseEspressifReply(std::span<const std::uint8_t> packet);

/// What is burnt into a chip, of the reply to kGetSecurityInfo.
struct EspressifSecurity {
  /// Secure download mode: nothing can be read, not even a digest.
  bool is_write_only;
  /// What is written plainly would not start.
  bool is_encrypted;
  /// Which chip it is (EspressifChip::id). The ESP32-S2 does not say.
  std::optional<std::uint32_t> chip_id;
};

/// Nothing when `data`, which is without the status, has another size than those that chips send.
std::optional<EspressifSecurity> ParseEspressifSecurity(std::span<const std::uint8_t> data);

}  // namespace motley::agent
