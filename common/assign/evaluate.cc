#include "common/assign/evaluate.h"

#include <algorithm>

#include "common/assign/logic.h"
#include "common/assign/rules.h"

namespace motley::assign {
namespace {

class Judge {
 public:
  Judge(const Problem& problem, const std::vector<Share>& shares) : problem_(problem) {
    shares_by_class_.resize(problem.classes.size());
    for (const Share& share : shares) shares_by_class_[share.gateway_class].push_back(&share);
    bill_.cost_by_rule.resize(problem.rules.size());
    bill_.unassigned.resize(problem.applications.size());
    bill_.gateways_by_variant.resize(problem.variants.size());
    for (const Share& share : shares) Count(share);
    bill_.cost = bill_.preference_cost;
  }

  Result<void> Look(std::int32_t index) {
    const Rule& rule = problem_.rules[index];
    __int128 violation = 0;
    for (const Scope& scope : ScopesOf(problem_, rule)) {
      if (const auto* logic = std::get_if<Logic>(&rule.what)) {
        TRY_ASSIGN(const bool holds, LogicHolds(rule, *logic, scope));
        violation += holds ? 0 : 1;
      } else if (const auto demands = DemandsOf(problem_, rule, scope); !demands.empty()) {
        const std::int64_t off = OffBy(demands, scope);
        violation += rule.charge == Charge::kOnce ? std::min<std::int64_t>(off, 1) : off;
      } else {
        violation += LinearViolation(rule, scope);
      }
    }
    if (!rule.weight) {
      if (violation > 0) bill_.broken.push_back(index);
      return {};
    }
    bill_.cost_by_rule[index] = static_cast<std::int64_t>(violation * *rule.weight);
    bill_.cost += bill_.cost_by_rule[index];
    return {};
  }

  Bill Take() { return std::move(bill_); }

 private:
  void Count(const Share& share) {
    const GatewayClass& gateway_class = problem_.classes[share.gateway_class];
    for (std::size_t i = 0; i < share.variants.size(); ++i) {
      if (share.variants[i] == kNone) {
        bill_.unassigned[share.applications[i]] += share.gateways;
        continue;
      }
      bill_.gateways_by_variant[share.variants[i]] += share.gateways;
      for (const Option& option : gateway_class.options) {
        if (option.variant != share.variants[i]) continue;
        bill_.preference_cost += option.cost * problem_.applications[share.applications[i]].priority * share.gateways;
      }
    }
  }

  /// Gateways of the scope with a share for which `test` holds.
  template <typename Test>
  std::int64_t Gateways(const Scope& scope, const Test& test) const {
    std::int64_t gateways = 0;
    for (const std::int32_t index : scope.classes) {
      for (const Share* share : shares_by_class_[index]) {
        if (test(*share)) gateways += share->gateways;
      }
    }
    return gateways;
  }

  static bool Runs(const Share& share, std::int32_t variant) {
    return std::find(share.variants.begin(), share.variants.end(), variant) != share.variants.end();
  }

  static bool RunsNone(const Share& share, std::int32_t application) {
    for (std::size_t i = 0; i < share.applications.size(); ++i) {
      if (share.applications[i] == application) return share.variants[i] == kNone;
    }
    return false;
  }

  std::int64_t OffBy(const std::vector<Demand>& demands, const Scope& scope) const {
    std::int64_t off = 0;
    for (const Demand& demand : demands) {
      const std::int64_t gateways = Gateways(scope, [&](const Share& share) {
        if (demand.application != kNone) return RunsNone(share, demand.application);
        return std::any_of(demand.variants.begin(), demand.variants.end(),
                           [&](std::int32_t variant) { return Runs(share, variant); });
      });
      off += std::max<std::int64_t>({0, demand.low - gateways, gateways - demand.high});
    }
    return off;
  }

  /// Times the priorities where the rule is soft.
  __int128 LinearViolation(const Rule& rule, const Scope& scope) const {
    __int128 violation = 0;
    for (const std::int32_t index : scope.classes) {
      for (const Share* share : shares_by_class_[index]) {
        for (std::size_t i = 0; i < share->variants.size(); ++i) {
          if (!Offends(rule, *share, i)) continue;
          violation += __int128{problem_.applications[share->applications[i]].priority} * share->gateways;
        }
      }
    }
    return violation;
  }

  bool Offends(const Rule& rule, const Share& share, std::size_t place) const {
    const GatewayClass& gateway_class = problem_.classes[share.gateway_class];
    const std::int32_t application = share.applications[place];
    const std::int32_t variant = share.variants[place];
    const auto rules_on = ApplicationsOf(problem_, rule);
    if (std::find(rules_on.begin(), rules_on.end(), application) == rules_on.end()) return false;
    if (std::holds_alternative<Coverage>(rule.what)) {
      if (variant != kNone) return false;
      if (rule.weight) return true;
      return std::any_of(gateway_class.options.begin(), gateway_class.options.end(), [&](const Option& option) {
        return problem_.variants[option.variant].application == application &&
               Fits(problem_, gateway_class, option.variant);
      });
    }
    if (std::holds_alternative<Keep>(rule.what)) {
      const std::int32_t current = CurrentOf(gateway_class, application);
      if (current == kNone || current == variant) return false;
      return rule.weight || CanRun(problem_, gateway_class, current);
    }
    const std::vector<std::int32_t>& preferred = VariantsOf(rule);
    if (variant == kNone || std::find(preferred.begin(), preferred.end(), variant) != preferred.end()) return false;
    return rule.weight || std::any_of(preferred.begin(), preferred.end(), [&](std::int32_t better) {
             return problem_.variants[better].application == application && CanRun(problem_, gateway_class, better);
           });
  }

  Result<bool> LogicHolds(const Rule& rule, const Logic& logic, const Scope& scope) const {
    TRY_ASSIGN(const Condition condition, ParseCondition(logic.condition).While(Describe(rule)));
    std::vector<std::int64_t> counts;
    for (const std::string& name : condition.symbols) {
      TRY_ASSIGN(const Symbol symbol, ResolveSymbol(problem_, name).While(Describe(rule)));
      if (symbol.kind == Symbol::Kind::kGateways) {
        counts.push_back(scope.gateways);
      } else {
        counts.push_back(Gateways(scope, [&](const Share& share) {
          return symbol.variant == kNone ? RunsNone(share, symbol.application) : Runs(share, symbol.variant);
        }));
      }
    }
    return Holds(condition.term, counts);
  }

  const Problem& problem_;
  std::vector<std::vector<const Share*>> shares_by_class_;
  Bill bill_;
};

}  // namespace

Result<Bill> Evaluate(const Problem& problem, const std::vector<Share>& shares) {
  Judge judge(problem, shares);
  for (std::size_t i = 0; i < problem.rules.size(); ++i) TRY(judge.Look(static_cast<std::int32_t>(i)));
  return judge.Take();
}

}  // namespace motley::assign
