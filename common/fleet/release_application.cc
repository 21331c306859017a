#include "common/fleet/release_application.h"

#include <algorithm>
#include <set>

#include "common/assign/logic.h"
#include "common/assign/model.h"
#include "common/assign/rules.h"
#include "common/fleet/problem.h"
#include "common/model/fit.h"
#include "common/model/inspection.h"
#include "common/model/model.h"

namespace motley {
namespace {

constexpr std::uint64_t kPlenty = 1'000'000'000;

/// A sum that stays where demands are still small enough for the solvers.
std::uint64_t Plus(std::uint64_t a, std::uint64_t b) {
  return std::min(kPlenty, std::min(kPlenty, a) + std::min(kPlenty, b));
}

void AddPort(std::uint32_t port, std::set<std::uint16_t>& ports) {
  if (port > 0 && port <= UINT16_MAX) ports.insert(static_cast<std::uint16_t>(port));
}

void AddPorts(const v1::Component& component, std::set<std::uint16_t>& ports) {
  for (const v1::PortBinding& binding : component.container().ports()) AddPort(binding.host_port(), ports);
  // What a container listens at inside is not the gateway's.
  if (component.has_container() && component.container().network() != "host") return;
  for (const v1::Port& port : component.provided_ports()) AddPort(port.number(), ports);
}

std::set<std::string> KindsOf(const v1::DeploymentModel& model) {
  std::set<std::string> kinds;
  for (const v1::Component& component : model.components()) {
    kinds.insert(component.has_plugin() ? "plugin:" + component.plugin().plugin() : std::string(KindName(component)));
  }
  return kinds;
}

bool NeedsEngine(const v1::DeploymentModel& model, const std::set<std::string>& kinds) {
  v1::Context without;
  without.mutable_kinds()->Assign(kinds.begin(), kinds.end());
  return !kinds.empty() && !MisfitsOf(model, without).empty();
}

Expression InKinds(const std::string& kind, Sense sense) {
  return {Membership{Constant(kind), sense, AttributeRef{Attribute::kKinds, ""}}};
}

Expression All(std::vector<Expression> terms) {
  if (terms.size() == 1) return std::move(terms.front());
  return {Conjunction{std::move(terms)}};
}

/// That the gateway's agent has the kinds, or is of a time when agents did not say what they have.
Expression CanCarryOut(const v1::DeploymentModel& model) {
  const std::set<std::string> kinds = KindsOf(model);
  std::vector<Expression> has;
  for (const std::string& kind : kinds) has.push_back(InKinds(kind, Sense::kIn));
  if (has.empty()) return {Always{true}};
  if (NeedsEngine(model, kinds)) {
    has.push_back({Comparison{AttributeRef{Attribute::kContainerEngine, ""}, Relation::kNotEqual, Constant("")}});
  }
  std::vector<Expression> silent;
  for (const std::string_view kind : KindNames()) silent.push_back(InKinds(std::string(kind), Sense::kNotIn));
  return {Disjunction{{All(std::move(has)), All(std::move(silent))}}};
}

Selector Both(const Selector& written, Expression can) {
  return Selector::Of({Conjunction{{written.expression(), std::move(can)}}});
}

bool IsBalance(const FleetRule& rule) { return std::holds_alternative<assign::Balance>(rule.rule.what); }

/// That conditions speak of variants that there are.
Result<void> CheckConditions(const assign::Problem& problem) {
  for (const assign::Rule& rule : problem.rules) {
    const auto* logic = std::get_if<assign::Logic>(&rule.what);
    if (logic == nullptr) continue;
    TRY_ASSIGN(const auto condition, assign::ParseCondition(logic->condition).While(assign::Describe(rule)));
    for (const std::string& symbol : condition.symbols) {
      TRY(assign::ResolveSymbol(problem, symbol).While(assign::Describe(rule)));
    }
  }
  return {};
}

/// What can be seen of the rules without a fleet.
Result<void> Check(const v1::Release& release, const FleetApplication& application) {
  if (release.moves_per_day() == 1) {
    return Error{Code::kInvalid,
                 "moves_per_day: two gateways change places, which is 2 moves; allow more than 1, or 0"};
  }
  if (release.moves_per_day() > 0 && std::none_of(application.rules.begin(), application.rules.end(), IsBalance)) {
    return Error{Code::kInvalid,
                 "moves_per_day: no variants are interchangeable; add a rule such as `balance: all`, or leave it out"};
  }
  const FleetIndex nobody;
  TRY_ASSIGN(const FleetProblem problem, FleetProblem::Create(nobody, {application}, {}));
  TRY(CheckConditions(problem.problem()));
  return assign::Validate(problem.problem());
}

bool IsCoverage(const FleetRule& rule) { return std::holds_alternative<assign::Coverage>(rule.rule.what); }

}  // namespace

Demands DemandsOf(const v1::DeploymentModel& model) {
  Demands demands;
  const ModelIndex index(model);
  for (int i = 0; i < model.components_size(); ++i) {
    const v1::Component& component = model.components(i);
    demands.memory_mb = Plus(demands.memory_mb, component.resources().memory_mb());
    demands.disk_mb = Plus(demands.disk_mb, component.resources().disk_mb());
    if (index.MachineOf(i) == kGateway) AddPorts(component, demands.ports);
  }
  for (const v1::Host& host : model.hosts()) {
    if (host.has_mcu() && host.mcu().serial_number().empty()) ++demands.boards[host.mcu().board()];
  }
  return demands;
}

Result<ReleaseApplication> ApplicationOf(const v1::Release& release, const std::string& file_name) {
  ReleaseApplication made;
  FleetApplication& application = made.application;
  application.name = release.application();
  application.priority = std::max<std::int64_t>(1, release.priority());
  std::vector<std::string> names;
  for (const v1::Variant& variant : release.variants()) {
    TRY_ASSIGN(auto when, Selector::Parse(variant.when()).While("variant \"" + variant.name() + "\": when"));
    application.variants.push_back({.name = variant.name(),
                                    .when = Both(when, CanCarryOut(variant.model())),
                                    .prefer = variant.prefer(),
                                    .demands = DemandsOf(variant.model())});
    made.written.push_back(std::move(when));
    names.push_back(variant.name());
  }
  if (!release.rules().empty()) {
    // As under its key in the release file, where something always stands above the first rule.
    const std::string text = "rules:" + std::string(release.rules().starts_with('\n') ? "" : "\n") + release.rules();
    TRY_ASSIGN(const YamlFile file, YamlFile::Parse(file_name, text));
    TRY_ASSIGN(application.rules,
               file.Guarded<std::vector<FleetRule>>([&] { return ParseRules(file, file.root()["rules"], names); }));
  }
  if (std::none_of(application.rules.begin(), application.rules.end(), IsCoverage)) {
    FleetRule implied;
    implied.rule.name = kImpliedCoverageName;
    implied.rule.weight = kImpliedCoverage;
    implied.rule.what = assign::Coverage{};
    application.rules.push_back(std::move(implied));
  }
  TRY(Check(release, application));
  return made;
}

}  // namespace motley
