#pragma once

#include <string_view>

#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// UF2, strictly: whole blocks of 512 bytes, all of one family of chips, each block number once. Blocks that are not
/// for the main flash are left out. Source: Microsoft, USB Flashing Format (UF2).
/// Errors: kCorrupt (names the block), kInvalid (no data in it, more than 16 MiB, files in it, several families).
Result<Image> ParseUf2(std::string_view content);

}  // namespace motley::agent
