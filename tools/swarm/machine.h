#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/selector/attributes.h"
#include "motley/v1/fleet.pb.h"

namespace motley::swarm {

/// What an agent on such a machine would report: each board has a serial number of its own, and one that lists no kinds
/// can carry out all of them.
v1::Context ContextOf(const Attributes& machine);

/// Reads one "NAME=VALUE", as in "memory_mb=512", "boards=uno,nano" or "tags.site=oslo", into `machine`. An empty value
/// of a list empties it. Errors: kInvalid (no such attribute, no number, the gateway's name).
Result<void> ChangeMachine(std::string_view change, Attributes& machine);

/// A machine that depends on `seed` and `number` alone: one of 5 sizes and 3 architectures, with no, one or two boards,
/// in one of 3 regions with 4 sites each.
Attributes MakeMachine(std::uint64_t seed, std::uint64_t number, std::string name);

/// Spreads its input over all numbers: equal inputs give equal outputs, near ones give far ones.
/// Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (splitmix64), 2014.
std::uint64_t Mix(std::uint64_t value);
/// The same of a text and a seed.
std::uint64_t Mix(std::uint64_t seed, std::string_view text);

}  // namespace motley::swarm
