#pragma once

#include <string_view>

#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// Motorola S-records, strictly: every line a whole record with the right checksum, no byte twice, S5 and S6 count the
/// data records before them, and the file ends with the S7, S8 or S9 that belongs to its S3, S2 or S1.
/// Source: Motorola, M68000 Family Programmer's Reference Manual, appendix C.
/// Errors: kCorrupt (names the line), kInvalid (no data in it, or more than 16 MiB).
Result<Image> ParseSRecords(std::string_view content);

}  // namespace motley::agent
