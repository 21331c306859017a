#include "common/assign/layout.h"

#include <algorithm>
#include <unordered_map>

namespace motley::assign {
namespace {

enum class Side : std::uint8_t { kOpen, kBefore, kBehind };

class Planner {
 public:
  explicit Planner(const Model& model) : model_(model) {
    layout_.used.resize(model.tallies.size(), false);
    for (const Penalty& penalty : model.penalties) {
      for (const Band& band : penalty.bands) {
        const Tally& tally = model.tallies[band.tally];
        layout_.used[band.tally] = tally.least < tally.most;
      }
    }
    tallies_of_.resize(model.columns.size());
    for (std::size_t i = 0; i < model.tallies.size(); ++i) {
      if (!layout_.used[i]) continue;
      for (const std::int32_t column : model.tallies[i].columns) tallies_of_[column].push_back(static_cast<int>(i));
    }
    // Small sets first, so that the first of a column's tallies on a side is the innermost.
    for (auto& tallies : tallies_of_) {
      std::sort(tallies.begin(), tallies.end(),
                [&](std::int32_t a, std::int32_t b) { return Size(a) != Size(b) ? Size(a) < Size(b) : a < b; });
    }
  }

  std::optional<Layout> Plan() {
    FindCrossings();
    if (!Colour()) return std::nullopt;
    layout_.before.resize(model_.tallies.size(), false);
    layout_.next.assign(model_.tallies.size(), kNone);
    for (std::size_t i = 0; i < side_.size(); ++i) layout_.before[i] = side_[i] == Side::kBefore;
    layout_.before_column.assign(model_.columns.size(), kNone);
    layout_.behind_column.assign(model_.columns.size(), kNone);
    for (std::size_t column = 0; column < tallies_of_.size(); ++column) Chain(column);
    return std::move(layout_);
  }

 private:
  std::size_t Size(std::int32_t tally) const { return model_.tallies[tally].columns.size(); }

  void FindCrossings() {
    crossings_.resize(model_.tallies.size());
    std::unordered_map<std::uint64_t, std::size_t> common;
    for (const auto& tallies : tallies_of_) {
      for (std::size_t i = 0; i < tallies.size(); ++i) {
        for (std::size_t j = i + 1; j < tallies.size(); ++j) {
          const auto [low, high] = std::minmax(tallies[i], tallies[j]);
          ++common[static_cast<std::uint64_t>(low) << 32 | static_cast<std::uint32_t>(high)];
        }
      }
    }
    for (const auto& [pair, columns] : common) {
      const auto low = static_cast<std::int32_t>(pair >> 32);
      const auto high = static_cast<std::int32_t>(pair & 0xffffffff);
      if (columns == std::min(Size(low), Size(high))) continue;
      crossings_[low].push_back(high);
      crossings_[high].push_back(low);
    }
    // The map's order must not reach the answer.
    for (auto& crossing : crossings_) std::sort(crossing.begin(), crossing.end());
  }

  /// A tally of columns of several supplies can only lie behind. One that holds whole supplies and nothing else does
  /// not vary, so it is not used.
  bool SpansSupplies(std::int32_t tally) const {
    const auto& columns = model_.tallies[tally].columns;
    return model_.columns[columns.front()].supply != model_.columns[columns.back()].supply;
  }

  bool Colour() {
    side_.assign(model_.tallies.size(), Side::kOpen);
    for (std::size_t i = 0; i < side_.size(); ++i) {
      if (!layout_.used[i] || !SpansSupplies(static_cast<std::int32_t>(i))) continue;
      if (!Spread(static_cast<std::int32_t>(i), Side::kBehind)) return false;
    }
    for (std::size_t i = 0; i < side_.size(); ++i) {
      if (!layout_.used[i] || side_[i] != Side::kOpen) continue;
      if (!Spread(static_cast<std::int32_t>(i), Side::kBehind)) return false;
    }
    return true;
  }

  /// Puts `tally` on `side`, and all that cross it on the other, and so on.
  bool Spread(std::int32_t tally, Side side) {
    std::vector<std::pair<std::int32_t, Side>> open{{tally, side}};
    while (!open.empty()) {
      const auto [at, wanted] = open.back();
      open.pop_back();
      if (side_[at] == wanted) continue;
      if (side_[at] != Side::kOpen || (wanted == Side::kBefore && SpansSupplies(at))) return false;
      side_[at] = wanted;
      for (const std::int32_t other : crossings_[at]) {
        open.emplace_back(other, wanted == Side::kBefore ? Side::kBehind : Side::kBefore);
      }
    }
    return true;
  }

  void Chain(std::size_t column) {
    std::int32_t before = kNone;
    std::int32_t behind = kNone;
    for (const std::int32_t tally : tallies_of_[column]) {
      const bool is_before = layout_.before[tally];
      std::int32_t& last = is_before ? before : behind;
      if (last == kNone) {
        (is_before ? layout_.before_column : layout_.behind_column)[column] = tally;
      } else {
        layout_.next[last] = tally;
      }
      last = tally;
    }
  }

  const Model& model_;
  Layout layout_;
  std::vector<std::vector<std::int32_t>> tallies_of_;
  std::vector<std::vector<std::int32_t>> crossings_;
  std::vector<Side> side_;
};

}  // namespace

std::optional<Layout> LayOut(const Model& model) { return Planner(model).Plan(); }

}  // namespace motley::assign
