#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/assign/model.h"
#include "common/assign/problem.h"
#include "common/base/result.h"

namespace motley::assign {

/// Places single gateways into a fleet that has a plan, moving no other: for gateways that join, leave or change
/// between two full solutions.
///
/// What a gateway gets is the cheapest for it alone, by the bounds that percentages and balance had for the fleet that
/// the plan was made for. The fleet's cost may drift from the optimum until it is solved again.
class Increment {
 public:
  /// Errors: kInvalid (the problem, or a condition rule: it can not be placed by), kNotFound (shares that it does not
  /// have).
  static Result<Increment> Create(const Problem& problem, const Solution& solution);

  /// Adds a gateway to the class; the answer has one share for each group of its applications. The time grows with the
  /// class's options alone. Errors: kNotFound (a class that had no gateways: solve again), kConflict (every choice
  /// breaks a hard rule: solve again).
  Result<std::vector<Share>> Join(std::int32_t gateway_class);
  /// Takes a gateway with this share out; its number of gateways does not matter. Errors: kNotFound.
  Result<void> Leave(const Share& share);

 private:
  explicit Increment(Model model) : model_(std::move(model)) {}

  /// Nothing: a hard rule that holds would not hold any more, or be broken further.
  std::optional<std::int64_t> CostOfOneMore(std::int32_t column);
  Result<std::int32_t> Find(const Share& share) const;
  void Change(std::int32_t column, std::int64_t gateways);
  /// By how many gateways its bands do not hold.
  std::int64_t Off(const Penalty& penalty) const;

  Model model_;
  std::vector<std::vector<std::int32_t>> supplies_by_class_;
  std::vector<std::vector<std::int32_t>> tallies_by_column_;
  std::vector<std::vector<std::int32_t>> penalties_by_tally_;
  std::vector<std::int64_t> tallies_;
};

}  // namespace motley::assign
