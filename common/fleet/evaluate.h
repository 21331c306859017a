#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/fleet/bitmap.h"
#include "common/fleet/index.h"
#include "common/selector/ast.h"

namespace motley {

/// Evaluates selectors for many gateways at once, with the answers of Selector::Matches. A condition is decided once
/// for each different value of its attribute and then looked up for each gateway; conditions that several selectors
/// share are evaluated once. The fleet must outlive it and must not change meanwhile.
class ColumnEvaluator {
 public:
  /// For the whole fleet: bit i of an answer is for row i, and false where there is no gateway.
  explicit ColumnEvaluator(const FleetIndex& fleet);
  /// For some rows, each with a gateway: bit i of an answer is for rows[i].
  ColumnEvaluator(const FleetIndex& fleet, std::vector<FleetIndex::Row> rows);

  Bitmap Evaluate(const Expression& expression);

 private:
  using Code = Dictionary::Code;
  using Column = FleetIndex::Column;
  /// Whether a condition holds, by the code of its attribute.
  using Truth = std::vector<std::uint8_t>;

  Bitmap Any(const Expression& expression);
  const Bitmap& Condition(const Expression& expression);
  Bitmap Compared(const Comparison& comparison);
  Bitmap Contained(const Membership& membership);
  Bitmap All(bool value) const { return Bitmap(size_, value); }
  Bitmap LookUp(const Column& column, const Truth& truth) const;
  /// One answer a row, from the codes that it has in both columns.
  template <typename F>
  Bitmap ByPair(const Column* left, const Column* right, F holds) const;

  const FleetIndex& fleet_;
  /// Nothing: all.
  std::optional<std::vector<FleetIndex::Row>> rows_;
  std::size_t size_;
  Bitmap with_gateway_;
  /// By its text.
  std::map<std::string, Bitmap> conditions_;
};

}  // namespace motley
