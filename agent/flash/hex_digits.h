#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

/// The bytes that pairs of hexadecimal digits stand for. `text` has whole pairs. Errors: kCorrupt (no digits).
Result<std::vector<std::uint8_t>> DecodeHex(std::string_view text);

/// Takes the next line off `text`, without its end; "\n", "\r\n" and the end of the text end a line.
std::string_view TakeLine(std::string_view* text);

}  // namespace motley::agent
