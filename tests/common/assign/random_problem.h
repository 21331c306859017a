#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "common/assign/problem.h"

namespace motley::assign {

enum class Conditions { kWith, kWithout };

/// A small fleet with a few rules of every kind, the same for the same seed. Its hard rules may contradict each other.
Problem RandomProblem(std::uint32_t seed, Conditions conditions);

/// As RandomProblem, but with more rules, most of which are charged once.
Problem RandomOnceProblem(std::uint32_t seed);

/// How many assignments the problem has, at most `limit`.
std::int64_t AssignmentsOf(const Problem& problem, std::int64_t limit);

/// The least cost of all assignments, by trying each; nothing when hard rules hold in none.
std::optional<std::int64_t> CheapestOfAll(const Problem& problem);

}  // namespace motley::assign
