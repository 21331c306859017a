#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/assign/model.h"

namespace motley::assign {

/// A model without what can not matter: of the columns of a supply that are in the same banded tallies only the
/// cheapest stays, and supplies that offer the same columns at the same costs, but for what each gateway pays anyway,
/// become one. Both models have the same least cost.
class Reduction {
 public:
  /// `model` has no requirements.
  explicit Reduction(const Model& model);

  /// Its columns have no variants, its supplies no classes; tallies and penalties keep their places.
  const Model& model() const { return reduced_; }
  /// Gateways by column of the whole model, at the same cost, from those of the reduced one; empty for empty.
  std::vector<std::int64_t> Expand(const std::vector<std::int64_t>& gateways) const;

 private:
  /// A supply of the whole model.
  struct Source {
    std::int64_t gateways = 0;
    /// What the columns of the reduced supply are here, in their order.
    std::vector<std::int32_t> columns;
  };

  Model reduced_;
  std::size_t whole_columns_ = 0;
  /// By supply of the reduced model.
  std::vector<std::vector<Source>> sources_;
};

}  // namespace motley::assign
