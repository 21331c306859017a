#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "agent/flash/board_type.h"

namespace motley::agent {

/// A program of 128 bytes for an ATmega328P or ATmega2560 with a clock of 16 MHz, which says checksums of the flash
/// from its start on and then does nothing, until a reset. It touches no pin but the UART's. A bootloader reads flash
/// back as slowly as it was written; the chip itself is sixteen times as fast.

/// What one checksum is for; the program itself lies in the first one.
inline constexpr std::size_t kSelfCheckBlock = 256;
/// It counts them in a byte, and reads no further than the first 64 KiB.
inline constexpr std::size_t kMaxSelfCheckBlocks = 255;

/// Puts it in place of the first page of `program`, to check `blocks` of kSelfCheckBlock bytes, at least 1, and to say
/// so at the speed of the board's bootloader.
void PutSelfCheck(std::span<std::uint8_t> program, std::size_t blocks, const BoardType& board);

/// What it says where the flash holds `content`, of whole blocks: the CRC-32 of each block, low
/// byte first, before the inversion at the end that is usual.
std::vector<std::uint8_t> SelfCheckAnswer(std::span<const std::uint8_t> content);

}  // namespace motley::agent
