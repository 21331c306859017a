#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// A format of text files for images: records, one a line, in hexadecimal digits.
struct RecordFormat {
  /// For messages: what files of it are called, and the record that such a file ends with.
  std::string_view name;
  std::string_view last_record;
};

enum class Followed { kByMore, kByNothing };

/// Adds to the image what the record of a line says, and tells whether the file ends with it.
/// Errors: kCorrupt (what is wrong with it); any other as it is for the user to read.
using TakeRecord = std::function<Result<Followed>(std::string_view line, ImageBuilder& image)>;

/// Gives `take` the lines of a file, in order, without their ends; "\n", "\r\n" and the end of the file end a line.
/// Empty lines are nothing. Errors: kCorrupt (names the line), kInvalid (no data in it), others of `take`.
Result<Image> ReadRecords(const RecordFormat& format, std::string_view content, const TakeRecord& take);

/// The bytes of a record that pairs of hexadecimal digits stand for. Errors: kCorrupt (cut off, no digits).
Result<std::vector<std::uint8_t>> DecodeRecord(std::string_view digits);

/// The sum of all bytes, modulo 256, of which both formats make their checksums.
std::uint8_t SumOf(std::span<const std::uint8_t> bytes);

}  // namespace motley::agent
