#include <algorithm>
#include <map>
#include <string>

#include "common/assign/columns.h"
#include "common/assign/model.h"
#include "common/assign/rules.h"

namespace motley::assign {
namespace {

/// Turns the rules that look at many gateways at once into bands on tallies.
class RuleCompiler {
 public:
  RuleCompiler(const Problem& problem, Model& model) : problem_(problem), model_(model) {
    supplies_by_class_.resize(problem.classes.size());
    for (std::size_t i = 0; i < model.supplies.size(); ++i) {
      supplies_by_class_[model.supplies[i].gateway_class].push_back(static_cast<std::int32_t>(i));
    }
    // One place for each variant, and behind them one for each application: those that run none of it.
    buckets_.resize(problem.variants.size() + problem.applications.size());
  }

  Result<void> Add(std::int32_t index) {
    const Rule& rule = problem_.rules[index];
    const bool is_logic = std::holds_alternative<Logic>(rule.what);
    const std::vector<Scope> scopes = ScopesOf(problem_, rule);
    for (const Scope& scope : scopes) {
      const std::vector<Demand> demands = DemandsOf(problem_, rule, scope);
      if (demands.empty() && !is_logic) continue;
      Fill(scope);
      if (is_logic) TRY(AddRequirement(index, scope));
      if (!demands.empty()) AddPenalty(index, demands);
    }
    return {};
  }

 private:
  /// Sorts the columns of the scope's classes into buckets.
  void Fill(const Scope& scope) {
    for (auto& bucket : buckets_) bucket.clear();
    for (const std::int32_t gateway_class : scope.classes) {
      for (const std::int32_t index : supplies_by_class_[gateway_class]) {
        const Supply& supply = model_.supplies[index];
        for (std::int32_t column = supply.first_column; column < supply.last_column; ++column) {
          const auto variants = model_.VariantsOf(model_.columns[column]);
          for (std::size_t i = 0; i < variants.size(); ++i)
            Bucket(supply.applications[i], variants[i]).push_back(column);
        }
      }
    }
  }

  std::vector<std::int32_t>& Bucket(std::int32_t application, std::int32_t variant) {
    return buckets_[variant == kNone ? problem_.variants.size() + application : variant];
  }

  std::vector<std::int32_t> ColumnsOf(const Demand& demand) {
    if (demand.application != kNone) return Bucket(demand.application, kNone);
    if (demand.variants.size() == 1) return buckets_[demand.variants[0]];
    std::vector<std::int32_t> columns;
    for (const std::int32_t variant : demand.variants) {
      columns.insert(columns.end(), buckets_[variant].begin(), buckets_[variant].end());
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    return columns;
  }

  std::int32_t TallyOf(std::vector<std::int32_t> columns) {
    const auto [found, is_new] = tallies_.try_emplace(columns, static_cast<std::int32_t>(model_.tallies.size()));
    if (!is_new) return found->second;
    Tally tally{.columns = std::move(columns)};
    for (std::size_t i = 0; i < tally.columns.size();) {
      const std::int32_t index = model_.columns[tally.columns[i]].supply;
      const Supply& supply = model_.supplies[index];
      std::int32_t inside = 0;
      for (; i < tally.columns.size() && model_.columns[tally.columns[i]].supply == index; ++i) ++inside;
      tally.most += supply.gateways;
      if (inside == supply.last_column - supply.first_column) tally.least += supply.gateways;
    }
    model_.tallies.push_back(std::move(tally));
    return found->second;
  }

  void AddPenalty(std::int32_t index, const std::vector<Demand>& demands) {
    const Rule& rule = problem_.rules[index];
    Penalty penalty{.rule = index, .weight = rule.weight, .charge = rule.charge};
    if (!rule.weight) penalty.charge = Charge::kPerGateway;
    bool violated = false;
    for (const Demand& demand : demands) {
      const Band band{TallyOf(ColumnsOf(demand)), demand.low, demand.high};
      const Tally& tally = model_.tallies[band.tally];
      if (band.low <= tally.least && tally.most <= band.high) continue;
      if (band.low > tally.most || band.high < tally.least || band.low > band.high) violated = true;
      penalty.bands.push_back(band);
    }
    if (violated && !rule.weight) model_.impossible = true;
    if (penalty.bands.empty()) return;
    if (penalty.charge == Charge::kOnce) {
      if (violated) {
        model_.constant += *rule.weight;
        return;
      }
      if (penalty.bands.size() == 1 && IsConvexOnce(penalty.bands[0])) penalty.charge = Charge::kPerGateway;
    }
    model_.penalties.push_back(std::move(penalty));
  }

  /// What can be out of the band is so by one gateway at most: then once is the same as for each gateway.
  bool IsConvexOnce(const Band& band) const {
    const Tally& tally = model_.tallies[band.tally];
    return band.low - tally.least <= 1 && tally.most - band.high <= 1;
  }

  Result<void> AddRequirement(std::int32_t index, const Scope& scope) {
    const Rule& rule = problem_.rules[index];
    TRY_ASSIGN(Condition condition, ParseCondition(std::get<Logic>(rule.what).condition).While(Describe(rule)));
    Requirement requirement{.rule = index, .weight = rule.weight, .condition = std::move(condition)};
    for (const std::string& name : requirement.condition.symbols) {
      TRY_ASSIGN(const Symbol symbol, ResolveSymbol(problem_, name).While(Describe(rule)));
      if (symbol.kind == Symbol::Kind::kGateways) {
        requirement.sums.push_back({.columns = {}, .constant = scope.gateways});
      } else {
        requirement.sums.push_back({.columns = Bucket(symbol.application, symbol.variant), .constant = 0});
      }
    }
    model_.requirements.push_back(std::move(requirement));
    return {};
  }

  const Problem& problem_;
  Model& model_;
  std::vector<std::vector<std::int32_t>> supplies_by_class_;
  std::vector<std::vector<std::int32_t>> buckets_;
  std::map<std::vector<std::int32_t>, std::int32_t> tallies_;
};

}  // namespace

Result<Model> Compile(const Problem& problem) {
  TRY(Validate(problem));
  Model model;
  TRY(AddColumns(problem, model));
  RuleCompiler compiler(problem, model);
  for (std::size_t i = 0; i < problem.rules.size(); ++i) TRY(compiler.Add(static_cast<std::int32_t>(i)));
  return model;
}

}  // namespace motley::assign
