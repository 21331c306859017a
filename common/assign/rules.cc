#include "common/assign/rules.h"

#include <algorithm>
#include <limits>

#include "common/selector/spelling.h"

namespace motley::assign {
namespace {

const std::vector<std::int32_t> kNoVariants;

/// Gateways of the scope that could run one of `variants`.
std::int64_t GatewaysThatCanRun(const Problem& problem, const Scope& scope, const std::vector<std::int32_t>& variants) {
  std::vector<bool> named(problem.variants.size(), false);
  for (const std::int32_t variant : variants) named[variant] = true;
  std::int64_t gateways = 0;
  for (const std::int32_t index : scope.classes) {
    const GatewayClass& gateway_class = problem.classes[index];
    const bool can = std::any_of(gateway_class.options.begin(), gateway_class.options.end(), [&](const Option& option) {
      return named[option.variant] && Fits(problem, gateway_class, option.variant);
    });
    if (can) gateways += gateway_class.count;
  }
  return gateways;
}

Demand DemandOfCount(const Count& count, const Scope& scope) {
  const std::int64_t bound =
      count.unit == Unit::kPercent ? Quota(count.comparison, count.amount, scope.gateways) : count.amount;
  Demand demand{.variants = count.variants, .low = bound, .high = bound};
  if (count.comparison == Comparison::kAtLeast) demand.high = kMaxGateways;
  if (count.comparison == Comparison::kAtMost) demand.low = 0;
  return demand;
}

std::vector<Demand> DemandsOfDistinct(const Problem& problem, const Distinct& distinct) {
  std::vector<Demand> demands;
  for (std::size_t i = 0; i < problem.variants.size(); ++i) {
    if (problem.variants[i].application != distinct.application) continue;
    demands.push_back({.variants = {static_cast<std::int32_t>(i)}, .low = 0, .high = 1});
  }
  if (distinct.without == WithoutVariant::kEqual) {
    demands.push_back({.application = distinct.application, .low = 0, .high = 1});
  }
  return demands;
}

std::vector<Demand> DemandsOfBalance(const Problem& problem, const Balance& balance, const Scope& scope) {
  const std::int64_t gateways = GatewaysThatCanRun(problem, scope, balance.variants);
  const auto kinds = static_cast<std::int64_t>(balance.variants.size());
  std::vector<Demand> demands;
  for (const std::int32_t variant : balance.variants) {
    demands.push_back({.variants = {variant}, .low = gateways / kinds, .high = (gateways + kinds - 1) / kinds});
  }
  return demands;
}

}  // namespace

std::int64_t Quota(Comparison comparison, std::int64_t percent, std::int64_t gateways) {
  const std::int64_t hundredths = percent * gateways;
  switch (comparison) {
    case Comparison::kAtLeast:
      return (hundredths + 99) / 100;
    case Comparison::kAtMost:
      return hundredths / 100;
    case Comparison::kExactly:
      break;
  }
  return (hundredths + 50) / 100;
}

std::string Describe(const Rule& rule) {
  return "rule \"" + rule.name + "\"" + (rule.line > 0 ? " (line " + std::to_string(rule.line) + ")" : "");
}

bool IsMember(const Rule& rule, const GatewayClass& gateway_class) {
  if (rule.selector == kNone) return true;
  const auto selector = static_cast<std::size_t>(rule.selector);
  return selector < gateway_class.member.size() && gateway_class.member[selector];
}

std::int32_t ValueOf(const GatewayClass& gateway_class, std::int32_t attribute) {
  const auto index = static_cast<std::size_t>(attribute);
  return index < gateway_class.values.size() ? gateway_class.values[index] : kNone;
}

std::int32_t CurrentOf(const GatewayClass& gateway_class, std::int32_t application) {
  const auto index = static_cast<std::size_t>(application);
  return index < gateway_class.current.size() ? gateway_class.current[index] : kNone;
}

std::int64_t CapacityOf(const GatewayClass& gateway_class, std::size_t resource) {
  return resource < gateway_class.capacities.size() ? gateway_class.capacities[resource]
                                                    : std::numeric_limits<std::int64_t>::max();
}

std::int64_t DemandOf(const Variant& variant, std::size_t resource) {
  return resource < variant.demands.size() ? variant.demands[resource] : 0;
}

bool Fits(const Problem& problem, const GatewayClass& gateway_class, std::int32_t variant) {
  const std::vector<std::int64_t>& demands = problem.variants[variant].demands;
  for (std::size_t i = 0; i < demands.size(); ++i) {
    if (demands[i] > CapacityOf(gateway_class, i)) return false;
  }
  return true;
}

bool CanRun(const Problem& problem, const GatewayClass& gateway_class, std::int32_t variant) {
  return std::any_of(gateway_class.options.begin(), gateway_class.options.end(),
                     [&](const Option& option) { return option.variant == variant; }) &&
         Fits(problem, gateway_class, variant);
}

const std::vector<std::int32_t>& VariantsOf(const Rule& rule) {
  if (const auto* prefer = std::get_if<Prefer>(&rule.what)) return prefer->variants;
  if (const auto* count = std::get_if<Count>(&rule.what)) return count->variants;
  if (const auto* balance = std::get_if<Balance>(&rule.what)) return balance->variants;
  return kNoVariants;
}

std::vector<std::int32_t> ApplicationsOf(const Problem& problem, const Rule& rule) {
  if (const auto* coverage = std::get_if<Coverage>(&rule.what)) return {coverage->application};
  if (const auto* keep = std::get_if<Keep>(&rule.what)) return {keep->application};
  if (const auto* distinct = std::get_if<Distinct>(&rule.what)) return {distinct->application};
  std::vector<std::int32_t> applications;
  for (const std::int32_t variant : VariantsOf(rule)) applications.push_back(problem.variants[variant].application);
  std::sort(applications.begin(), applications.end());
  applications.erase(std::unique(applications.begin(), applications.end()), applications.end());
  return applications;
}

std::int64_t LinearFactor(const Problem& problem, const Rule& rule) {
  std::int64_t factor = 0;
  for (const std::int32_t application : ApplicationsOf(problem, rule)) {
    factor += problem.applications[application].priority;
  }
  return factor;
}

std::vector<Scope> ScopesOf(const Problem& problem, const Rule& rule) {
  std::vector<Scope> scopes(rule.within == kNone ? 1 : problem.attributes[rule.within].values.size());
  for (std::size_t i = 0; i < problem.classes.size(); ++i) {
    const GatewayClass& gateway_class = problem.classes[i];
    if (gateway_class.count == 0 || !IsMember(rule, gateway_class)) continue;
    const std::int32_t group = rule.within == kNone ? 0 : ValueOf(gateway_class, rule.within);
    if (group == kNone) continue;
    scopes[group].classes.push_back(static_cast<std::int32_t>(i));
    scopes[group].gateways += gateway_class.count;
  }
  return scopes;
}

std::vector<Demand> DemandsOf(const Problem& problem, const Rule& rule, const Scope& scope) {
  if (const auto* count = std::get_if<Count>(&rule.what)) return {DemandOfCount(*count, scope)};
  if (const auto* distinct = std::get_if<Distinct>(&rule.what)) return DemandsOfDistinct(problem, *distinct);
  if (const auto* balance = std::get_if<Balance>(&rule.what)) return DemandsOfBalance(problem, *balance, scope);
  return {};
}

Result<Symbol> ResolveSymbol(const Problem& problem, std::string_view name) {
  if (name == "gateways") return Symbol{};
  const std::size_t slash = name.find('/');
  const std::string_view application = slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
  const std::string_view word = slash == std::string_view::npos ? name : name.substr(slash + 1);
  std::vector<Symbol> found;
  std::vector<std::string_view> known;
  for (std::size_t i = 0; i < problem.applications.size(); ++i) {
    if (!application.empty() && application != problem.applications[i].name) continue;
    const auto index = static_cast<std::int32_t>(i);
    if (word == "none") found.push_back({Symbol::Kind::kWithout, index, kNone});
    for (std::size_t j = 0; j < problem.variants.size(); ++j) {
      if (problem.variants[j].application != index) continue;
      known.push_back(problem.variants[j].name);
      if (word != problem.variants[j].name) continue;
      found.push_back({Symbol::Kind::kVariant, index, static_cast<std::int32_t>(j)});
    }
  }
  const std::string quoted = "\"" + std::string(name) + "\"";
  if (found.empty()) {
    return Error{Code::kInvalid, "the condition's " + quoted + " is no variant" + DidYouMean(word, known) +
                                     "; symbols are variants, \"none\" and \"gateways\""};
  }
  if (found.size() > 1) {
    return Error{Code::kInvalid, "the condition's " + quoted + " stands for several applications; write \"" +
                                     problem.applications[found[0].application].name + "/" + std::string(word) + "\""};
  }
  return found[0];
}

}  // namespace motley::assign
