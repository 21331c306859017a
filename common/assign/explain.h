#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/assign/problem.h"
#include "common/assign/solve.h"
#include "common/base/result.h"

namespace motley::assign {

enum class Verdict {
  kRuns,         ///< The gateway has it.
  kPossible,     ///< It could; it would cost `difference` more.
  kBreaksRule,   ///< A hard rule would not hold any more.
  kNoRoom,       ///< It does not fit beside what the gateway runs of other applications, or not at all.
  kNotEligible,  ///< No option of the gateway's class; the variant's selector says why.
};

/// What would be different with another variant on this one gateway, and all others as they are.
struct Alternative {
  /// kNone: running none.
  std::int32_t variant = kNone;
  Verdict verdict = Verdict::kPossible;
  /// Of the total cost, for kPossible and kBreaksRule. Not negative where the solution is proven.
  std::int64_t difference = 0;
  /// Rules whose cost would change and by how much, the dearest first; rule kNone: the options' own costs.
  struct Effect {
    std::int32_t rule = kNone;
    std::int64_t difference = 0;
  };
  std::vector<Effect> effects;
  /// One sentence: why the gateway does not run it.
  std::string reason;
  /// The nearest change that would make it possible; empty where it is possible, or where the selector must say.
  std::string change;
};

struct Explanation {
  /// What it runs, or kNone.
  std::int32_t variant = kNone;
  /// One sentence.
  std::string reason;
  /// What it runs, then all other variants of the application in their order, then none.
  std::vector<Alternative> alternatives;
};

/// Why a gateway that has solution.shares[share] runs what it runs of `application`. Evaluates the solution once for
/// each variant. Errors: kInvalid (the share is not about the application).
Result<Explanation> Explain(const Problem& problem, const Solution& solution, std::int32_t share,
                            std::int32_t application);

/// How much more the cheapest assignment costs in which a gateway of the class runs the variant; all others may move.
/// Solves twice. Errors: as Solve; kConflict: hard rules rule it out.
Result<std::int64_t> CostOfForcing(const Problem& problem, std::int32_t gateway_class, std::int32_t variant,
                                   const Limits& limits = {});

}  // namespace motley::assign
