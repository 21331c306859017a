#include "agent/flash/espressif_message.h"

#include <fmt/format.h>

#include <bit>

#include "common/base/result.h"

namespace motley::agent {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t kRequest = 0;
constexpr std::uint8_t kReply = 1;
/// Direction, command, size of the data, checksum or value.
constexpr std::size_t kHeader = 8;
/// Whether it failed, and why.
constexpr std::size_t kStatus = 2;
/// The same and two bytes without a meaning.
constexpr std::size_t kLongStatus = 4;
constexpr std::uint8_t kChecksumStart = 0xEF;

// Of kGetSecurityInfo: flags, a counter of 7 fuses, 7 purposes of keys, and on later chips its id and a revision.
constexpr std::size_t kSecurityBytes = 12;
constexpr std::size_t kLaterSecurityBytes = 20;
constexpr std::uint32_t kSecureDownload = 1u << 2;
constexpr std::size_t kCryptCount = 4;
constexpr std::size_t kChipId = 12;

std::uint32_t Word(std::span<const std::uint8_t> bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | std::uint32_t{bytes[3]} << 24;
}

void Append(Bytes& bytes, std::uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
}

}  // namespace

std::string Describe(EspressifError error) {
  switch (error) {
    case EspressifError::kNone:
      return "no error";
    case EspressifError::kInvalidMessage:
      return "the message is invalid, or not allowed";
    case EspressifError::kFailed:
      return "the chip failed to do it";
    case EspressifError::kInvalidChecksum:
      return "the checksum of the message was wrong: noise on the line?";
    case EspressifError::kFlashWrite:
      return "what was written to flash reads back differently: the flash may be worn out or write-protected";
    case EspressifError::kFlashRead:
      return "the flash can not be read: is its power supply weak?";
    case EspressifError::kFlashReadLength:
      return "too much was to be read from flash";
    case EspressifError::kDeflate:
      return "what was sent does not decompress: noise on the line?";
  }
  return fmt::format("error 0x{:02X}", static_cast<std::uint8_t>(error));
}

Bytes EspressifWords(std::initializer_list<std::uint32_t> words) {
  Bytes bytes;
  for (const std::uint32_t word : words) Append(bytes, word);
  return bytes;
}

std::uint8_t EspressifChecksum(std::span<const std::uint8_t> data) {
  std::uint8_t checksum = kChecksumStart;
  for (const std::uint8_t byte : data) checksum ^= byte;
  return checksum;
}

Bytes EspressifRequest(EspressifCommand command, std::span<const std::uint8_t> data, std::uint32_t checksum) {
  CHECK(data.size() <= 0xFFFF);
  Bytes packet{kRequest, static_cast<std::uint8_t>(command), static_cast<std::uint8_t>(data.size()),
               static_cast<std::uint8_t>(data.size() >> 8)};
  Append(packet, checksum);
  packet.insert(packet.end(), data.begin(), data.end());
  return packet;
}

Bytes EspressifDataRequest(EspressifCommand command, std::uint32_t number, std::span<const std::uint8_t> block) {
  Bytes data = EspressifWords({static_cast<std::uint32_t>(block.size()), number, 0, 0});
  data.insert(data.end(), block.begin(), block.end());
  return EspressifRequest(command, data, EspressifChecksum(block));
}

Bytes EspressifSyncRequest() {
  Bytes data{0x07, 0x07, 0x12, 0x20};
  data.resize(36, 0x55);
  return EspressifRequest(EspressifCommand::kSync, data);
}

std::optional<EspressifReply> ParseEspressifReply(std::span<const std::uint8_t> packet) {
  if (packet.size() < kHeader + kStatus || packet[0] != kReply) return std::nullopt;
  const std::size_t size = packet[2] | packet[3] << 8;
  if (packet.size() != kHeader + size) return std::nullopt;
  const auto data = packet.subspan(kHeader, size < kLongStatus ? 0 : size - kLongStatus);
  const auto status = packet.subspan(kHeader + data.size(), kStatus);
  // A failure without a reason is one all the same.
  const auto reason = static_cast<EspressifError>(status[1]);
  const auto failure = reason == EspressifError::kNone ? EspressifError::kFailed : reason;
  return EspressifReply{.command = packet[1],
                        .error = status[0] == 0 ? EspressifError::kNone : failure,
                        .value = Word(packet.subspan(4)),
                        .data = {data.begin(), data.end()}};
}

std::optional<EspressifSecurity> ParseEspressifSecurity(std::span<const std::uint8_t> data) {
  if (data.size() != kSecurityBytes && data.size() != kLaterSecurityBytes) return std::nullopt;
  EspressifSecurity security{.is_write_only = (Word(data) & kSecureDownload) != 0,
                             .is_encrypted = std::popcount(data[kCryptCount]) % 2 != 0,
                             .chip_id = std::nullopt};
  if (data.size() == kLaterSecurityBytes) security.chip_id = Word(data.subspan(kChipId));
  return security;
}

}  // namespace motley::agent
