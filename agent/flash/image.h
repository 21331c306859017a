#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/flash/boards.h"
#include "common/base/result.h"

namespace motley::agent {

/// What is to be in a chip's flash, from address 0 on. Bytes that the file leaves out are 0xFF, as in erased flash.
struct Image {
  std::vector<std::uint8_t> bytes;
};

/// Reads Intel HEX when `name` ends in .hex or .ihex, else takes the bytes as they are.
/// Errors: kCorrupt (the file is broken; names the line), kInvalid (nothing in it, or an address above 16 MiB).
Result<Image> ParseImage(std::string_view name, std::string_view content);

/// Intel HEX, strictly: every line a whole record with the right checksum, no byte twice, and the end record at the
/// end. Source: Intel, Hexadecimal Object File Format Specification, revision A (1988).
Result<Image> ParseIntelHex(std::string_view content);

/// Errors: kInvalid (too large for the board: it would overwrite the bootloader).
Result<void> CheckFits(const Image& image, const BoardType& board);

}  // namespace motley::agent
