#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace motley::agent {

/// `bytes` in the zlib format, as small as zlib makes them. Source: RFC 1950, 1951.
std::vector<std::uint8_t> Deflate(std::span<const std::uint8_t> bytes);

}  // namespace motley::agent
