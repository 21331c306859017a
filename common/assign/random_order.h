#pragma once

#include <cstdint>
#include <string_view>

namespace motley::assign {

/// A number that looks like chance and is always the same for both, on every machine: FNV-1a, with a last mix, so that
/// names that differ in one letter lie far apart.
/// Source: Fowler, Noll, Vo; the mix is the finaliser of MurmurHash3.
std::uint64_t RandomOrder(std::string_view seed, std::string_view name);

}  // namespace motley::assign
