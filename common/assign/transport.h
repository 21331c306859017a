#pragma once

#include <cstdint>
#include <vector>

namespace motley::assign {

/// How much goes from each supply to each demand, at the least cost. Supplies and demands have the same sum.
struct Transport {
  std::vector<std::int64_t> supplies;
  std::vector<std::int64_t> demands;
  /// By supply, then by demand.
  std::vector<std::int64_t> costs;
};

/// The amounts, in the order of the costs.
std::vector<std::int64_t> SolveTransport(const Transport& transport);

}  // namespace motley::assign
