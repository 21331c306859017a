#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/assign/model.h"

namespace motley::assign {

/// How the tallies of a model lie in a network: each flow runs from a supply through nested tallies of that supply
/// alone, over one column, and through nested tallies of many supplies to the sink.
struct Layout {
  /// By tally: the next one on the way (away from the columns), or kNone.
  std::vector<std::int32_t> next;
  /// By tally: whether it is in the network at all (it has a band, and can vary).
  std::vector<bool> used;
  /// By tally: whether it lies before the columns.
  std::vector<bool> before;
  /// By column: the smallest tally before and behind it, or kNone.
  std::vector<std::int32_t> before_column;
  std::vector<std::int32_t> behind_column;
};

/// Nothing when the tallies that penalties look at are not two families of nested or disjoint sets, one of them within
/// the supplies: then the model is no network. Finds the families whenever there are any (a graph of crossing sets in
/// two colours).
std::optional<Layout> LayOut(const Model& model);

}  // namespace motley::assign
