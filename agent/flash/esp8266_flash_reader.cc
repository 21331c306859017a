#include "agent/flash/esp8266_flash_reader.h"

#include <fmt/format.h>

namespace motley::agent {
namespace {

constexpr std::uint32_t kCommand = 0x60000200;
constexpr std::uint32_t kAddress = 0x60000204;
constexpr std::uint32_t kUser = 0x6000021C;
constexpr std::uint32_t kUser1 = 0x60000220;
constexpr std::uint32_t kUser2 = 0x60000224;
constexpr std::uint32_t kData = 0x60000240;
constexpr std::array kSaved{kUser, kUser1, kUser2};

/// kCommand: the user-defined transaction runs while it is set.
constexpr std::uint32_t kRun = 1u << 18;
/// kUser: a command byte, an address, and then bytes from the flash.
constexpr std::uint32_t kPhases = 1u << 31 | 1u << 30 | 1u << 28;
/// kUser1: 24 bits of address and 512 bits of data, each less one.
constexpr std::uint32_t kLengths = 23u << 26 | 511u << 8;
/// kUser2: 8 bits of command, less one; READ, which each serial flash has (JEDEC JESD216).
constexpr std::uint32_t kRead = 7u << 28 | 0x03;
/// It takes 30 us, a message 2 ms.
constexpr int kPolls = 3;

}  // namespace

Result<Esp8266FlashReader> Esp8266FlashReader::Attach(EspressifLink& link) {
  std::array<std::uint32_t, kSaved.size()> saved;
  for (std::size_t i = 0; i < kSaved.size(); ++i) {
    TRY_ASSIGN(saved[i], link.ReadRegister(kSaved[i]));
  }
  TRY(link.WriteRegister(kUser, kPhases));
  TRY(link.WriteRegister(kUser1, kLengths));
  TRY(link.WriteRegister(kUser2, kRead));
  return Esp8266FlashReader(link, saved);
}

Result<std::array<std::uint8_t, Esp8266FlashReader::kBytes>> Esp8266FlashReader::Read(std::uint32_t address) {
  TRY(link_->WriteRegister(kAddress, address << 8));
  TRY(link_->WriteRegister(kCommand, kRun));
  std::uint32_t running = kRun;
  for (int poll = 0; running != 0; ++poll) {
    if (poll == kPolls) return Error{Code::kTimeout, fmt::format("the flash does not read at 0x{:X}", address)};
    TRY_ASSIGN(running, link_->ReadRegister(kCommand));
    running &= kRun;
  }
  std::array<std::uint8_t, kBytes> bytes;
  for (std::uint32_t at = 0; at < kBytes; at += 4) {
    TRY_ASSIGN(const std::uint32_t word, link_->ReadRegister(kData + at));
    for (std::uint32_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(word >> 8 * i);
  }
  return bytes;
}

Result<void> Esp8266FlashReader::Detach() {
  for (std::size_t i = 0; i < kSaved.size(); ++i) TRY(link_->WriteRegister(kSaved[i], saved_[i]));
  return {};
}

}  // namespace motley::agent
