#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/assign/problem.h"
#include "common/base/result.h"

namespace motley::assign {

enum class Method {
  kAuto,    ///< The first that is exact for the problem: flow, branch, ilp, z3.
  kFlow,    ///< Convex minimum-cost flow (LEMON).
  kBranch,  ///< Flows, one for each set of charged-once rules that has to be looked at.
  kIlp,     ///< Integer program (CBC).
  kZ3,      ///< Optimisation modulo theories; the only one that knows Logic.
};

/// What a solver may use up. The module reads no clock: it is handed one.
struct Limits {
  /// 0: until it is done. With a limit the best assignment so far comes back with its gap, and the answer may differ
  /// from run to run; without one, equal problems have equal solutions.
  std::int64_t time_limit_ms = 0;
  /// Milliseconds of a steady clock; empty: Solution::seconds stays 0.
  std::function<std::int64_t()> now_ms;
};

/// The cheapest assignment in which every hard rule holds. An empty fleet has the empty one. Blocks; any thread.
///
/// Errors: kInvalid (the problem, or `method` can not solve it; the message names the rule), kConflict (hard rules
/// contradict each other; the message names a minimal set), kTimeout (nothing found in time), kInternal.
Result<Solution> Solve(const Problem& problem, const Limits& limits = {}, Method method = Method::kAuto);

/// Hard rules that can not hold together, though they could with any one of them left out; kNone stands for the
/// capacities of the gateways. Empty: all hard rules can hold together. Errors: as Solve.
Result<std::vector<std::int32_t>> FindConflict(const Problem& problem, const Limits& limits = {});

}  // namespace motley::assign
