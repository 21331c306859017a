#include "tools/espsim/registers.h"

#include <vector>

namespace motley::espsim {
namespace {

constexpr std::uint32_t kMagic = 0x40001000;

// Of the flash controller, from its first register on.
constexpr std::uint32_t kCommand = 0x00;
constexpr std::uint32_t kAddress = 0x04;

constexpr std::uint32_t kRun = 1u << 18;
constexpr std::uint32_t kHasAddress = 1u << 30;
constexpr std::uint32_t kHasReading = 1u << 28;
constexpr std::uint32_t kMaxReadBits = 512;

// Of the flash chip: JEDEC JESD216 and the W25Q32JV datasheet.
constexpr std::uint8_t kReadId = 0x9F;
constexpr std::uint8_t kReadData = 0x03;
constexpr std::uint32_t kId = 0x1640EF;  // Winbond, 2^0x16 bytes

/// ESP32: the counter whose odd values mean that flash is encrypted.
constexpr std::uint32_t kFlashCryptCount1 = 1u << 20;
constexpr std::uint32_t kMacLow = 0x12345678;

constexpr std::uint32_t kWatchdogKey = 0x50D83AA1;
constexpr std::uint32_t kWatchdogEnabled = 1u << 31;
/// Its first stage: what it does when the time is up. 5: it resets the system.
constexpr std::uint32_t kWatchdogStage = 7u << 28;
constexpr std::uint32_t kWatchdogResetsSystem = 5u << 28;
/// Of the slow clock.
constexpr std::uint64_t kTicksASecond = 136'000;

}  // namespace

Registers::Registers(const Model& model, NorFlash& flash) : model_(model), flash_(flash), magic_(model.magic) {}

std::uint32_t Registers::Value(std::uint32_t address) const {
  const auto found = values_.find(address);
  return found == values_.end() ? 0 : found->second;
}

void Registers::Reset(ResetOf what) {
  const auto kept = values_;
  values_.clear();
  if (what == ResetOf::kSystem) return;
  for (const auto& [address, value] : kept) {
    if (IsWatchdog(address) || (model_.force_download != 0 && address == model_.force_download)) {
      values_[address] = value;
    }
  }
}

bool Registers::IsWatchdog(std::uint32_t address) const {
  if (model_.watchdog.config == 0) return false;
  return address == model_.watchdog.config || address == model_.watchdog.timeout;
}

void Registers::StartWatchdog(Micros timeout) {
  values_[model_.watchdog.timeout] = static_cast<std::uint32_t>(timeout.count() * kTicksASecond / 1'000'000);
  values_[model_.watchdog.config] = kWatchdogEnabled | kWatchdogResetsSystem;
  ++watchdog_changes_;
}

std::optional<Micros> Registers::watchdog_timeout() const {
  const std::uint32_t config = model_.watchdog.config == 0 ? 0 : Value(model_.watchdog.config);
  if ((config & kWatchdogEnabled) == 0 || (config & kWatchdogStage) != kWatchdogResetsSystem) return std::nullopt;
  return Micros(Value(model_.watchdog.timeout) * std::uint64_t{1'000'000} / kTicksASecond);
}

bool Registers::forces_download() const {
  return model_.force_download != 0 && (Value(model_.force_download) & 1) != 0;
}

std::uint32_t Registers::Read(std::uint32_t address, std::uint32_t baud) const {
  if (address == kMagic) return magic_;
  if (address == model_.fuses && encrypted_) return kFlashCryptCount1;
  if (address == model_.fuses + model_.mac_offset) return kMacLow;
  if (address == model_.uart_divider) return model_.uart_clock / baud;
  return Value(address);
}

void Registers::Write(std::uint32_t address, std::uint32_t value, std::uint32_t mask) {
  if (IsWatchdog(address)) {
    if (Value(model_.watchdog.protection) != kWatchdogKey) return;
    if (address == model_.watchdog.config) ++watchdog_changes_;
  }
  values_[address] = (Value(address) & ~mask) | (value & mask);
  if (address == model_.flash_controller + kCommand && (value & mask & kRun) != 0) RunFlashCommand();
}

void Registers::RunFlashCommand() {
  const std::uint32_t base = model_.flash_controller;
  const FlashControllerShape& shape = model_.flash_controller_shape;
  const std::uint32_t user = Value(base + shape.user);
  const std::uint32_t user1 = Value(base + shape.user1);
  const std::uint32_t address_bits = (user & kHasAddress) != 0 ? (user1 >> 26) + 1 : 0;
  const std::uint32_t unused_bits = shape.address_is_low ? 0 : 32 - address_bits;
  const std::uint32_t address = address_bits == 0 ? 0 : Value(base + kAddress) >> unused_bits;
  const std::uint32_t length = shape.read_length == 0 ? user1 >> 8 : Value(base + shape.read_length);
  const std::uint32_t read_bits = (length & (kMaxReadBits - 1)) + 1;
  std::vector<std::uint8_t> bytes((user & kHasReading) != 0 ? (read_bits + 7) / 8 : 0, 0);
  const auto command = static_cast<std::uint8_t>(Value(base + shape.user2));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (command == kReadId && i < 3) bytes[i] = static_cast<std::uint8_t>(kId >> 8 * i);
    if (command == kReadData) bytes[i] = flash_.bytes()[(address + i) % kFlashBytes];
  }
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 4 && i + k < bytes.size(); ++k) word |= std::uint32_t{bytes[i + k]} << 8 * k;
    values_[base + shape.data + static_cast<std::uint32_t>(i)] = word;
  }
  values_[base + kCommand] &= ~kRun;  // done before the next message is through
}

}  // namespace motley::espsim
