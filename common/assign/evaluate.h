#pragma once

#include <cstdint>
#include <vector>

#include "common/assign/problem.h"
#include "common/base/result.h"

namespace motley::assign {

/// What an assignment costs and does, from the problem's words alone: the judge of what solvers say.
struct Bill {
  std::int64_t cost = 0;
  std::vector<std::int64_t> cost_by_rule;
  std::int64_t preference_cost = 0;
  std::vector<std::int64_t> unassigned;
  std::vector<std::int64_t> gateways_by_variant;
  /// Hard rules that do not hold.
  std::vector<std::int32_t> broken;
};

/// `problem` is valid, and `shares` are of its classes and variants. Does not look at capacities.
/// Errors: kInvalid (a condition).
Result<Bill> Evaluate(const Problem& problem, const std::vector<Share>& shares);

}  // namespace motley::assign
