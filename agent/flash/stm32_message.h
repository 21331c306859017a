#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "agent/flash/board_type.h"

namespace motley::agent {

/// What is said to the bootloader in the system memory of STM32 chips. A checksum is the exclusive or of what precedes
/// it; numbers go high byte first.
/// Source: ST AN3155, USART protocol used in the STM32 bootloader, chapter 3.

inline constexpr std::uint8_t kStm32Ack = 0x79;
inline constexpr std::uint8_t kStm32Nack = 0x1F;
/// The first byte after a reset, by which the bootloader measures the baud rate.
inline constexpr std::uint8_t kStm32Init = 0x7F;

enum class Stm32Command : std::uint8_t {
  kGet = 0x00,
  kGetId = 0x02,
  kReadMemory = 0x11,
  kGo = 0x21,
  kWriteMemory = 0x31,
  kErase = 0x43,
  kExtendedErase = 0x44,
};

/// What Write Memory and Read Memory take at most.
inline constexpr std::size_t kStm32Block = 256;
/// Where flash begins in all chips of the family.
inline constexpr std::uint32_t kStm32Flash = 0x0800'0000;

/// A command and its complement; so is the size of Read Memory sent, less one.
std::vector<std::uint8_t> Stm32Word(std::uint8_t word);
std::vector<std::uint8_t> Stm32Address(std::uint32_t address);
/// `bytes`: a multiple of 4, at most kStm32Block.
std::vector<std::uint8_t> Stm32Data(std::span<const std::uint8_t> bytes);

/// A sector by the number that the bootloader knows it by.
struct Stm32Sector {
  std::uint32_t number;
  std::uint32_t bytes;
  bool operator==(const Stm32Sector&) const = default;
};

/// The sectors in [address, address + size), which is of whole ones. Numbers count from the start of flash; what lies
/// before the board's first sector counts as sectors of that one's size.
std::vector<Stm32Sector> Stm32SectorsIn(const BoardType& board, std::uint32_t address, std::uint32_t size);

/// Which sectors to erase: for kErase at most 255, with numbers below 256; for kExtendedErase at most 512, which is
/// what the bootloader of the STM32L152 takes.
std::vector<std::uint8_t> Stm32Pages(Stm32Command erase, std::span<const Stm32Sector> sectors);
std::size_t Stm32MaxPages(Stm32Command erase);

}  // namespace motley::agent
