#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/assign/logic.h"
#include "common/assign/problem.h"
#include "common/base/result.h"

namespace motley::assign {

/// A problem as the solvers see it: how many gateways of each supply take each column, with linear costs, bands on sums
/// of columns, and conditions.

/// The gateways of one class, for the applications that compete there.
struct Supply {
  std::int32_t gateway_class = 0;
  std::vector<std::int32_t> applications;
  std::int64_t gateways = 0;
  /// Its columns: [first, last).
  std::int32_t first_column = 0;
  std::int32_t last_column = 0;
};

/// One thing that a gateway of the supply can run: a variant or kNone for each of its applications.
struct Column {
  std::int32_t supply = 0;
  /// Into Model::column_variants; as many as the supply has applications.
  std::int32_t first_variant = 0;
  /// For each gateway.
  std::int64_t cost = 0;
};

/// The sum of some columns. `least` and `most` are what the supplies allow.
struct Tally {
  /// Sorted.
  std::vector<std::int32_t> columns;
  std::int64_t least = 0;
  std::int64_t most = 0;
};

/// low <= tally <= high.
struct Band {
  std::int32_t tally = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
};

/// What a rule (for one value of its `within`) costs. kOnce: the weight if one of the bands does not hold; where that
/// is a convex function of the tally it has been made kPerGateway, and where nothing can change it, it is gone.
struct Penalty {
  std::int32_t rule = 0;
  /// Nothing: the bands must hold.
  std::optional<std::int64_t> weight;
  Charge charge = Charge::kPerGateway;
  std::vector<Band> bands;
};

/// A Logic rule for one value of its `within`.
struct Requirement {
  std::int32_t rule = 0;
  std::optional<std::int64_t> weight;
  Condition condition;
  /// By symbol.
  struct Sum {
    std::vector<std::int32_t> columns;
    std::int64_t constant = 0;
  };
  std::vector<Sum> sums;
};

struct Model {
  std::vector<Supply> supplies;
  std::vector<Column> columns;
  std::vector<std::int32_t> column_variants;
  std::vector<Tally> tallies;
  std::vector<Penalty> penalties;
  std::vector<Requirement> requirements;
  /// Added to every assignment.
  std::int64_t constant = 0;
  /// Hard rules can not hold, whatever is assigned.
  bool impossible = false;

  std::span<const std::int32_t> VariantsOf(const Column& column) const {
    return {column_variants.data() + column.first_variant, supplies[column.supply].applications.size()};
  }
};

/// Checks everything about the problem that solvers rely on: indices, names, signs, percents, that each rule names
/// variants, and that no assignment costs more than kMaxCost. Errors: kInvalid; the message names the rule or the
/// class.
Result<void> Validate(const Problem& problem);

/// Which bands a model has: those that this fleet's gateways can violate, or all, for a fleet that will change.
enum class Bands { kNeeded, kAll };

/// Errors: as Validate, and kInvalid for a class whose applications combine in more than 100,000 ways, and for a
/// condition that is wrong.
Result<Model> Compile(const Problem& problem, Bands bands = Bands::kNeeded);

}  // namespace motley::assign
