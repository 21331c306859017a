#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.h"

namespace motley::assign {

/// In a cost matrix: the item can not have the variant.
inline constexpr std::int32_t kForbidden = INT32_MAX;

/// `gateways` more cost `slope` each.
struct CostStep {
  std::int64_t gateways = 0;
  std::int64_t slope = 0;
};

/// What a variant costs for how many gateways run it: steps of rising slope (so it is convex), from 0 on. No steps: it
/// is free for any number; else it takes no more than its steps hold.
using VariantCost = std::vector<CostStep>;

/// A capacity alone.
inline VariantCost AtMost(std::int64_t gateways) { return {{gateways, 0}}; }

struct DenseSolution {
  /// By item: its variant.
  std::vector<std::int32_t> variants;
  /// By variant.
  std::vector<std::int64_t> gateways;
  std::int64_t cost = 0;
};

/// The cheapest assignment of n items, each with costs of its own, to k variants with convex costs: the sum of the
/// items' costs and of the variants'. Exact; the same input has the same answer.
///
/// `costs` has n rows of k (1 to 64) integers from 0 to 2^30, or kForbidden. Shortest augmenting paths on the graph of
/// the variants alone; between two variants an arc is the cheapest item to move, from a heap. They start from prices
/// that a sample of the items, solved the same way, has found, so that few paths are left. Time O(n k log n) and about
/// 16 bytes n k. Errors: kInvalid (shape, values, slopes that fall, magnitudes beyond 2^30), kConflict (an item has no
/// variant, or the variants hold too few; the message says how many).
Result<DenseSolution> SolveDense(std::span<const std::int32_t> costs, std::size_t n, std::size_t k,
                                 std::span<const VariantCost> variant_costs);

}  // namespace motley::assign
