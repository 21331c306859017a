#include "common/assign/increment.h"

#include <algorithm>
#include <string>

#include "common/assign/rules.h"

namespace motley::assign {

Result<Increment> Increment::Create(const Problem& problem, const Solution& solution) {
  TRY_ASSIGN(Model model, Compile(problem, Bands::kAll));
  if (!model.requirements.empty()) {
    return Error{Code::kInvalid, Describe(problem.rules[model.requirements[0].rule]) +
                                     ": gateways can not be placed one by one under a condition; solve again instead"};
  }
  Increment increment(std::move(model));
  const Model& own = increment.model_;
  increment.supplies_by_class_.resize(problem.classes.size());
  for (std::size_t i = 0; i < own.supplies.size(); ++i) {
    increment.supplies_by_class_[own.supplies[i].gateway_class].push_back(static_cast<std::int32_t>(i));
  }
  increment.tallies_by_column_.resize(own.columns.size());
  for (std::size_t i = 0; i < own.tallies.size(); ++i) {
    for (const std::int32_t column : own.tallies[i].columns) {
      increment.tallies_by_column_[column].push_back(static_cast<std::int32_t>(i));
    }
  }
  increment.penalties_by_tally_.resize(own.tallies.size());
  for (std::size_t i = 0; i < own.penalties.size(); ++i) {
    for (const Band& band : own.penalties[i].bands) {
      increment.penalties_by_tally_[band.tally].push_back(static_cast<std::int32_t>(i));
    }
  }
  increment.tallies_.resize(own.tallies.size(), 0);
  for (const Share& share : solution.shares) {
    TRY_ASSIGN(const std::int32_t column, increment.Find(share));
    increment.Change(column, share.gateways);
  }
  return increment;
}

Result<std::vector<Share>> Increment::Join(std::int32_t gateway_class) {
  if (supplies_by_class_[gateway_class].empty()) {
    return Error{Code::kNotFound,
                 "class " + std::to_string(gateway_class) + " had no gateways when the plan was made; solve again"};
  }
  std::vector<Share> shares;
  for (const std::int32_t index : supplies_by_class_[gateway_class]) {
    const Supply& supply = model_.supplies[index];
    std::int32_t best = kNone;
    std::int64_t least = 0;
    for (std::int32_t column = supply.first_column; column < supply.last_column; ++column) {
      const std::optional<std::int64_t> cost = CostOfOneMore(column);
      if (!cost || (best != kNone && *cost >= least)) continue;
      best = column;
      least = *cost;
    }
    if (best == kNone) {
      for (const Share& share : shares) Change(*Find(share), -1);
      return Error{Code::kConflict, "whatever another gateway of class " + std::to_string(gateway_class) +
                                        " runs, a hard rule would not hold any more; solve again"};
    }
    Change(best, 1);
    const auto variants = model_.VariantsOf(model_.columns[best]);
    shares.push_back({gateway_class, supply.applications, {variants.begin(), variants.end()}, 1});
  }
  return shares;
}

Result<void> Increment::Leave(const Share& share) {
  TRY_ASSIGN(const std::int32_t column, Find(share));
  Change(column, -1);
  return {};
}

std::optional<std::int64_t> Increment::CostOfOneMore(std::int32_t column) {
  std::vector<std::int32_t> touched;
  for (const std::int32_t tally : tallies_by_column_[column]) {
    touched.insert(touched.end(), penalties_by_tally_[tally].begin(), penalties_by_tally_[tally].end());
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  std::vector<std::int64_t> before;
  for (const std::int32_t index : touched) before.push_back(Off(model_.penalties[index]));
  Change(column, 1);
  std::optional<std::int64_t> cost = model_.columns[column].cost;
  for (std::size_t i = 0; i < touched.size() && cost; ++i) {
    const Penalty& penalty = model_.penalties[touched[i]];
    const std::int64_t after = Off(penalty);
    if (!penalty.weight) {
      if (after > before[i]) cost.reset();
    } else if (penalty.charge == Charge::kOnce) {
      *cost += *penalty.weight * (std::min<std::int64_t>(after, 1) - std::min<std::int64_t>(before[i], 1));
    } else {
      *cost += *penalty.weight * (after - before[i]);
    }
  }
  Change(column, -1);
  return cost;
}

std::int64_t Increment::Off(const Penalty& penalty) const {
  std::int64_t off = 0;
  for (const Band& band : penalty.bands) {
    off += std::max<std::int64_t>({0, band.low - tallies_[band.tally], tallies_[band.tally] - band.high});
  }
  return off;
}

Result<std::int32_t> Increment::Find(const Share& share) const {
  for (const std::int32_t index : supplies_by_class_[share.gateway_class]) {
    const Supply& supply = model_.supplies[index];
    if (supply.applications != share.applications) continue;
    for (std::int32_t column = supply.first_column; column < supply.last_column; ++column) {
      const auto variants = model_.VariantsOf(model_.columns[column]);
      if (std::equal(variants.begin(), variants.end(), share.variants.begin(), share.variants.end())) return column;
    }
  }
  return Error{Code::kNotFound, "class " + std::to_string(share.gateway_class) +
                                    " can not have such a share under the problem's rules; solve again"};
}

void Increment::Change(std::int32_t column, std::int64_t gateways) {
  for (const std::int32_t tally : tallies_by_column_[column]) tallies_[tally] += gateways;
}

}  // namespace motley::assign
