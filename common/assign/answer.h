#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/assign/layout.h"
#include "common/assign/model.h"
#include "common/assign/solve.h"
#include "common/base/result.h"

namespace motley::assign {

enum class Outcome {
  kOptimal,     ///< No assignment costs less.
  kFeasible,    ///< Stopped early, with an assignment.
  kInfeasible,  ///< Hard rules can not hold together.
  kUnknown,     ///< Stopped early, without.
};

/// What a solver says about a model.
struct Answer {
  Outcome outcome = Outcome::kUnknown;
  /// By column; empty without an assignment.
  std::vector<std::int64_t> gateways;
  /// With kFeasible and kUnknown: no assignment costs less.
  std::int64_t lower_bound = 0;
};

/// What `gateways`, by column, cost in the model's terms.
std::int64_t CostOf(const Model& model, const std::vector<std::int64_t>& gateways);

/// The model without the penalties that are charged once and without requirements: it costs at most as much.
Model WithoutOnce(const Model& model);
/// The model without anything soft but the columns' own costs: it costs at most as much.
Model WithoutSoftBands(const Model& model);
/// The model in which the penalties charged once (in their order) hold, or are paid and gone where `paid` says so.
Model WithOnceFixed(const Model& model, const std::vector<bool>& paid);

/// Whether the model is a convex minimum-cost flow: nothing charged once, no requirements, and tallies that fit a
/// network.
bool IsFlow(const Model& model);

/// Exact; nothing when IsFlow does not hold. Takes no notice of time.
std::optional<Answer> TryFlow(const Model& model);
/// The same for a model for which IsFlow holds.
Answer SolveFlow(const Model& model);
/// The same for a model of which nothing is charged once and whose banded tallies lie as `layout` says; it may have
/// more of them.
Answer SolveFlow(const Model& model, const Layout& layout);
/// Exact for models that would be flows if nothing were charged once; nothing for others. With kFeasible and kUnknown
/// the time, or the number of flows that it may solve, was too small.
std::optional<Answer> TryBranch(const Model& model, const Limits& limits);
/// Exact for all models without requirements. Errors: kInternal (CBC gave up).
Result<Answer> SolveIlp(const Model& model, const Limits& limits);
/// Exact for all models. Errors: kInternal (Z3 gave up).
Result<Answer> SolveZ3(const Model& model, const Limits& limits);

}  // namespace motley::assign
