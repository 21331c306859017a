#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include <algorithm>
#include <limits>

#include "common/assign/answer.h"
#include "common/assign/layout.h"
#include "common/base/result.h"

namespace motley::assign {
namespace {

/// Units of flow through a tally that cost the same each.
struct Segment {
  std::int64_t length = 0;
  std::int64_t slope = 0;
  bool must_fill = false;
};

/// The convex cost of a tally: what its bands add up to.
struct TallyCost {
  std::vector<std::pair<Band, std::int64_t>> soft;
  std::int64_t low = 0;
  std::int64_t high = std::numeric_limits<std::int64_t>::max();

  /// From 0 up, as far as hard bands allow.
  std::vector<Segment> Segments(std::int64_t most) const {
    const std::int64_t end = std::min(most, high);
    std::vector<std::int64_t> points{0, std::min(low, end), end};
    for (const auto& [band, weight] : soft) {
      points.push_back(std::min(band.low, end));
      points.push_back(std::min(band.high, end));
    }
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    std::vector<Segment> segments;
    for (std::size_t i = 1; i < points.size(); ++i) {
      Segment segment{.length = points[i] - points[i - 1], .must_fill = points[i] <= low};
      for (const auto& [band, weight] : soft) {
        if (points[i] <= band.low) segment.slope -= weight;
        if (points[i - 1] >= band.high) segment.slope += weight;
      }
      segments.push_back(segment);
    }
    return segments;
  }
};

std::vector<TallyCost> CostsOf(const Model& model) {
  std::vector<TallyCost> costs(model.tallies.size());
  for (const Penalty& penalty : model.penalties) {
    for (const Band& band : penalty.bands) {
      TallyCost& cost = costs[band.tally];
      if (penalty.weight) {
        cost.soft.emplace_back(band, *penalty.weight);
      } else {
        cost.low = std::max(cost.low, band.low);
        cost.high = std::min(cost.high, band.high);
      }
    }
  }
  return costs;
}

/// The network: nodes are the supplies, then the tallies, then the sink.
class Network {
 public:
  using Graph = lemon::SmartDigraph;

  Network(const Model& model, const Layout& layout) : model_(model), layout_(layout) {
    const int nodes = static_cast<int>(model.supplies.size() + model.tallies.size() + 1);
    graph_.reserveNode(nodes);
    graph_.reserveArc(static_cast<int>(model.columns.size() + 4 * model.tallies.size()));
    for (int i = 0; i < nodes; ++i) graph_.addNode();
    for (std::size_t i = 0; i < model.columns.size(); ++i) AddColumn(i);
    const std::vector<TallyCost> costs = CostsOf(model);
    for (std::size_t i = 0; i < model.tallies.size(); ++i) {
      if (!layout.used[i]) continue;
      if (costs[i].low > costs[i].high) impossible_ = true;
      for (const Segment& segment : costs[i].Segments(model.tallies[i].most)) {
        AddSegment(static_cast<std::int32_t>(i), segment);
      }
    }
  }

  Answer Solve() {
    if (impossible_) return {.outcome = Outcome::kInfeasible};
    lemon::NetworkSimplex<Graph, std::int64_t, std::int64_t> simplex(graph_);
    Graph::ArcMap<std::int64_t> lower(graph_), upper(graph_), cost(graph_);
    for (std::size_t i = 0; i < arcs_.size(); ++i) {
      const Graph::Arc arc = Graph::arcFromId(static_cast<int>(i));
      lower[arc] = arcs_[i].lower;
      upper[arc] = arcs_[i].upper;
      cost[arc] = arcs_[i].cost;
    }
    Graph::NodeMap<std::int64_t> supply(graph_, 0);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < model_.supplies.size(); ++i) {
      supply[Graph::nodeFromId(static_cast<int>(i))] = model_.supplies[i].gateways;
      total += model_.supplies[i].gateways;
    }
    supply[Sink()] = -total;
    simplex.lowerMap(lower).upperMap(upper).costMap(cost).supplyMap(supply);
    if (simplex.run() != simplex.OPTIMAL) return {.outcome = Outcome::kInfeasible};
    Answer answer{.outcome = Outcome::kOptimal};
    for (std::size_t i = 0; i < model_.columns.size(); ++i) {
      answer.gateways.push_back(simplex.flow(Graph::arcFromId(static_cast<int>(i))));
    }
    answer.lower_bound = CostOf(model_, answer.gateways);
    return answer;
  }

 private:
  struct Arc {
    std::int64_t lower = 0;
    std::int64_t upper = 0;
    std::int64_t cost = 0;
  };

  Graph::Node SupplyNode(std::int32_t supply) const { return Graph::nodeFromId(supply); }
  Graph::Node TallyNode(std::int32_t tally) const {
    return Graph::nodeFromId(static_cast<int>(model_.supplies.size()) + tally);
  }
  Graph::Node Sink() const { return Graph::nodeFromId(graph_.maxNodeId()); }

  /// Columns come first, so that arc and column have the same number.
  void AddColumn(std::size_t index) {
    const Column& column = model_.columns[index];
    const std::int32_t before = layout_.before_column[index];
    const std::int32_t behind = layout_.behind_column[index];
    graph_.addArc(before == kNone ? SupplyNode(column.supply) : TallyNode(before),
                  behind == kNone ? Sink() : TallyNode(behind));
    arcs_.push_back({0, model_.supplies[column.supply].gateways, column.cost});
  }

  void AddSegment(std::int32_t tally, const Segment& segment) {
    const std::int32_t next = layout_.next[tally];
    if (layout_.before[tally]) {
      const std::int32_t supply = model_.columns[model_.tallies[tally].columns.front()].supply;
      graph_.addArc(next == kNone ? SupplyNode(supply) : TallyNode(next), TallyNode(tally));
    } else {
      graph_.addArc(TallyNode(tally), next == kNone ? Sink() : TallyNode(next));
    }
    arcs_.push_back({segment.must_fill ? segment.length : 0, segment.length, segment.slope});
  }

  const Model& model_;
  const Layout& layout_;
  Graph graph_;
  std::vector<Arc> arcs_;
  bool impossible_ = false;
};

bool NothingOnce(const Model& model) {
  return std::all_of(model.penalties.begin(), model.penalties.end(),
                     [](const Penalty& penalty) { return penalty.charge == Charge::kPerGateway; });
}

}  // namespace

bool IsFlow(const Model& model) {
  return model.requirements.empty() && NothingOnce(model) && LayOut(model).has_value();
}

std::optional<Answer> TryFlow(const Model& model) {
  if (!model.requirements.empty() || !NothingOnce(model)) return std::nullopt;
  if (model.impossible) return Answer{.outcome = Outcome::kInfeasible};
  if (model.supplies.empty()) return Answer{.outcome = Outcome::kOptimal, .lower_bound = CostOf(model, {})};
  const std::optional<Layout> layout = LayOut(model);
  if (!layout) return std::nullopt;
  return SolveFlow(model, *layout);
}

Answer SolveFlow(const Model& model, const Layout& layout) { return Network(model, layout).Solve(); }

Answer SolveFlow(const Model& model) {
  std::optional<Answer> answer = TryFlow(model);
  CHECK(answer.has_value());
  return *std::move(answer);
}

}  // namespace motley::assign
