#include <algorithm>
#include <string>

#include "common/assign/model.h"
#include "common/assign/rules.h"

namespace motley::assign {
namespace {

/// Adds up what assignments may cost at worst.
class WorstCost {
 public:
  Result<void> Add(__int128 cost, const std::string& what) {
    total_ += cost;
    if (total_ <= kMaxCost) return {};
    return Error{Code::kInvalid, what + ": the costs of this problem could add up to more than " +
                                     std::to_string(kMaxCost) + "; use smaller weights or priorities"};
  }

 private:
  // Each summand is below 2^63 * 2^30 * 2^30 and the first that passes kMaxCost ends the sum.
  __int128 total_ = 0;
};

Result<void> InRange(std::int64_t value, std::int64_t low, std::int64_t high, const std::string& what) {
  if (value >= low && value <= high) return {};
  return Error{Code::kInvalid, what + " is " + std::to_string(value) + "; it must be from " + std::to_string(low) +
                                   " to " + std::to_string(high)};
}

Result<void> IndexInRange(std::int32_t index, std::size_t size, const std::string& what) {
  if (index >= 0 && static_cast<std::size_t>(index) < size) return {};
  return Error{Code::kInvalid, what + ": there is no number " + std::to_string(index) + " of " + std::to_string(size)};
}

Result<void> CheckVariants(const Problem& problem, const std::vector<std::int32_t>& variants, const Rule& rule) {
  if (variants.empty()) {
    return Error{Code::kInvalid, Describe(rule) + ": it is on no variant; name at least one, or remove it"};
  }
  std::vector<bool> seen(problem.variants.size(), false);
  for (const std::int32_t variant : variants) {
    TRY(IndexInRange(variant, problem.variants.size(), Describe(rule) + ": variant"));
    if (seen[variant]) {
      return Error{Code::kInvalid, Describe(rule) + ": variant \"" + problem.variants[variant].name +
                                       "\" is named twice; name it once"};
    }
    seen[variant] = true;
  }
  return {};
}

Result<void> CheckWhat(const Problem& problem, const Rule& rule) {
  if (const auto* coverage = std::get_if<Coverage>(&rule.what)) {
    return IndexInRange(coverage->application, problem.applications.size(), Describe(rule) + ": application");
  }
  if (const auto* keep = std::get_if<Keep>(&rule.what)) {
    return IndexInRange(keep->application, problem.applications.size(), Describe(rule) + ": application");
  }
  if (const auto* distinct = std::get_if<Distinct>(&rule.what)) {
    return IndexInRange(distinct->application, problem.applications.size(), Describe(rule) + ": application");
  }
  if (std::holds_alternative<Logic>(rule.what)) return {};
  TRY(CheckVariants(problem, VariantsOf(rule), rule));
  if (const auto* count = std::get_if<Count>(&rule.what)) {
    const std::int64_t most = count->unit == Unit::kPercent ? 100 : kMaxGateways;
    TRY(InRange(count->amount, 0, most, Describe(rule) + (count->unit == Unit::kPercent ? ": percent" : ": amount")));
  }
  if (std::holds_alternative<Balance>(rule.what) && VariantsOf(rule).size() < 2) {
    return Error{Code::kInvalid, Describe(rule) + ": one variant can not be balanced; name at least two"};
  }
  return {};
}

/// Coverage, prefer and keep look at each gateway on its own.
bool IsLinear(const Rule& rule) {
  return std::holds_alternative<Coverage>(rule.what) || std::holds_alternative<Prefer>(rule.what) ||
         std::holds_alternative<Keep>(rule.what);
}

/// What the rule costs at worst in one scope.
__int128 WorstViolation(const Problem& problem, const Rule& rule, const Scope& scope) {
  if (rule.charge == Charge::kOnce || std::holds_alternative<Logic>(rule.what)) return 1;
  if (IsLinear(rule)) return __int128{scope.gateways} * LinearFactor(problem, rule);
  __int128 gateways = 0;
  for (const Demand& demand : DemandsOf(problem, rule, scope)) gateways += std::max(demand.low, scope.gateways);
  return gateways;
}

Result<void> CheckRule(const Problem& problem, const Rule& rule, WorstCost& worst) {
  if (rule.weight) TRY(InRange(*rule.weight, 0, kMaxWeight, Describe(rule) + ": weight"));
  if (rule.within != kNone) {
    TRY(IndexInRange(rule.within, problem.attributes.size(), Describe(rule) + ": within"));
    if (IsLinear(rule)) {
      return Error{Code::kInvalid, Describe(rule) + ": it looks at each gateway on its own; remove \"within\""};
    }
  }
  if (rule.charge == Charge::kOnce && IsLinear(rule)) {
    return Error{Code::kInvalid, Describe(rule) + ": it is charged for each gateway; it can not be charged once"};
  }
  TRY(CheckWhat(problem, rule));
  if (!rule.weight) return {};
  for (const Scope& scope : ScopesOf(problem, rule)) {
    TRY(worst.Add(WorstViolation(problem, rule, scope) * *rule.weight, Describe(rule)));
  }
  return {};
}

Result<void> CheckClass(const Problem& problem, const GatewayClass& gateway_class, WorstCost& worst) {
  const std::string name = "class \"" + gateway_class.name + "\"";
  TRY(InRange(gateway_class.count, 0, kMaxGateways, name + ": count"));
  std::vector<bool> seen(problem.variants.size(), false);
  for (const Option& option : gateway_class.options) {
    TRY(IndexInRange(option.variant, problem.variants.size(), name + ": variant"));
    const Variant& variant = problem.variants[option.variant];
    if (seen[option.variant]) {
      return Error{Code::kInvalid, name + ": variant \"" + variant.name + "\" is an option twice; name it once"};
    }
    seen[option.variant] = true;
    TRY(InRange(option.cost, 0, kMaxWeight, name + ": cost of variant \"" + variant.name + "\""));
    const std::int64_t priority = problem.applications[variant.application].priority;
    TRY(worst.Add(__int128{gateway_class.count} * option.cost * priority, name));
  }
  for (const std::int32_t variant : gateway_class.current) {
    if (variant != kNone) TRY(IndexInRange(variant, problem.variants.size(), name + ": current variant"));
  }
  for (std::size_t i = 0; i < gateway_class.values.size(); ++i) {
    if (gateway_class.values[i] == kNone) continue;
    TRY(IndexInRange(static_cast<std::int32_t>(i), problem.attributes.size(), name + ": attribute"));
    TRY(IndexInRange(gateway_class.values[i], problem.attributes[i].values.size(),
                     name + ": value of \"" + problem.attributes[i].name + "\""));
  }
  return {};
}

Result<void> CheckCatalog(const Problem& problem) {
  for (const Application& application : problem.applications) {
    TRY(InRange(application.priority, 1, kMaxWeight, "application \"" + application.name + "\": priority"));
  }
  for (const Variant& variant : problem.variants) {
    const std::string name = "variant \"" + variant.name + "\"";
    TRY(IndexInRange(variant.application, problem.applications.size(), name + ": application"));
    for (std::size_t i = 0; i < variant.demands.size(); ++i) {
      const std::string resource = i < problem.resources.size() ? problem.resources[i] : std::to_string(i);
      TRY(InRange(variant.demands[i], 0, kMaxCost, name + ": its demand for \"" + resource + "\""));
    }
  }
  return {};
}

}  // namespace

Result<void> Validate(const Problem& problem) {
  WorstCost worst;
  TRY(CheckCatalog(problem));
  std::int64_t gateways = 0;
  for (const GatewayClass& gateway_class : problem.classes) {
    TRY(CheckClass(problem, gateway_class, worst));
    gateways += gateway_class.count;
    TRY(InRange(gateways, 0, kMaxGateways, "the number of gateways"));
  }
  for (const Rule& rule : problem.rules) TRY(CheckRule(problem, rule, worst));
  return {};
}

}  // namespace motley::assign
