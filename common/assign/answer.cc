#include "common/assign/answer.h"

#include <algorithm>

namespace motley::assign {
namespace {

std::int64_t Sum(const std::vector<std::int32_t>& columns, const std::vector<std::int64_t>& gateways) {
  std::int64_t sum = 0;
  for (const std::int32_t column : columns) sum += gateways[column];
  return sum;
}

/// The model without its penalties and requirements.
Model Bare(const Model& model) {
  Model bare;
  bare.supplies = model.supplies;
  bare.columns = model.columns;
  bare.column_variants = model.column_variants;
  bare.tallies = model.tallies;
  bare.constant = model.constant;
  bare.impossible = model.impossible;
  return bare;
}

}  // namespace

std::int64_t CostOf(const Model& model, const std::vector<std::int64_t>& gateways) {
  std::int64_t cost = model.constant;
  for (std::size_t i = 0; i < gateways.size(); ++i) cost += gateways[i] * model.columns[i].cost;
  std::vector<std::int64_t> tallies;
  for (const Tally& tally : model.tallies) tallies.push_back(Sum(tally.columns, gateways));
  for (const Penalty& penalty : model.penalties) {
    if (!penalty.weight) continue;
    std::int64_t off = 0;
    for (const Band& band : penalty.bands) {
      off += std::max<std::int64_t>({0, band.low - tallies[band.tally], tallies[band.tally] - band.high});
    }
    cost += *penalty.weight * (penalty.charge == Charge::kOnce ? std::min<std::int64_t>(off, 1) : off);
  }
  for (const Requirement& requirement : model.requirements) {
    if (!requirement.weight) continue;
    std::vector<std::int64_t> counts;
    for (const Requirement::Sum& sum : requirement.sums) counts.push_back(sum.constant + Sum(sum.columns, gateways));
    if (!Holds(requirement.condition.term, counts)) cost += *requirement.weight;
  }
  return cost;
}

Model WithoutOnce(const Model& model) {
  Model relaxed = Bare(model);
  for (const Penalty& penalty : model.penalties) {
    if (penalty.charge == Charge::kPerGateway) relaxed.penalties.push_back(penalty);
  }
  return relaxed;
}

Model WithoutSoftBands(const Model& model) {
  Model relaxed = Bare(model);
  for (const Penalty& penalty : model.penalties) {
    if (!penalty.weight) relaxed.penalties.push_back(penalty);
  }
  return relaxed;
}

Model WithOnceFixed(const Model& model, const std::vector<bool>& paid) {
  Model fixed = Bare(model);
  std::size_t once = 0;
  for (const Penalty& penalty : model.penalties) {
    if (penalty.charge == Charge::kPerGateway) {
      fixed.penalties.push_back(penalty);
    } else if (paid[once++]) {
      fixed.constant += *penalty.weight;
    } else {
      fixed.penalties.push_back({penalty.rule, std::nullopt, Charge::kPerGateway, penalty.bands});
    }
  }
  fixed.requirements = model.requirements;
  return fixed;
}

}  // namespace motley::assign
