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
  RuleCompiler(const Problem& problem, Bands bands, Model& model) : problem_(problem), bands_(bands), model_(model) {
    // One list for each variant, and behind them one for each application: the columns without a variant of it.
    columns_.resize(problem.variants.size() + problem.applications.size());
    for (std::size_t i = 0; i < model.columns.size(); ++i) {
      const auto& applications = model.supplies[model.columns[i].supply].applications;
      const auto variants = model.VariantsOf(model.columns[i]);
      for (std::size_t place = 0; place < variants.size(); ++place) {
        columns_[ListOf(applications[place], variants[place])].push_back(static_cast<std::int32_t>(i));
      }
    }
    scope_of_class_.resize(problem.classes.size());
  }

  Result<void> Add(std::int32_t index) {
    const Rule& rule = problem_.rules[index];
    const std::vector<Scope> scopes = ScopesOf(problem_, rule);
    if (std::holds_alternative<Logic>(rule.what)) return AddRequirements(index, scopes);
    std::vector<std::vector<Demand>> demands;
    for (const Scope& scope : scopes) demands.push_back(DemandsOf(problem_, rule, scope));
    if (demands.empty() || demands[0].empty()) return {};
    Remember(scopes);
    // By scope, then by demand; all scopes have the same demands but for the bounds.
    std::vector<std::vector<std::int32_t>> tallies(scopes.size());
    for (const Demand& demand : demands[0]) {
      auto columns = ColumnsOf(demand, scopes.size());
      for (std::size_t i = 0; i < scopes.size(); ++i) tallies[i].push_back(TallyOf(std::move(columns[i])));
    }
    for (std::size_t i = 0; i < scopes.size(); ++i) AddPenalty(index, demands[i], tallies[i]);
    return {};
  }

 private:
  std::size_t ListOf(std::int32_t application, std::int32_t variant) const {
    return variant == kNone ? problem_.variants.size() + application : variant;
  }

  void Remember(const std::vector<Scope>& scopes) {
    std::fill(scope_of_class_.begin(), scope_of_class_.end(), kNone);
    for (std::size_t i = 0; i < scopes.size(); ++i) {
      for (const std::int32_t gateway_class : scopes[i].classes) {
        scope_of_class_[gateway_class] = static_cast<std::int32_t>(i);
      }
    }
  }

  /// By scope.
  std::vector<std::vector<std::int32_t>> ColumnsOf(const Demand& demand, std::size_t scopes) const {
    std::vector<std::vector<std::int32_t>> columns(scopes);
    if (demand.application != kNone) Deal(ListOf(demand.application, kNone), columns);
    for (const std::int32_t variant : demand.variants) Deal(static_cast<std::size_t>(variant), columns);
    if (demand.variants.size() > 1) {
      for (auto& own : columns) {
        std::sort(own.begin(), own.end());
        own.erase(std::unique(own.begin(), own.end()), own.end());
      }
    }
    return columns;
  }

  /// Adds the columns of a list to those of their scopes.
  void Deal(std::size_t list, std::vector<std::vector<std::int32_t>>& columns) const {
    for (const std::int32_t column : columns_[list]) {
      const std::int32_t scope = scope_of_class_[model_.supplies[model_.columns[column].supply].gateway_class];
      if (scope != kNone) columns[scope].push_back(column);
    }
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

  void AddPenalty(std::int32_t index, const std::vector<Demand>& demands, const std::vector<std::int32_t>& tallies) {
    const Rule& rule = problem_.rules[index];
    Penalty penalty{.rule = index, .weight = rule.weight, .charge = rule.charge};
    if (!rule.weight) penalty.charge = Charge::kPerGateway;
    bool violated = false;
    for (std::size_t i = 0; i < demands.size(); ++i) {
      const Band band{tallies[i], demands[i].low, demands[i].high};
      const Tally& tally = model_.tallies[band.tally];
      if (bands_ == Bands::kNeeded && band.low <= tally.least && tally.most <= band.high) continue;
      if (band.low > tally.most || band.high < tally.least || band.low > band.high) violated = true;
      penalty.bands.push_back(band);
    }
    if (violated && !rule.weight) model_.impossible = true;
    if (penalty.bands.empty()) return;
    if (penalty.charge == Charge::kOnce && bands_ == Bands::kNeeded) {
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

  Result<void> AddRequirements(std::int32_t index, const std::vector<Scope>& scopes) {
    const Rule& rule = problem_.rules[index];
    TRY_ASSIGN(const Condition condition, ParseCondition(std::get<Logic>(rule.what).condition).While(Describe(rule)));
    Remember(scopes);
    std::vector<Requirement> requirements(scopes.size(),
                                          {.rule = index, .weight = rule.weight, .condition = condition});
    for (const std::string& name : condition.symbols) {
      TRY_ASSIGN(const Symbol symbol, ResolveSymbol(problem_, name).While(Describe(rule)));
      std::vector<std::vector<std::int32_t>> columns(scopes.size());
      if (symbol.kind != Symbol::Kind::kGateways) Deal(ListOf(symbol.application, symbol.variant), columns);
      for (std::size_t i = 0; i < scopes.size(); ++i) {
        const std::int64_t constant = symbol.kind == Symbol::Kind::kGateways ? scopes[i].gateways : 0;
        requirements[i].sums.push_back({std::move(columns[i]), constant});
      }
    }
    for (Requirement& requirement : requirements) model_.requirements.push_back(std::move(requirement));
    return {};
  }

  const Problem& problem_;
  Bands bands_;
  Model& model_;
  std::vector<std::vector<std::int32_t>> columns_;
  /// Of the rule at hand; kNone: it is not about the class.
  std::vector<std::int32_t> scope_of_class_;
  std::map<std::vector<std::int32_t>, std::int32_t> tallies_;
};

}  // namespace

Result<Model> Compile(const Problem& problem, Bands bands) {
  TRY(Validate(problem));
  Model model;
  TRY(AddColumns(problem, model));
  RuleCompiler compiler(problem, bands, model);
  for (std::size_t i = 0; i < problem.rules.size(); ++i) TRY(compiler.Add(static_cast<std::int32_t>(i)));
  return model;
}

}  // namespace motley::assign
