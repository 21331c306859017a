#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace motley::agent {

/// A program of one page for an ATmega328P with a clock of 16 MHz, which says checksums of the flash from its start on
/// and then does nothing, until a reset. It touches no pin but the UART's.
///
/// A bootloader reads flash back as slowly as it was written; the chip itself is sixteen times as fast.

/// What one checksum is for; the program's own page lies in the first one.
inline constexpr std::size_t kSelfCheckBlock = 256;

/// The page of 128 bytes that belongs to address 0, to check `blocks` of kSelfCheckBlock bytes (1 to 255).
std::vector<std::uint8_t> SelfCheckPage(std::size_t blocks, std::uint32_t baud);

/// What it says at a speed of `baud` where the flash holds `content`, of whole blocks: the CRC-32 of each block, low
/// byte first, before the inversion at the end that is usual.
std::vector<std::uint8_t> SelfCheckAnswer(std::span<const std::uint8_t> content);

}  // namespace motley::agent
