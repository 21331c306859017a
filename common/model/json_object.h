#pragma once

#include <string_view>

namespace motley {

/// Whether `text` is a JSON object (RFC 8259) that is nested at most 64 deep. Says nothing about keys that are there
/// twice. Takes time in proportion to the text.
bool IsJsonObject(std::string_view text);

}  // namespace motley
