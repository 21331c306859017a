#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace motley::agent {

/// The number in two bytes at `at`, low first; they must be there.
inline std::uint16_t HalfWord(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) | static_cast<std::uint8_t>(bytes[at + 1])
                                                                               << 8);
}

/// The same of four bytes.
inline std::uint32_t Word(std::string_view bytes, std::size_t at) {
  return HalfWord(bytes, at) | std::uint32_t{HalfWord(bytes, at + 2)} << 16;
}

}  // namespace motley::agent
