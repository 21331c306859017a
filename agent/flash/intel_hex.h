#pragma once

#include <string>
#include <string_view>

#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// Intel HEX, strictly: every line a whole record with the right checksum, no byte twice, and the end record at the
/// end. Source: Intel, Hexadecimal Object File Format Specification, revision A (1988).
/// Errors: kCorrupt (names the line), kInvalid (no data in it, or more than 16 MiB).
Result<Image> ParseIntelHex(std::string_view content);

/// The reverse, with addresses of 32 bits.
std::string WriteIntelHex(const Image& image);

}  // namespace motley::agent
