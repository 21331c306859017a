#include <algorithm>
#include <map>
#include <set>

#include "common/assign/evaluate.h"
#include "common/assign/rules.h"
#include "common/assign/solve.h"
#include "controller/assign/question.h"
#include "controller/assign/reasons.h"
#include "controller/assign/scene.h"
#include "controller/assign/shuffle.h"

namespace motley::controller {
namespace {

constexpr std::uint32_t kTimeLimitMs = 10'000;
/// Others wait meanwhile.
constexpr std::uint32_t kMaxTimeLimitMs = 600'000;

Result<assign::Method> MethodOf(const std::string& solver) {
  if (solver.empty() || solver == "auto") return assign::Method::kAuto;
  if (solver == "flow") return assign::Method::kFlow;
  if (solver == "branch") return assign::Method::kBranch;
  if (solver == "ilp") return assign::Method::kIlp;
  if (solver == "z3") return assign::Method::kZ3;
  return Error{Code::kInvalid, "solver \"" + solver + "\" is not known; write auto, flow, branch, ilp or z3"};
}

Result<assign::Limits> LimitsOf(const v1::ProposePlanRequest& request, const ClockFunction& now_ms) {
  if (request.time_limit_ms() > kMaxTimeLimitMs) {
    return Error{Code::kInvalid, "time_limit_ms " + std::to_string(request.time_limit_ms()) + " is over the limit of " +
                                     std::to_string(kMaxTimeLimitMs)};
  }
  return assign::Limits{request.time_limit_ms() > 0 ? request.time_limit_ms() : kTimeLimitMs, now_ms};
}

/// Whether each gateway simply gets what it prefers.
bool OnlyPreferences(const assign::Problem& problem) {
  return problem.applications.size() == 1 && problem.rules.size() == 1 && problem.rules[0].name == kImpliedCoverageName;
}

/// Among equals the first of the release, which solvers do not care about.
Result<assign::Solution> TakeFirst(const Scene& scene) {
  const assign::Problem& problem = scene.problem();
  assign::Solution solution;
  for (std::size_t c = 0; c < problem.classes.size(); ++c) {
    const assign::GatewayClass& gateways = problem.classes[c];
    const auto best = std::min_element(gateways.options.begin(), gateways.options.end(),
                                       [](const auto& a, const auto& b) { return a.cost < b.cost; });
    const std::int32_t variant = best == gateways.options.end() ? assign::kNone : best->variant;
    if (gateways.count > 0) solution.shares.push_back({static_cast<std::int32_t>(c), {0}, {variant}, gateways.count});
  }
  TRY_ASSIGN(assign::Bill bill, assign::Evaluate(problem, solution.shares));
  solution.cost = solution.lower_bound = bill.cost;
  solution.cost_by_rule = std::move(bill.cost_by_rule);
  solution.preference_cost = bill.preference_cost;
  solution.proven = true;
  solution.solver = "flow";
  return solution;
}

v1::PlanSolution Reported(const Scene& scene, const assign::Solution& solution) {
  v1::PlanSolution reported;
  const std::int64_t unavoidable = scene.Unavoidable();
  reported.set_cost(solution.cost - unavoidable);
  reported.set_lower_bound(std::max<std::int64_t>(0, solution.lower_bound - unavoidable));
  reported.set_proven(solution.proven);
  reported.set_solver(solution.solver);
  reported.set_seconds(solution.seconds);
  reported.set_preference_cost(solution.preference_cost);
  const auto& rules = scene.application().rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const bool implied = rules[i].rule.name == kImpliedCoverageName && rules[i].rule.line == 0;
    v1::RuleCost& cost = *reported.add_rules();
    cost.set_name(rules[i].rule.name);
    cost.set_line(static_cast<std::uint32_t>(rules[i].rule.line));
    cost.set_hard(!rules[i].rule.weight);
    cost.set_cost(solution.cost_by_rule[i] - (implied ? unavoidable : 0));
  }
  return reported;
}

/// Turns what the solver says into words about each gateway.
class Writer {
 public:
  Writer(const Scene& scene, bool by_preference)
      : scene_(scene), release_(*scene.question().release), by_preference_(by_preference) {}

  v1::Assignment Write(FleetIndex::Row row, std::uint16_t place) {
    v1::Assignment assignment;
    assignment.set_gateway(std::string(scene_.fleet().Name(row)));
    if (const Wanted* before = scene_.Before(row)) assignment.set_previous(before->Text());
    if (place > 0) assignment.set_variant(scene_.application().variants[place - std::size_t{1}].name);
    assignment.set_reason(ReasonFor(row, place));
    return assignment;
  }

 private:
  const std::string& ReasonFor(FleetIndex::Row row, std::uint16_t place) {
    const auto gateway_class = scene_.fleet_problem().classes().Of(row);
    const auto [found, fresh] = reasons_.try_emplace({gateway_class, place});
    if (!fresh && !found->second.empty()) return found->second;
    const std::vector<std::int32_t> runnable = scene_.Runnable(scene_.ClassOf(row));
    if (place > 0) {
      found->second = WhyChosen(release_, runnable, place - std::size_t{1}, by_preference_);
    } else if (runnable.empty()) {
      // It names the gateway's values: each has its own.
      return own_ = WhyNone(release_, scene_.fleet().AttributesOf(row));
    } else {
      found->second = "by the rules it gets none, though " + std::to_string(runnable.size()) +
                      " variants fit, or other applications leave no room; `motley plan explain` has the costs";
    }
    return found->second;
  }

  const Scene& scene_;
  const PreparedRelease& release_;
  const bool by_preference_;
  std::map<std::pair<FleetClasses::Class, std::uint16_t>, std::string> reasons_;
  std::string own_;
};

void AddNotEnrolled(const Question& question, std::vector<v1::Assignment>& assignments) {
  question.not_enrolled.ForEach([&](const std::string& gateway) {
    v1::Assignment& assignment = assignments.emplace_back();
    assignment.set_gateway(gateway);
    assignment.set_reason(std::string(kNotEnrolled));
  });
  std::sort(assignments.begin(), assignments.end(),
            [](const auto& a, const auto& b) { return a.gateway() < b.gateway(); });
}

/// The scene that a solution was found for.
struct Solved {
  Scene scene;
  assign::Solution solution;
  std::string doubt;
};

Result<Solved> SolveFor(const Question& question, const ClockFunction& now_ms) {
  TRY_ASSIGN(const assign::Method method, MethodOf(question.request.solver()));
  TRY_ASSIGN(const assign::Limits limits, LimitsOf(question.request, now_ms));
  TRY_ASSIGN(Scene scene, Scene::Create(question, HardRules::kAll));
  if (OnlyPreferences(scene.problem())) {
    TRY_ASSIGN(auto solution, TakeFirst(scene));
    return Solved{std::move(scene), std::move(solution), ""};
  }
  auto solution = assign::Solve(scene.problem(), limits, method);
  if (solution) return Solved{std::move(scene), *std::move(solution), ""};
  // Gateways that stay may break a rule by themselves: those that join must not wait for that.
  if (question.kind != v1::Plan::KIND_JOIN || solution.error().code != Code::kConflict)
    return std::move(solution).error();
  const std::string doubt = "with all others staying as they are, " + solution.error().message +
                            "; `motley plan propose` looks at the whole fleet";
  TRY_ASSIGN(Scene relaxed, Scene::Create(question, HardRules::kNoCounts));
  TRY_ASSIGN(auto second, assign::Solve(relaxed.problem(), limits, method));
  return Solved{std::move(relaxed), std::move(second), doubt};
}

Result<Decision> DecideShuffle(const Question& question) {
  TRY_ASSIGN(const Scene scene, Scene::Create(question, HardRules::kAll));
  TRY_ASSIGN(const auto moves, Shuffle(scene, question.request.shuffle()));
  Decision decision;
  std::vector<FleetIndex::Row> rows;
  for (const ShuffleMove& move : moves) {
    rows.push_back(move.row);
    v1::Assignment& assignment = decision.assignments.emplace_back();
    assignment.set_gateway(std::string(scene.fleet().Name(move.row)));
    assignment.set_previous(scene.Before(move.row)->Text());
    assignment.set_variant(scene.application().variants[move.variant].name);
    assignment.set_reason("changes places with " + std::string(scene.fleet().Name(move.with)));
  }
  decision.fleet_digest = scene.DigestOf(rows);
  decision.Count(question.release->release.version());
  decision.solution.set_proven(true);
  return decision;
}

}  // namespace

Result<Decision> Decide(const Question& question, const ClockFunction& now_ms) {
  if (question.kind == v1::Plan::KIND_SHUFFLE) return DecideShuffle(question);
  TRY_ASSIGN(const Solved solved, SolveFor(question, now_ms));
  const Scene& scene = solved.scene;
  const Running given = scene.fleet_problem().Spread(solved.solution);
  const std::size_t width = scene.problem().applications.size();
  Decision decision;
  decision.assignments.reserve(scene.rows().size() + question.not_enrolled.size());
  Writer writer(scene, OnlyPreferences(scene.problem()));
  for (const FleetIndex::Row row : scene.rows()) {
    decision.assignments.push_back(writer.Write(row, given[row * width]));
  }
  if (question.kind == v1::Plan::KIND_PRODUCTION) AddNotEnrolled(question, decision.assignments);
  decision.solution = Reported(scene, solved.solution);
  decision.doubts = scene.fleet_problem().Doubts();
  if (!solved.doubt.empty()) decision.doubts.push_back(solved.doubt);
  decision.fleet_digest = scene.DigestOf(scene.rows());
  decision.Count(question.release->release.version());
  return decision;
}

Result<std::optional<Decision>> DecideAgain(const Question& question, const std::string& fleet_digest,
                                            const ClockFunction& now_ms) {
  if (question.kind != v1::Plan::KIND_SHUFFLE) {
    TRY_ASSIGN(const Scene scene, Scene::Create(question, HardRules::kAll));
    if (scene.DigestOf(scene.rows()) == fleet_digest) return std::optional<Decision>();
  }
  TRY_ASSIGN(Decision decision, Decide(question, now_ms));
  if (decision.fleet_digest == fleet_digest) return std::optional<Decision>();
  return std::optional(std::move(decision));
}

}  // namespace motley::controller
