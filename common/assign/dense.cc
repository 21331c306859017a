#include "common/assign/dense.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

namespace motley::assign {
namespace {

constexpr std::int64_t kLimit = std::int64_t{1} << 30;
constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxVariants = 64;
// A sample of 1/16 leaves in the order of 4 sqrt(n) items on the wrong side, and costs 1/16 of the work.
constexpr std::size_t kSampling = 16;
constexpr std::size_t kNoSampling = 4096;

/// The steps of one variant, and how much flows over them to the sink.
class Outlet {
 public:
  explicit Outlet(VariantCost steps) : steps_(std::move(steps)) {}

  std::int64_t flow() const { return flow_; }

  /// The flows for which marginal costs enclose `price`.
  std::pair<std::int64_t, std::int64_t> RangeAt(std::int64_t price) const {
    std::int64_t low = 0, high = 0;
    for (const CostStep& step : steps_) {
      if (step.slope < price) low += step.gateways;
      if (step.slope <= price) high += step.gateways;
    }
    return {low, high};
  }

  void Start(std::int64_t flow) {
    flow_ = flow;
    before_ = 0;
    step_ = 0;
    Settle();
  }

  /// Of the next unit, or of the last one; kFar if there is none.
  std::int64_t SlopeUp() const { return step_ < steps_.size() ? steps_[step_].slope : kFar; }
  std::int64_t SlopeDown() const {
    if (flow_ == 0) return kFar;
    return flow_ > before_ ? steps_[step_].slope : steps_[step_ - 1].slope;
  }
  /// Units that go up or down at the same slope.
  std::int64_t RoomUp() const { return before_ + steps_[step_].gateways - flow_; }
  std::int64_t RoomDown() const { return flow_ > before_ ? flow_ - before_ : steps_[step_ - 1].gateways; }

  void Change(std::int64_t units) {
    flow_ += units;
    Settle();
  }

  std::int64_t Cost() const {
    std::int64_t cost = 0, left = flow_;
    for (const CostStep& step : steps_) {
      const std::int64_t here = std::min(left, step.gateways);
      cost += here * step.slope;
      left -= here;
    }
    return cost;
  }

 private:
  /// Finds the step that the next unit falls into.
  void Settle() {
    while (step_ > 0 && flow_ < before_) before_ -= steps_[--step_].gateways;
    while (step_ < steps_.size() && flow_ >= before_ + steps_[step_].gateways) before_ += steps_[step_++].gateways;
  }

  VariantCost steps_;
  std::int64_t flow_ = 0;
  /// The step of the next unit, and what the steps before it hold.
  std::size_t step_ = 0;
  std::int64_t before_ = 0;
};

/// Nodes are the variants and the sink. A node's excess is what flows in less what flows out; arcs of the residual
/// graph are items that change their variant, and units more or less over a variant's outlet.
class Flow {
 public:
  Flow(std::span<const std::int32_t> costs, std::size_t n, std::size_t k, const std::vector<VariantCost>& outlets)
      : costs_(costs), n_(n), k_(k), heaps_(k * k), has_heaps_(k, false), count_(k, 0), excess_(k + 1, 0) {
    for (const VariantCost& steps : outlets) outlets_.emplace_back(steps);
    prices_.assign(k + 1, 0);
  }

  /// Starts from `prices`; any will do, good ones leave little to be done. False: an item can have no variant.
  bool Start(const std::vector<std::int64_t>& prices) {
    prices_ = prices;
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    for (std::size_t j = 0; j < k_; ++j) ranges.push_back(outlets_[j].RangeAt(prices_[j]));
    variants_.resize(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      const std::int32_t* row = &costs_[i * k_];
      std::int64_t least = kFar;
      for (std::size_t j = 0; j < k_; ++j) {
        if (row[j] != kForbidden) least = std::min(least, row[j] + prices_[j]);
      }
      if (least == kFar) return false;
      // Among equals the one with the most room, or else many equal items would have to move one by one.
      std::size_t best = k_;
      for (std::size_t j = 0; j < k_; ++j) {
        if (row[j] == kForbidden || row[j] + prices_[j] != least) continue;
        if (best == k_ || ranges[j].second - count_[j] > ranges[best].second - count_[best]) best = j;
      }
      variants_[i] = static_cast<std::int32_t>(best);
      ++count_[best];
    }
    excess_[k_] = -static_cast<std::int64_t>(n_);
    for (std::size_t j = 0; j < k_; ++j) {
      outlets_[j].Start(std::clamp(count_[j], ranges[j].first, ranges[j].second));
      excess_[j] = count_[j] - outlets_[j].flow();
      excess_[k_] += outlets_[j].flow();
    }
    return true;
  }

  /// False: there is no assignment.
  bool Run() {
    while (std::any_of(excess_.begin(), excess_.end(), [](std::int64_t excess) { return excess > 0; })) {
      const std::optional<std::size_t> target = FindPath();
      if (!target) return false;
      Push(*target);
    }
    return true;
  }

  /// Less that of the sink.
  std::vector<std::int64_t> Prices() const {
    std::vector<std::int64_t> prices;
    for (const std::int64_t price : prices_) prices.push_back(price - prices_[k_]);
    return prices;
  }

  DenseSolution Take() {
    DenseSolution solution{std::move(variants_), std::move(count_), 0};
    for (std::size_t i = 0; i < n_; ++i) solution.cost += costs_[i * k_ + solution.variants[i]];
    for (const Outlet& outlet : outlets_) solution.cost += outlet.Cost();
    return solution;
  }

 private:
  /// The difference in the upper half and the item in the lower one, so that entries order by difference, then by item.
  using Entry = std::uint64_t;
  using Heap = std::vector<Entry>;

  static Entry Pack(std::int64_t difference, std::size_t item) {
    return static_cast<Entry>(difference + (std::int64_t{1} << 31)) << 32 | item;
  }
  static std::int64_t DifferenceOf(Entry entry) {
    return static_cast<std::int64_t>(entry >> 32) - (std::int64_t{1} << 31);
  }
  static std::size_t ItemOf(Entry entry) { return entry & 0xffffffff; }

  std::int32_t CostOf(std::size_t item, std::size_t variant) const { return costs_[item * k_ + variant]; }

  void BuildHeaps(std::size_t from) {
    has_heaps_[from] = true;
    for (std::size_t to = 0; to < k_; ++to) heaps_[from * k_ + to].reserve(to == from ? 0 : count_[from]);
    for (std::size_t i = 0; i < n_; ++i) {
      if (variants_[i] != static_cast<std::int32_t>(from)) continue;
      for (std::size_t to = 0; to < k_; ++to) {
        if (to == from || CostOf(i, to) == kForbidden) continue;
        heaps_[from * k_ + to].push_back(Pack(std::int64_t{CostOf(i, to)} - CostOf(i, from), i));
      }
    }
    for (std::size_t to = 0; to < k_; ++to) {
      Heap& heap = heaps_[from * k_ + to];
      std::make_heap(heap.begin(), heap.end(), std::greater<>());
    }
  }

  /// The cheapest item to move; nothing if none can.
  std::optional<Entry> Cheapest(std::size_t from, std::size_t to) {
    Heap& heap = heaps_[from * k_ + to];
    while (!heap.empty() && variants_[ItemOf(heap.front())] != static_cast<std::int32_t>(from)) {
      std::pop_heap(heap.begin(), heap.end(), std::greater<>());
      heap.pop_back();
    }
    return heap.empty() ? std::nullopt : std::optional<Entry>(heap.front());
  }

  /// Of the residual arc; kFar if there is none.
  std::int64_t Cost(std::size_t from, std::size_t to) {
    if (to == k_) return outlets_[from].SlopeUp();
    if (from == k_) {
      const std::int64_t slope = outlets_[to].SlopeDown();
      return slope == kFar ? kFar : -slope;
    }
    const std::optional<Entry> entry = Cheapest(from, to);
    return entry ? DifferenceOf(*entry) : kFar;
  }

  /// Dijkstra's method on reduced costs, from all nodes with excess to the nearest one that lacks some; lowers prices
  /// so that the path becomes free and no arc negative.
  std::optional<std::size_t> FindPath() {
    std::vector<std::int64_t> distance(k_ + 1, kFar);
    std::vector<bool> done(k_ + 1, false);
    previous_.assign(k_ + 1, k_ + 1);
    for (std::size_t node = 0; node <= k_; ++node) {
      if (excess_[node] > 0) distance[node] = 0;
    }
    while (true) {
      std::size_t at = k_ + 1;
      for (std::size_t node = 0; node <= k_; ++node) {
        if (!done[node] && distance[node] != kFar && (at > k_ || distance[node] < distance[at])) at = node;
      }
      if (at > k_) return std::nullopt;
      if (excess_[at] < 0) {
        for (std::size_t node = 0; node <= k_; ++node) prices_[node] -= std::min(distance[node], distance[at]);
        return at;
      }
      done[at] = true;
      if (at < k_ && !has_heaps_[at]) BuildHeaps(at);
      for (std::size_t to = 0; to <= k_; ++to) {
        if (done[to]) continue;
        const std::int64_t cost = Cost(at, to);
        if (cost == kFar) continue;
        const std::int64_t length = distance[at] + cost - prices_[at] + prices_[to];
        if (length >= distance[to]) continue;
        distance[to] = length;
        previous_[to] = at;
      }
    }
  }

  void Push(std::size_t target) {
    std::vector<std::pair<std::size_t, std::size_t>> path;
    std::size_t source = target;
    for (; previous_[source] <= k_; source = previous_[source]) path.emplace_back(previous_[source], source);
    std::int64_t units = std::min(excess_[source], -excess_[target]);
    for (const auto& [from, to] : path) {
      if (to == k_) units = std::min(units, outlets_[from].RoomUp());
      if (from == k_) units = std::min(units, outlets_[to].RoomDown());
    }
    // Items of equal difference go one after another without another search.
    std::int64_t pushed = 0;
    while (pushed < units && (pushed == 0 || IsFree(path))) {
      for (const auto& [from, to] : path) {
        if (from != k_ && to != k_) Move(from, to);
      }
      ++pushed;
      if (std::none_of(path.begin(), path.end(),
                       [&](const auto& arc) { return arc.first != k_ && arc.second != k_; })) {
        pushed = units;
      }
    }
    for (const auto& [from, to] : path) {
      if (to == k_) outlets_[from].Change(pushed);
      if (from == k_) outlets_[to].Change(-pushed);
    }
    excess_[source] -= pushed;
    excess_[target] += pushed;
  }

  bool IsFree(const std::vector<std::pair<std::size_t, std::size_t>>& path) {
    return std::all_of(path.begin(), path.end(), [&](const auto& arc) {
      const auto& [from, to] = arc;
      if (from == k_ || to == k_) return true;
      const std::int64_t cost = Cost(from, to);
      return cost != kFar && cost - prices_[from] + prices_[to] == 0;
    });
  }

  void Move(std::size_t from, std::size_t to) {
    const std::size_t item = ItemOf(*Cheapest(from, to));
    variants_[item] = static_cast<std::int32_t>(to);
    --count_[from];
    ++count_[to];
    if (!has_heaps_[to]) return;
    for (std::size_t next = 0; next < k_; ++next) {
      if (next == to || CostOf(item, next) == kForbidden) continue;
      Heap& heap = heaps_[to * k_ + next];
      heap.push_back(Pack(std::int64_t{CostOf(item, next)} - CostOf(item, to), item));
      std::push_heap(heap.begin(), heap.end(), std::greater<>());
    }
  }

  std::span<const std::int32_t> costs_;
  std::size_t n_;
  std::size_t k_;
  std::vector<Outlet> outlets_;
  std::vector<std::int32_t> variants_;
  /// From variant * k + to variant; may hold items that have moved since.
  std::vector<Heap> heaps_;
  std::vector<bool> has_heaps_;
  std::vector<std::int64_t> count_;
  std::vector<std::int64_t> excess_;
  /// No residual arc has cost - price of its start + price of its end below 0.
  std::vector<std::int64_t> prices_;
  std::vector<std::size_t> previous_;
};

/// Each outlet with the sample's share of its steps, rounded up so that there is room enough.
std::vector<VariantCost> Scaled(const std::vector<VariantCost>& outlets, std::size_t sample, std::size_t n) {
  std::vector<VariantCost> scaled = outlets;
  for (VariantCost& steps : scaled) {
    for (CostStep& step : steps) {
      const auto gateways = static_cast<std::size_t>(step.gateways);
      step.gateways = static_cast<std::int64_t>((gateways * sample + n - 1) / n);
    }
  }
  return scaled;
}

/// Good prices to start from, of a sample; zeros where the sample has no solution.
std::vector<std::int64_t> SamplePrices(std::span<const std::int32_t> costs, std::size_t n, std::size_t k,
                                       const std::vector<VariantCost>& outlets) {
  const std::vector<std::int64_t> zeros(k + 1, 0);
  if (n <= kNoSampling) return zeros;
  const std::size_t sample = n / kSampling;
  std::vector<std::int32_t> rows;
  rows.reserve(sample * k);
  for (std::size_t i = 0; i < sample; ++i) {
    const auto row = costs.subspan(i * kSampling * k, k);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  const std::vector<VariantCost> scaled = Scaled(outlets, sample, n);
  Flow flow(rows, sample, k, scaled);
  if (!flow.Start(SamplePrices(rows, sample, k, scaled)) || !flow.Run()) return zeros;
  return flow.Prices();
}

Result<void> Check(std::span<const std::int32_t> costs, std::size_t n, std::size_t k,
                   std::span<const VariantCost> variant_costs) {
  if (k == 0 || k > kMaxVariants || variant_costs.size() != k || costs.size() != n * k || n > kLimit) {
    return Error{Code::kInvalid, "a matrix of " + std::to_string(costs.size()) + " costs is not " + std::to_string(n) +
                                     " x " + std::to_string(k) + " with 1 to " + std::to_string(kMaxVariants) +
                                     " variants"};
  }
  const auto bad = std::find_if(costs.begin(), costs.end(),
                                [](std::int32_t cost) { return cost != kForbidden && (cost < 0 || cost > kLimit); });
  if (bad != costs.end()) {
    return Error{Code::kInvalid, "item " + std::to_string((bad - costs.begin()) / k) + ": cost " +
                                     std::to_string(*bad) + " is not from 0 to " + std::to_string(kLimit)};
  }
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = 0; i < variant_costs[j].size(); ++i) {
      const CostStep& step = variant_costs[j][i];
      if (step.gateways >= 0 && step.slope >= -kLimit && step.slope <= kLimit &&
          (i == 0 || step.slope >= variant_costs[j][i - 1].slope)) {
        continue;
      }
      return Error{Code::kInvalid, "variant " + std::to_string(j) + ": step " + std::to_string(i) + " has slope " +
                                       std::to_string(step.slope) + "; slopes must rise, within " +
                                       std::to_string(kLimit)};
    }
  }
  return {};
}

}  // namespace

Result<DenseSolution> SolveDense(std::span<const std::int32_t> costs, std::size_t n, std::size_t k,
                                 std::span<const VariantCost> variant_costs) {
  TRY(Check(costs, n, k, variant_costs));
  const auto items = static_cast<std::int64_t>(n);
  std::vector<VariantCost> outlets;
  std::int64_t room = 0;
  for (const VariantCost& steps : variant_costs) {
    outlets.push_back(steps.empty() ? AtMost(items) : steps);
    for (CostStep& step : outlets.back()) {
      step.gateways = std::min(step.gateways, items);
      room += step.gateways;
    }
    std::erase_if(outlets.back(), [](const CostStep& step) { return step.gateways == 0; });
  }
  if (room < items) {
    return Error{Code::kConflict,
                 "the variants hold " + std::to_string(room) + " of " + std::to_string(n) + " items; raise a capacity"};
  }
  Flow flow(costs, n, k, outlets);
  if (!flow.Start(SamplePrices(costs, n, k, outlets))) {
    return Error{Code::kConflict, "an item may have no variant at all; allow it one"};
  }
  if (!flow.Run()) {
    return Error{Code::kConflict, "the variants that some items may have hold too few of them; raise a capacity"};
  }
  return flow.Take();
}

}  // namespace motley::assign
