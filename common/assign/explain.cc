#include "common/assign/explain.h"

#include <algorithm>

#include "common/assign/evaluate.h"
#include "common/assign/rules.h"

namespace motley::assign {
namespace {

class Explainer {
 public:
  Explainer(const Problem& problem, const Solution& solution, std::int32_t share, std::size_t place, Bill now)
      : problem_(problem),
        solution_(solution),
        share_(share),
        place_(place),
        gateway_class_(problem.classes[solution.shares[share].gateway_class]),
        now_(std::move(now)) {}

  Result<Alternative> Look(std::int32_t variant) const {
    Alternative alternative{.variant = variant};
    if (variant == Current()) {
      alternative.verdict = Verdict::kRuns;
      alternative.reason = "the gateway runs it";
    } else if (variant != kNone && !IsOption(variant)) {
      alternative.verdict = Verdict::kNotEligible;
      alternative.reason = "the gateway is not eligible for it";
    } else if (variant != kNone && !FindRoom(variant, alternative)) {
      alternative.verdict = Verdict::kNoRoom;
    } else {
      TRY(Compare(variant, alternative));
    }
    return alternative;
  }

  std::int32_t Current() const { return solution_.shares[share_].variants[place_]; }

 private:
  bool IsOption(std::int32_t variant) const {
    return std::any_of(gateway_class_.options.begin(), gateway_class_.options.end(),
                       [&](const Option& option) { return option.variant == variant; });
  }

  /// Whether it fits beside the gateway's other applications. Only those of the same share can be in the way.
  bool FindRoom(std::int32_t variant, Alternative& alternative) const {
    const Share& share = solution_.shares[share_];
    for (std::size_t resource = 0; resource < gateway_class_.capacities.size(); ++resource) {
      std::int64_t left = gateway_class_.capacities[resource];
      for (std::size_t i = 0; i < share.variants.size(); ++i) {
        if (i != place_ && share.variants[i] != kNone) left -= DemandOf(problem_.variants[share.variants[i]], resource);
      }
      const std::int64_t demand = DemandOf(problem_.variants[variant], resource);
      if (demand <= left) continue;
      const std::string name = resource < problem_.resources.size() ? problem_.resources[resource] : "resource";
      alternative.reason = "needs " + std::to_string(demand) + " " + name + "; of " +
                           std::to_string(gateway_class_.capacities[resource]) + " there are " + std::to_string(left) +
                           " left beside the other applications";
      alternative.change = std::to_string(demand - left) + " more " + name;
      return false;
    }
    return true;
  }

  Result<void> Compare(std::int32_t variant, Alternative& alternative) const {
    std::vector<Share> shares = solution_.shares;
    Share moved = shares[share_];
    --shares[share_].gateways;
    moved.gateways = 1;
    moved.variants[place_] = variant;
    shares.push_back(std::move(moved));
    TRY_ASSIGN(const Bill then, Evaluate(problem_, shares));
    alternative.difference = then.cost - now_.cost;
    if (then.preference_cost != now_.preference_cost) {
      alternative.effects.push_back({kNone, then.preference_cost - now_.preference_cost});
    }
    for (std::size_t i = 0; i < problem_.rules.size(); ++i) {
      const std::int64_t difference = then.cost_by_rule[i] - now_.cost_by_rule[i];
      if (difference != 0) alternative.effects.push_back({static_cast<std::int32_t>(i), difference});
    }
    std::stable_sort(alternative.effects.begin(), alternative.effects.end(),
                     [](const auto& a, const auto& b) { return a.difference > b.difference; });
    if (then.broken.empty()) {
      alternative.reason = ReasonOf(alternative);
      return {};
    }
    const Rule& rule = problem_.rules[then.broken[0]];
    alternative.verdict = Verdict::kBreaksRule;
    alternative.reason = Describe(rule) + " would not hold any more";
    alternative.change = "give " + Describe(rule) + " a weight, or change it by one gateway";
    return {};
  }

  std::string ReasonOf(const Alternative& alternative) const {
    if (alternative.difference == 0) return "would cost the same; equal gateways are told apart by name";
    std::string parts;
    for (const Alternative::Effect& effect : alternative.effects) {
      parts += (parts.empty() ? ": " : ", ") +
               (effect.rule == kNone ? "preference" : Describe(problem_.rules[effect.rule])) +
               (effect.difference > 0 ? " +" : " ") + std::to_string(effect.difference);
    }
    if (alternative.difference < 0) {
      return "would cost " + std::to_string(-alternative.difference) + " less; the plan is not proven optimal" + parts;
    }
    return "would cost " + std::to_string(alternative.difference) + " more" + parts;
  }

  const Problem& problem_;
  const Solution& solution_;
  std::int32_t share_;
  std::size_t place_;
  const GatewayClass& gateway_class_;
  Bill now_;
};

std::string WhyThis(const Problem& problem, const Explanation& explanation) {
  const Alternative* nearest = nullptr;
  for (const Alternative& alternative : explanation.alternatives) {
    if (alternative.verdict != Verdict::kPossible) continue;
    if (nearest == nullptr || alternative.difference < nearest->difference) nearest = &alternative;
  }
  if (explanation.variant == kNone && nearest == nullptr) return "no variant is possible";
  if (nearest == nullptr) return "the only variant that is possible";
  const std::string other = nearest->variant == kNone ? "none" : "\"" + problem.variants[nearest->variant].name + "\"";
  return (explanation.variant == kNone ? "none costs the least" : "costs the least") +
         std::string("; the next best, ") + other + ", " + nearest->reason;
}

}  // namespace

Result<Explanation> Explain(const Problem& problem, const Solution& solution, std::int32_t share,
                            std::int32_t application) {
  const std::vector<std::int32_t>& applications = solution.shares[share].applications;
  const auto found = std::find(applications.begin(), applications.end(), application);
  if (found == applications.end()) {
    return Error{Code::kInvalid, "share " + std::to_string(share) + " is not about application \"" +
                                     problem.applications[application].name + "\"; take one that is"};
  }
  TRY_ASSIGN(Bill now, Evaluate(problem, solution.shares));
  const Explainer explainer(problem, solution, share, static_cast<std::size_t>(found - applications.begin()),
                            std::move(now));
  Explanation explanation{.variant = explainer.Current()};
  std::vector<std::int32_t> order{explanation.variant};
  for (std::size_t i = 0; i < problem.variants.size(); ++i) {
    const auto variant = static_cast<std::int32_t>(i);
    if (problem.variants[i].application == application && variant != explanation.variant) order.push_back(variant);
  }
  if (explanation.variant != kNone) order.push_back(kNone);
  for (const std::int32_t variant : order) {
    TRY_ASSIGN(Alternative alternative, explainer.Look(variant));
    explanation.alternatives.push_back(std::move(alternative));
  }
  explanation.reason = WhyThis(problem, explanation);
  return explanation;
}

Result<std::int64_t> CostOfForcing(const Problem& problem, std::int32_t gateway_class, std::int32_t variant,
                                   const Limits& limits) {
  TRY_ASSIGN(const Solution free, Solve(problem, limits));
  // A class of its own for the one gateway, in which this variant is the only one of its application.
  Problem forced = problem;
  const std::int32_t application = problem.variants[variant].application;
  std::size_t selectors = 0;
  for (const GatewayClass& other : problem.classes) selectors = std::max(selectors, other.member.size());
  GatewayClass one = problem.classes[gateway_class];
  --forced.classes[gateway_class].count;
  one.count = 1;
  one.member.resize(selectors, false);
  one.member.push_back(true);
  const bool eligible = CanRun(problem, one, variant);
  std::erase_if(one.options, [&](const Option& option) {
    return option.variant != variant && problem.variants[option.variant].application == application;
  });
  if (!eligible || forced.classes[gateway_class].count < 0) {
    return Error{Code::kConflict, "class \"" + one.name + "\" has no gateway that can run variant \"" +
                                      problem.variants[variant].name + "\""};
  }
  forced.classes.push_back(std::move(one));
  forced.rules.push_back({.name = "force " + problem.variants[variant].name,
                          .selector = static_cast<std::int32_t>(selectors),
                          .what = Coverage{application}});
  TRY_ASSIGN(const Solution bound, Solve(forced, limits));
  return bound.cost - free.cost;
}

}  // namespace motley::assign
