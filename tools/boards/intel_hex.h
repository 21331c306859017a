#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "common/base/result.h"

namespace motley::boards {

/// Writes the bytes of the Intel HEX file `path` to their addresses in `memory` and returns the lowest address.
///
/// On an error `memory` may be partly written.
/// Errors: kNotFound (no such file), kCorrupt (format or checksum, with the line), kInvalid (a byte past the end of
/// `memory`, or no data at all).
Result<std::uint32_t> LoadIntelHex(const std::filesystem::path& path, std::span<std::uint8_t> memory);

}  // namespace motley::boards
