#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace motley {

/// RFC 4648, with padding.
std::string EncodeBase64(std::string_view bytes);

/// Strictly: whole groups of four, padding at the end only. Nothing where it is not base64.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace motley
