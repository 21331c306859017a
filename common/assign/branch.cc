#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>

#include "common/assign/answer.h"
#include "common/assign/layout.h"
#include "common/base/result.h"

namespace motley::assign {
namespace {

/// What a node says of a penalty that is charged once.
enum class Decision : std::uint8_t { kOpen, kPaid, kKept };

/// A part of all assignments.
struct Node {
  std::vector<Decision> decisions;
  /// None of them costs less.
  std::int64_t bound = 0;
  /// The open penalty to decide next.
  std::size_t next = 0;
  /// Older ones first among equals, so that the search is always the same.
  std::int64_t number = 0;

  bool operator>(const Node& other) const { return std::pair(bound, number) > std::pair(other.bound, other.number); }
};

/// Branches over which penalties are paid. While one is open, its charge is replaced by the greatest convex function
/// below it, so that what is left is a flow; costs are multiplied by `scale_`, since its slopes are no whole numbers.
class Search {
 public:
  Search(const Model& model, const Layout& layout, const Limits& limits)
      : model_(model), layout_(layout), limits_(limits), start_ms_(Now()), relaxed_(model) {
    for (std::size_t i = 0; i < model.penalties.size(); ++i) {
      if (model.penalties[i].charge == Charge::kOnce) once_.push_back(i);
    }
    common_ = CommonDivisor();
    scale_ = std::max<std::int64_t>(1, kGreatest / std::max<std::int64_t>(1, WorstCost()));
    scale_ = std::min(scale_, kGreatestScale);
    for (Column& column : relaxed_.columns) column.cost *= scale_;
  }

  Answer Run() {
    Node root{.decisions = std::vector<Decision>(once_.size(), Decision::kOpen)};
    Add(std::move(root));
    while (!open_.empty() && open_.top().bound < best_cost_) {
      if (flows_ >= kMaxFlows || OutOfTime()) return Stopped();
      const Node node = open_.top();
      open_.pop();
      for (const Decision decision : {Decision::kKept, Decision::kPaid}) {
        Node child{.decisions = node.decisions, .bound = node.bound};
        child.decisions[node.next] = decision;
        Add(std::move(child));
      }
    }
    if (best_.empty()) return {.outcome = Outcome::kInfeasible};
    return {.outcome = Outcome::kOptimal, .gateways = std::move(best_), .lower_bound = best_cost_};
  }

 private:
  /// Sums along the network's paths, of up to four times the worst cost, stay below half of what LEMON takes for the
  /// cost of its artificial arcs, 2^62.
  static constexpr std::int64_t kGreatest = std::int64_t{1} << 58;
  /// More digits make no bound better.
  static constexpr std::int64_t kGreatestScale = std::int64_t{1} << 30;
  /// Then an integer program is the better way: it takes about as long as this many. A number and no time, so that
  /// equal problems have equal solutions.
  static constexpr int kMaxFlows = 400;

  std::int64_t Now() const { return limits_.now_ms ? limits_.now_ms() : 0; }
  bool OutOfTime() const { return limits_.time_limit_ms > 0 && Now() - start_ms_ >= limits_.time_limit_ms; }

  /// All costs are `model_.constant` and a multiple of it.
  std::int64_t CommonDivisor() const {
    std::int64_t common = 0;
    for (const Column& column : model_.columns) common = std::gcd(common, column.cost);
    for (const Penalty& penalty : model_.penalties) common = std::gcd(common, penalty.weight.value_or(0));
    return std::max<std::int64_t>(1, common);
  }

  std::int64_t WorstCost() const {
    std::int64_t worst = 0;
    for (const Supply& supply : model_.supplies) {
      std::int64_t most = 0;
      for (std::int32_t i = supply.first_column; i < supply.last_column; ++i) {
        most = std::max(most, model_.columns[i].cost);
      }
      worst += most * supply.gateways;
    }
    for (const Penalty& penalty : model_.penalties) {
      std::int64_t off = penalty.charge == Charge::kOnce ? static_cast<std::int64_t>(penalty.bands.size()) : 0;
      for (const Band& band : penalty.bands) {
        const Tally& tally = model_.tallies[band.tally];
        if (penalty.charge == Charge::kPerGateway) {
          off += std::max<std::int64_t>({0, band.low - tally.least, tally.most - band.high});
        }
      }
      worst += penalty.weight.value_or(0) * off;
    }
    return worst;
  }

  /// Solves the node's relaxation, takes over what it finds, and puts the node where it waits if it may hold more.
  void Add(Node node) {
    Relax(node.decisions);
    ++flows_;
    const Answer answer = SolveFlow(relaxed_, layout_);
    if (answer.outcome != Outcome::kOptimal) return;
    const std::int64_t cost = CostOf(model_, answer.gateways);
    if (best_.empty() || cost < best_cost_) {
      best_ = answer.gateways;
      best_cost_ = cost;
    }
    node.bound = std::max(node.bound, BoundOf(answer.lower_bound));
    const std::optional<std::size_t> next = NextOf(node.decisions, answer.gateways);
    if (!next || node.bound >= best_cost_) return;
    node.next = *next;
    node.number = number_++;
    open_.push(std::move(node));
  }

  /// What the model costs at least, if its relaxation costs `scaled`.
  std::int64_t BoundOf(std::int64_t scaled) const {
    const std::int64_t step = scale_ * common_;
    return model_.constant + (scaled + step - 1) / step * common_;
  }

  void Relax(const std::vector<Decision>& decisions) {
    relaxed_.penalties.clear();
    relaxed_.constant = 0;
    for (const Penalty& penalty : model_.penalties) {
      if (penalty.charge == Charge::kOnce) continue;
      relaxed_.penalties.push_back(penalty);
      if (penalty.weight) *relaxed_.penalties.back().weight *= scale_;
    }
    for (std::size_t i = 0; i < once_.size(); ++i) {
      const Penalty& penalty = model_.penalties[once_[i]];
      if (decisions[i] == Decision::kPaid) {
        relaxed_.constant += *penalty.weight * scale_;
      } else if (decisions[i] == Decision::kKept) {
        relaxed_.penalties.push_back({penalty.rule, std::nullopt, Charge::kPerGateway, penalty.bands});
      } else {
        // Each band bears an equal share: a weighted mean of charges is at most the greatest.
        const auto bands = static_cast<std::int64_t>(penalty.bands.size());
        for (const Band& band : penalty.bands) AddSlopes(penalty.rule, band, *penalty.weight * scale_ / bands);
      }
    }
  }

  /// `charge` in full where the tally is as far out of the band as it can be, and in proportion nearer to it.
  void AddSlopes(std::int32_t rule, const Band& band, std::int64_t charge) {
    const Tally& tally = model_.tallies[band.tally];
    if (band.low > tally.least) {
      relaxed_.penalties.push_back({rule,
                                    charge / (band.low - tally.least),
                                    Charge::kPerGateway,
                                    {{band.tally, band.low, std::numeric_limits<std::int64_t>::max()}}});
    }
    if (band.high < tally.most) {
      relaxed_.penalties.push_back(
          {rule, charge / (tally.most - band.high), Charge::kPerGateway, {{band.tally, 0, band.high}}});
    }
  }

  /// The open penalty that the relaxation has charged least of what it costs; nothing: all are charged in full.
  std::optional<std::size_t> NextOf(const std::vector<Decision>& decisions,
                                    const std::vector<std::int64_t>& gateways) const {
    std::optional<std::size_t> next;
    std::int64_t most = 0;
    for (std::size_t i = 0; i < once_.size(); ++i) {
      if (decisions[i] != Decision::kOpen) continue;
      const std::int64_t missing = MissingOf(model_.penalties[once_[i]], gateways);
      if (missing <= most) continue;
      most = missing;
      next = i;
    }
    return next;
  }

  std::int64_t MissingOf(const Penalty& penalty, const std::vector<std::int64_t>& gateways) const {
    const std::int64_t full = *penalty.weight * scale_;
    std::int64_t charged = 0;
    bool violated = false;
    for (const Band& band : penalty.bands) {
      const Tally& tally = model_.tallies[band.tally];
      std::int64_t sum = 0;
      for (const std::int32_t column : tally.columns) sum += gateways[column];
      const std::int64_t charge = full / static_cast<std::int64_t>(penalty.bands.size());
      if (sum < band.low) charged += charge / (band.low - tally.least) * (band.low - sum);
      if (sum > band.high) charged += charge / (tally.most - band.high) * (sum - band.high);
      violated = violated || sum < band.low || sum > band.high;
    }
    return violated ? full - charged : 0;
  }

  Answer Stopped() {
    const std::int64_t bound = std::min(open_.top().bound, best_cost_);
    if (best_.empty()) return {.outcome = Outcome::kUnknown, .lower_bound = bound};
    return {.outcome = Outcome::kFeasible, .gateways = std::move(best_), .lower_bound = bound};
  }

  const Model& model_;
  const Layout& layout_;
  const Limits& limits_;
  std::int64_t start_ms_;
  /// Columns and tallies of the model, and the penalties of the node at hand; all costs scaled.
  Model relaxed_;
  /// Places of the penalties that are charged once.
  std::vector<std::size_t> once_;
  std::int64_t common_ = 1;
  std::int64_t scale_ = 1;
  int flows_ = 0;
  std::int64_t number_ = 0;
  std::priority_queue<Node, std::vector<Node>, std::greater<>> open_;
  std::vector<std::int64_t> best_;
  std::int64_t best_cost_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace

std::optional<Answer> TryBranch(const Model& model, const Limits& limits) {
  if (!model.requirements.empty()) return std::nullopt;
  if (model.impossible) return Answer{.outcome = Outcome::kInfeasible};
  if (model.supplies.empty()) return Answer{.outcome = Outcome::kOptimal, .lower_bound = CostOf(model, {})};
  const std::optional<Layout> layout = LayOut(model);
  if (!layout) return std::nullopt;
  return Search(model, *layout, limits).Run();
}

}  // namespace motley::assign
