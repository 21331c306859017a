#include "common/assign/transport.h"

#include <lemon/network_simplex.h>
#include <lemon/smart_graph.h>

#include "common/base/result.h"

namespace motley::assign {

std::vector<std::int64_t> SolveTransport(const Transport& transport) {
  using Graph = lemon::SmartDigraph;
  Graph graph;
  Graph::NodeMap<std::int64_t> supply(graph);
  std::vector<Graph::Node> sources, targets;
  for (const std::int64_t amount : transport.supplies) supply[sources.emplace_back(graph.addNode())] = amount;
  for (const std::int64_t amount : transport.demands) supply[targets.emplace_back(graph.addNode())] = -amount;
  Graph::ArcMap<std::int64_t> cost(graph);
  std::size_t cell = 0;
  for (const Graph::Node source : sources) {
    for (const Graph::Node target : targets) cost[graph.addArc(source, target)] = transport.costs[cell++];
  }
  lemon::NetworkSimplex<Graph, std::int64_t, std::int64_t> simplex(graph);
  simplex.supplyMap(supply).costMap(cost);
  CHECK(simplex.run() == simplex.OPTIMAL);
  std::vector<std::int64_t> amounts;
  for (std::size_t i = 0; i < cell; ++i) amounts.push_back(simplex.flow(Graph::arcFromId(static_cast<int>(i))));
  return amounts;
}

}  // namespace motley::assign
