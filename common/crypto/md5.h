#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace motley {

/// MD5 of `data`: for chips that offer nothing better to compare flash by. Never for anything that must be secure.
std::array<std::uint8_t, 16> Md5(std::span<const std::uint8_t> data);

}  // namespace motley
