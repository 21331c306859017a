#include "controller/rollout/rollout.h"

#include <utility>

#include "common/log/log.h"
#include "controller/rollout/desired_writer.h"
#include "controller/rollout/difference.h"
#include "controller/rollout/step_groups.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

constexpr const char* kAdministrator = "administrator";
constexpr const char* kPolicy = "policy";

}  // namespace

Result<std::unique_ptr<Rollout>> Rollout::Create(Loop& loop, Store& store, Catalog& catalog, Registry& registry,
                                                 Secrets& secrets) {
  TRY_ASSIGN(ReleaseBook book, ReleaseBook::Create(catalog, store));
  TRY_ASSIGN(SafeModes safe_modes, SafeModes::Create(store));
  std::unique_ptr<Rollout> rollout(
      new Rollout(loop, store, catalog, registry, secrets, std::move(book), std::move(safe_modes)));
  registry.SetAttributesListener(&rollout->living_);
  TRY(rollout->living_.Start());
  return rollout;
}

Rollout::Rollout(Loop& loop, Store& store, Catalog& catalog, Registry& registry, Secrets& secrets, ReleaseBook book,
                 SafeModes safe_modes)
    : loop_(loop),
      store_(store),
      catalog_(catalog),
      registry_(registry),
      secrets_(secrets),
      book_(std::move(book)),
      safe_modes_(std::move(safe_modes)),
      wanted_(registry, safe_modes_),
      proposals_(loop, store, registry, book_, wanted_),
      living_(loop, store, registry, book_, safe_modes_, proposals_, *this) {}

Rollout::~Rollout() { registry_.SetAttributesListener(nullptr); }

void Rollout::Propose(const v1::ProposePlanRequest& request, PlanDone done) {
  const auto order = proposals_.OrderFor(request);
  if (!order) return done(order.error());
  if (order->kind == v1::Plan::KIND_SAFE_MODE) return done(ChangeSafeMode(*order));
  proposals_.Decide(*order, [this, order = *order, done](Result<Decision> decision) {
    if (!decision) return done(decision.error());
    proposals_.Insert(order, *std::move(decision), PlanWriter::Answer::kWithAssignments, done);
  });
}

Result<v1::PlanList> Rollout::List() const { return store_.plans().List(); }

Result<v1::Plan> Rollout::Show(std::uint64_t plan) const {
  TRY_ASSIGN(auto shown, Get(plan));
  TRY_ASSIGN(const auto assignments, AssignmentsOf(plan));
  for (const v1::Assignment& assignment : assignments) *shown.add_assignments() = assignment;
  return shown;
}

Result<std::vector<v1::Assignment>> Rollout::AssignmentsOf(std::uint64_t plan) const {
  std::vector<v1::Assignment> assignments;
  TRY(store_.plans().ForEachAssignment(
      plan, [&](AssignmentRecord record) { assignments.push_back(std::move(record.assignment)); }));
  return assignments;
}

void Rollout::Explain(std::uint64_t plan, const std::string& gateway, ExplainDone done) {
  const auto ask = [&]() -> Result<void> {
    TRY_ASSIGN(const auto shown, Get(plan));
    TRY_ASSIGN(const auto record, store_.plans().FindAssignment(plan, gateway));
    if (!record) {
      return Error{Code::kNotFound, "plan " + std::to_string(plan) + " has no gateway \"" + gateway +
                                        "\"; if it was added later, propose a new plan"};
    }
    const Twin* twin = registry_.Find(gateway);
    const bool there = twin != nullptr && twin->record.number == record->gateway_number && twin->enrolled();
    if (!there || shown.kind() == v1::Plan::KIND_SAFE_MODE) {
      done(record->assignment);
      return {};
    }
    TRY_ASSIGN(const Order order, proposals_.OrderOf(shown));
    TRY_ASSIGN(auto assignments, AssignmentsOf(plan));
    proposals_.Explain(order, std::move(assignments), gateway, done);
    return {};
  };
  if (const auto asked = ask(); !asked) done(asked.error());
}

Result<v1::PlanSteps> Rollout::Steps(std::uint64_t plan) const {
  TRY_ASSIGN(const auto shown, Get(plan));
  TRY_ASSIGN(const auto release, catalog_.Release(shown.application(), shown.version()));
  StepGroups groups(catalog_, secrets_, release);
  Result<void> fault;
  TRY(store_.plans().ForEachAssignment(plan, [&](const AssignmentRecord& record) {
    const Twin* twin = registry_.Find(record.assignment.gateway());
    if (!fault || twin == nullptr || twin->record.number != record.gateway_number) return;
    if (record.assignment.variant().empty()) return;
    const auto gateway = registry_.Show(twin->id());
    fault = gateway ? groups.Add(*gateway, record.assignment.variant()) : Result<void>(gateway.error());
  }));
  TRY(std::move(fault));
  return groups.Take();
}

void Rollout::Approve(std::uint64_t plan, PlanDone done) {
  const auto found = GetFor(plan, PlanEvent::kApprove);
  if (!found) return done(found.error());
  // Plans of a time when it was not kept what they were made from.
  if (found->fleet_digest().empty()) return done(StoreApproval(plan, kAdministrator));
  const auto order = proposals_.OrderOf(*found);
  if (!order) return done(order.error());
  proposals_.DecideAgain(*order, found->fleet_digest(),
                         [this, order = *order, plan, done](Result<std::optional<Decision>> decision) {
                           if (!decision) return done(decision.error());
                           ApproveIfSame(order, plan, *std::move(decision), done);
                         });
}

void Rollout::ApproveIfSame(const Order& order, std::uint64_t plan, std::optional<Decision> decision,
                            const PlanDone& done) {
  // It may have been decided on meanwhile.
  if (const auto still = GetFor(plan, PlanEvent::kApprove); !still) return done(still.error());
  if (!decision) return done(StoreApproval(plan, kAdministrator));
  const auto assignments = AssignmentsOf(plan);
  if (!assignments) return done(assignments.error());
  const std::string difference = DifferenceOf(*assignments, decision->assignments);
  if (difference.empty()) return done(StoreApproval(plan, kAdministrator));
  proposals_.Insert(order, *std::move(decision), PlanWriter::Answer::kWithoutAssignments,
                    [this, plan, difference, done](const Result<v1::Plan>& other) {
                      done(other ? Replaced(plan, *other, difference) : other.error());
                    });
}

Error Rollout::Replaced(std::uint64_t plan, const v1::Plan& other, const std::string& difference) {
  const std::string id = std::to_string(other.id());
  const auto superseded = Supersede(plan, other.id(), "the fleet has moved on; plan " + id + " takes its place");
  if (!superseded) return superseded.error();
  return {Code::kConflict, "the fleet has moved on since plan " + std::to_string(plan) + " was made: " + difference +
                               "; look at plan " + id + ", which takes its place, and approve that"};
}

Result<v1::Plan> Rollout::StoreApproval(std::uint64_t plan, const std::string& by) {
  TRY_ASSIGN(const auto approved, Decided(plan, PlanEvent::kApprove, by));
  TRY(store_.plans().Update(approved));
  LogInfo("plan {} is approved by {}", plan, by);
  return approved;
}

Result<v1::Plan> Rollout::Reject(std::uint64_t plan, const std::string& reason) {
  TRY_ASSIGN(auto rejected, Decided(plan, PlanEvent::kReject, kAdministrator));
  rejected.set_reason(reason);
  TRY(store_.plans().Update(rejected));
  LogInfo("plan {} is rejected: {}", plan, reason);
  return rejected;
}

Result<void> Rollout::Supersede(std::uint64_t plan, std::uint64_t by, const std::string& reason) {
  TRY_ASSIGN(auto rejected, Decided(plan, PlanEvent::kReject, kPolicy));
  rejected.set_reason(reason);
  rejected.set_replaced_by(by);
  return store_.plans().Update(rejected);
}

Result<v1::Plan> Rollout::CarryOut(std::uint64_t plan) {
  TRY_ASSIGN(const auto found, Get(plan));
  if (found.state() == v1::Plan::STATE_PROPOSED) TRY(StoreApproval(plan, kPolicy));
  return Enact(plan);
}

Result<v1::Plan> Rollout::Enact(std::uint64_t plan) {
  TRY_ASSIGN(auto enacted, GetFor(plan, PlanEvent::kEnact));
  std::vector<AssignmentRecord> records;
  TRY(store_.plans().ForEachAssignment(plan, [&](AssignmentRecord record) { records.push_back(std::move(record)); }));
  *enacted.mutable_enacted_at() = FromMicros(WallMicros(loop_));
  TRY(Effect(enacted, records, [&] { return store_.plans().Update(enacted); }));
  if (enacted.kind() == v1::Plan::KIND_PRODUCTION || enacted.kind() == v1::Plan::KIND_UNSPECIFIED) {
    book_.SetCurrent(enacted.application(), enacted.version());
    living_.ConsiderAll();
  }
  return enacted;
}

Result<void> Rollout::Effect(v1::Plan& plan, const std::vector<AssignmentRecord>& records,
                             const std::function<Result<void>()>& also) {
  DesiredWriter writer(catalog_, secrets_, plan.application(), plan.enacted_at());
  std::vector<v1::DesiredState> states;
  std::vector<SafeModes::Change> changes;
  std::vector<std::string> touched;
  for (const AssignmentRecord& record : records) {
    const Twin* twin = registry_.Find(record.assignment.gateway());
    if (twin == nullptr || twin->record.number != record.gateway_number || record.assignment.variant().empty())
      continue;
    touched.push_back(twin->id());
    const Wanted wanted{plan.version(), record.assignment.variant()};
    if (safe_modes_.Find(*twin, plan.application()) != nullptr) {
      changes.push_back({record.gateway_number, plan.application(), wanted});
      continue;
    }
    TRY_ASSIGN(auto state, writer.Write(*twin, wanted));
    if (state) states.push_back(*std::move(state));
  }
  const std::size_t changed = states.size();
  TRY(registry_.SetDesired(std::move(states), [&]() -> Result<void> {
    TRY(safe_modes_.Save(changes));
    return also();
  }));
  safe_modes_.Apply(changes);
  for (const std::string& gateway : touched) wanted_.Refresh(gateway);
  LogInfo("plan {} is enacted: {} gateways have a new desired state", plan.id(), changed);
  return {};
}

Result<v1::Plan> Rollout::Get(std::uint64_t plan) const {
  TRY_ASSIGN(auto found, store_.plans().Find(plan));
  if (!found) {
    return Error{Code::kNotFound, "there is no plan " + std::to_string(plan) + "; see `motley plan list`"};
  }
  return *std::move(found);
}

Result<v1::Plan> Rollout::GetFor(std::uint64_t plan, PlanEvent event) const {
  TRY_ASSIGN(auto found, Get(plan));
  const auto next = Next(found.state(), event);
  if (!next) {
    const std::string instead = found.replaced_by() > 0 ? "see plan " + std::to_string(found.replaced_by())
                                                        : std::string(WayOut(found.state()));
    return Error{Code::kConflict, "plan " + std::to_string(plan) + " is " + std::string(PlanStateName(found.state())) +
                                      " and can not be " + std::string(PlanEventName(event)) + "; " + instead};
  }
  found.set_state(*next);
  return found;
}

Result<v1::Plan> Rollout::Decided(std::uint64_t plan, PlanEvent event, const std::string& by) const {
  TRY_ASSIGN(auto decided, GetFor(plan, event));
  *decided.mutable_decided_at() = FromMicros(WallMicros(loop_));
  decided.set_decided_by(by);
  return decided;
}

}  // namespace motley::controller
