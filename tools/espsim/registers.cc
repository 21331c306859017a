#include "tools/espsim/registers.h"

#include <vector>

namespace motley::espsim {
namespace {

constexpr std::uint32_t kMagic = 0x40001000;

// Of the flash controller, from its first register on.
constexpr std::uint32_t kCommand = 0x00;
constexpr std::uint32_t kAddress = 0x04;
constexpr std::uint32_t kUser = 0x1C;
constexpr std::uint32_t kUser1 = 0x20;
constexpr std::uint32_t kUser2 = 0x24;
constexpr std::uint32_t kReadLength = 0x2C;

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

}  // namespace

Registers::Registers(const Model& model, NorFlash& flash) : model_(model), flash_(flash), magic_(model.magic) {}

std::uint32_t Registers::Value(std::uint32_t address) const {
  const auto found = values_.find(address);
  return found == values_.end() ? 0 : found->second;
}

std::uint32_t Registers::Read(std::uint32_t address, std::uint32_t baud) const {
  if (address == kMagic) return magic_;
  if (address == model_.fuses && encrypted_) return kFlashCryptCount1;
  if (address == model_.fuses + 4) return kMacLow;
  if (address == model_.uart_divider) return model_.uart_clock / baud;
  return Value(address);
}

void Registers::Write(std::uint32_t address, std::uint32_t value, std::uint32_t mask) {
  values_[address] = (Value(address) & ~mask) | (value & mask);
  if (address == model_.flash_controller + kCommand && (value & mask & kRun) != 0) RunFlashCommand();
}

void Registers::RunFlashCommand() {
  const std::uint32_t base = model_.flash_controller;
  const std::uint32_t user = Value(base + kUser);
  const std::uint32_t user1 = Value(base + kUser1);
  const std::uint32_t address_bits = (user & kHasAddress) != 0 ? (user1 >> 26) + 1 : 0;
  const std::uint32_t address = address_bits == 0 ? 0 : Value(base + kAddress) >> (32 - address_bits);
  const std::uint32_t read_bits =
      (model_.lengths_in_user1 ? user1 >> 8 & (kMaxReadBits - 1) : Value(base + kReadLength) & (kMaxReadBits - 1)) + 1;
  std::vector<std::uint8_t> bytes((user & kHasReading) != 0 ? (read_bits + 7) / 8 : 0, 0);
  const auto command = static_cast<std::uint8_t>(Value(base + kUser2));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (command == kReadId && i < 3) bytes[i] = static_cast<std::uint8_t>(kId >> 8 * i);
    if (command == kReadData) bytes[i] = flash_.bytes()[(address + i) % kFlashBytes];
  }
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 4 && i + k < bytes.size(); ++k) word |= std::uint32_t{bytes[i + k]} << 8 * k;
    values_[base + model_.flash_data_offset + static_cast<std::uint32_t>(i)] = word;
  }
  values_[base + kCommand] &= ~kRun;  // done before the next message is through
}

}  // namespace motley::espsim
