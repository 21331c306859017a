#include "common/assign/solve.h"

#include <algorithm>
#include <string>

#include "common/assign/answer.h"
#include "common/assign/evaluate.h"
#include "common/assign/layout.h"
#include "common/assign/model.h"
#include "common/assign/reduce.h"
#include "common/assign/rules.h"

namespace motley::assign {
namespace {

std::string NameOf(Method method) {
  if (method == Method::kFlow) return "flow";
  if (method == Method::kBranch) return "branch";
  return method == Method::kIlp ? "ilp" : "z3";
}

Result<void> CheckMethod(const Problem& problem, const Model& model, Method method) {
  if (method == Method::kZ3 || method == Method::kAuto) return {};
  if (!model.requirements.empty()) {
    return Error{Code::kInvalid, Describe(problem.rules[model.requirements[0].rule]) + ": solver \"" + NameOf(method) +
                                     "\" knows no conditions; use z3, or remove the rule"};
  }
  if (method == Method::kFlow && !IsFlow(model)) {
    const auto once = std::find_if(model.penalties.begin(), model.penalties.end(),
                                   [](const Penalty& penalty) { return penalty.charge == Charge::kOnce; });
    const std::string what = once == model.penalties.end() ? "the rules' sets of gateways cross one another"
                                                           : Describe(problem.rules[once->rule]) + " is charged once";
    return Error{Code::kInvalid, what + ": solver \"flow\" is not exact for that; use ilp"};
  }
  if (method == Method::kBranch && !LayOut(model)) {
    return Error{Code::kInvalid,
                 "the rules' sets of gateways cross one another: solver \"branch\" is not exact for that; use ilp"};
  }
  return {};
}

/// An assignment that holds all hard rules, and a bound, when the time was too short for the whole problem.
void Improve(const Model& model, Answer& answer) {
  for (const Model& relaxed : {WithoutOnce(model), WithoutSoftBands(model)}) {
    if (!IsFlow(relaxed)) continue;
    const Answer found = SolveFlow(relaxed);
    if (found.outcome != Outcome::kOptimal) return;
    answer.lower_bound = std::max(answer.lower_bound, found.lower_bound);
    const bool hard_requirement = std::any_of(model.requirements.begin(), model.requirements.end(),
                                              [](const Requirement& requirement) { return !requirement.weight; });
    if (hard_requirement) return;
    if (answer.gateways.empty() || CostOf(model, found.gateways) < CostOf(model, answer.gateways)) {
      answer.gateways = found.gateways;
    }
    answer.outcome = CostOf(model, answer.gateways) == answer.lower_bound ? Outcome::kOptimal : Outcome::kFeasible;
    return;
  }
}

/// Whether the hard rules by themselves can hold, where a flow can tell.
bool HardRulesHold(const Model& model) {
  const Model hard = WithoutSoftBands(model);
  return model.requirements.empty() && IsFlow(hard) && SolveFlow(hard).outcome == Outcome::kOptimal;
}

Result<Answer> Run(const Model& model, const Limits& limits, Method method) {
  if (method == Method::kFlow) return SolveFlow(model);
  if (method == Method::kBranch) return *TryBranch(model, limits);
  TRY_ASSIGN(Answer answer, method == Method::kIlp ? SolveIlp(model, limits) : SolveZ3(model, limits));
  // CBC that runs out of time in its first steps has been seen to call a problem infeasible that is not.
  const bool hasty = answer.outcome == Outcome::kInfeasible && limits.time_limit_ms > 0;
  if (hasty && HardRulesHold(model)) answer = {};
  if (answer.outcome == Outcome::kFeasible || answer.outcome == Outcome::kUnknown) Improve(model, answer);
  return answer;
}

/// Whether all requirements hold.
bool Meets(const Model& model, const Model& without, const Answer& answer) {
  if (answer.outcome != Outcome::kOptimal) return false;
  for (const Requirement& requirement : model.requirements) {
    std::vector<std::int64_t> counts;
    for (const Requirement::Sum& sum : requirement.sums) {
      std::int64_t count = sum.constant;
      for (const std::int32_t column : sum.columns) count += answer.gateways[column];
      counts.push_back(count);
    }
    if (!Holds(requirement.condition.term, counts)) return false;
  }
  return CostOf(without, answer.gateways) == CostOf(model, answer.gateways);
}

/// The better of two answers, neither of which may be the last word.
Answer Better(const Model& model, const Answer& one, const Answer& other) {
  Answer better = one.gateways.empty() ? other : one;
  if (!one.gateways.empty() && !other.gateways.empty() && CostOf(model, other.gateways) < CostOf(model, one.gateways)) {
    better = other;
  }
  better.lower_bound = std::max(one.lower_bound, other.lower_bound);
  const bool optimal = !better.gateways.empty() && CostOf(model, better.gateways) <= better.lower_bound;
  if (optimal) better.outcome = Outcome::kOptimal;
  return better;
}

bool IsFinal(const Answer& answer) {
  return answer.outcome == Outcome::kOptimal || answer.outcome == Outcome::kInfeasible;
}

/// For a model without requirements.
Result<Answer> RunWhole(const Model& model, const Limits& limits, Method& used) {
  used = Method::kFlow;
  if (std::optional<Answer> answer = TryFlow(model)) return *std::move(answer);
  const auto now_ms = [&] { return limits.now_ms ? limits.now_ms() : 0; };
  const std::int64_t start_ms = now_ms();
  used = Method::kBranch;
  Limits rest = limits;
  rest.time_limit_ms = (limits.time_limit_ms + 1) / 2;
  const std::optional<Answer> branched = TryBranch(model, rest);
  if (branched && IsFinal(*branched)) return *branched;
  if (limits.time_limit_ms > 0) {
    rest.time_limit_ms = std::max<std::int64_t>(1, limits.time_limit_ms - (now_ms() - start_ms));
  }
  used = Method::kIlp;
  TRY_ASSIGN(const Answer answer, Run(model, rest, used));
  return !branched || IsFinal(answer) ? answer : Better(model, *branched, answer);
}

Result<Answer> RunAuto(const Model& model, const Limits& limits, Method& used) {
  if (model.requirements.empty()) {
    const Reduction reduction(model);
    TRY_ASSIGN(Answer answer, RunWhole(reduction.model(), limits, used));
    answer.gateways = reduction.Expand(answer.gateways);
    return answer;
  }
  // Without its conditions the problem is easy; if that optimum fulfils them, it is the optimum with them as well.
  Model without = model;
  without.requirements.clear();
  TRY_ASSIGN(Answer answer, RunAuto(without, limits, used));
  if (answer.outcome == Outcome::kInfeasible || Meets(model, without, answer)) return answer;
  used = Method::kZ3;
  return Run(model, limits, used);
}

Solution Translate(const Model& model, const Answer& answer) {
  Solution solution;
  for (std::size_t i = 0; i < answer.gateways.size(); ++i) {
    if (answer.gateways[i] == 0) continue;
    const Supply& supply = model.supplies[model.columns[i].supply];
    const auto variants = model.VariantsOf(model.columns[i]);
    solution.shares.push_back(
        {supply.gateway_class, supply.applications, {variants.begin(), variants.end()}, answer.gateways[i]});
  }
  return solution;
}

/// Fills in what the assignment costs, and makes sure of it.
Result<void> Account(const Problem& problem, Solution& solution) {
  TRY_ASSIGN(Bill bill, Evaluate(problem, solution.shares));
  if (!bill.broken.empty()) {
    return Error{Code::kInternal, "solver \"" + solution.solver + "\" broke " +
                                      Describe(problem.rules[bill.broken[0]]) + "; try another solver"};
  }
  solution.cost = bill.cost;
  solution.cost_by_rule = std::move(bill.cost_by_rule);
  solution.preference_cost = bill.preference_cost;
  solution.unassigned = std::move(bill.unassigned);
  solution.gateways_by_variant = std::move(bill.gateways_by_variant);
  return {};
}

/// Always an error: which hard rules can not hold together.
Result<void> Contradiction(const Problem& problem, const Limits& limits) {
  TRY_ASSIGN(const std::vector<std::int32_t> conflict, FindConflict(problem, limits));
  std::string names;
  for (const std::int32_t rule : conflict) {
    names += (names.empty() ? "" : ", ") +
             (rule == kNone ? "the capacities of the gateways" : Describe(problem.rules[rule]));
  }
  if (conflict.size() == 1)
    return Error{Code::kConflict, names + " can not hold for this fleet; give it a weight, or change it"};
  return Error{Code::kConflict, "these can not hold together: " + names + "; give one of them a weight, or change it"};
}

/// The problem with only these hard rules, and nothing to optimise.
Problem OnlyHard(const Problem& problem, const std::vector<std::int32_t>& rules) {
  Problem reduced = problem;
  reduced.rules.clear();
  bool capacities = false;
  for (const std::int32_t rule : rules) {
    if (rule == kNone) {
      capacities = true;
    } else {
      reduced.rules.push_back(problem.rules[rule]);
    }
  }
  for (GatewayClass& gateway_class : reduced.classes) {
    if (!capacities) gateway_class.capacities.clear();
    for (Option& option : gateway_class.options) option.cost = 0;
  }
  return reduced;
}

Result<bool> CanHold(const Problem& problem, const std::vector<std::int32_t>& rules, const Limits& limits) {
  TRY_ASSIGN(const Model model, Compile(OnlyHard(problem, rules)));
  Method used = Method::kAuto;
  TRY_ASSIGN(const Answer answer, RunAuto(model, limits, used));
  // What is not known in time counts as possible: then the set stays right, but may not be minimal.
  return answer.outcome != Outcome::kInfeasible;
}

}  // namespace

Result<Solution> Solve(const Problem& problem, const Limits& limits, Method method) {
  const std::int64_t start = limits.now_ms ? limits.now_ms() : 0;
  TRY_ASSIGN(const Model model, Compile(problem));
  TRY(CheckMethod(problem, model, method));
  Method used = method;
  TRY_ASSIGN(const Answer answer, method == Method::kAuto ? RunAuto(model, limits, used) : Run(model, limits, method));
  if (answer.outcome == Outcome::kInfeasible) {
    return Contradiction(problem, limits).error();
  }
  if (answer.outcome == Outcome::kUnknown) {
    return Error{Code::kTimeout, "no assignment was found in " + std::to_string(limits.time_limit_ms) +
                                     " ms; allow more time, or give a hard rule a weight"};
  }
  Solution solution = Translate(model, answer);
  solution.solver = NameOf(used);
  TRY(Account(problem, solution));
  solution.lower_bound = std::min(answer.lower_bound, solution.cost);
  solution.proven = answer.outcome == Outcome::kOptimal && solution.lower_bound == solution.cost;
  if (limits.now_ms) solution.seconds = static_cast<double>(limits.now_ms() - start) / 1000;
  return solution;
}

Result<std::vector<std::int32_t>> FindConflict(const Problem& problem, const Limits& limits) {
  std::vector<std::int32_t> left{kNone};
  for (std::size_t i = 0; i < problem.rules.size(); ++i) {
    if (!problem.rules[i].weight) left.push_back(static_cast<std::int32_t>(i));
  }
  TRY_ASSIGN(const bool can_hold, CanHold(problem, left, limits));
  if (can_hold) return std::vector<std::int32_t>{};
  // Deletion filter: whatever can go without making the rest possible goes for good.
  for (std::size_t i = 0; i < left.size();) {
    std::vector<std::int32_t> without = left;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    TRY_ASSIGN(const bool possible, CanHold(problem, without, limits));
    if (possible) {
      ++i;
    } else {
      left = std::move(without);
    }
  }
  return left;
}

}  // namespace motley::assign
