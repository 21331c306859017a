#include "controller/rollout/rollout.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/log/log.h"
#include "controller/assign/assign.h"
#include "controller/rollout/secret_names.h"
#include "controller/rollout/step_groups.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

/// What a gateway is to run of an application, or null.
const v1::DesiredApplication* Wanted(const v1::DesiredState& desired, const std::string& application) {
  for (const v1::DesiredApplication& wanted : desired.applications()) {
    if (wanted.application() == application) return &wanted;
  }
  return nullptr;
}

Subject SubjectOf(const Twin& twin, const std::string& application) {
  Subject subject{.attributes = twin.SelectorAttributes(), .enrolled = twin.enrolled()};
  if (const auto* wanted = Wanted(twin.desired(), application)) {
    subject.previous = wanted->version() + "/" + wanted->variant();
  }
  return subject;
}

/// `desired` with `wanted` in the place of what it has of the same application.
void Merge(const v1::DesiredApplication& wanted, v1::DesiredState& desired) {
  for (v1::DesiredApplication& present : *desired.mutable_applications()) {
    if (present.application() != wanted.application()) continue;
    present = wanted;
    return;
  }
  *desired.add_applications() = wanted;
}

}  // namespace

Result<v1::Plan> Rollout::Propose(const v1::ProposePlanRequest& request) {
  TRY_ASSIGN(const auto release, catalog_.Release(request.application(), request.version()));
  TRY_ASSIGN(const auto candidates, CandidatesOf(release));
  std::vector<Subject> subjects;
  subjects.reserve(registry_.twins().size());
  for (const auto& [id, twin] : registry_.twins()) subjects.push_back(SubjectOf(twin, release.application()));
  auto assignments = Assign(candidates, subjects);

  v1::Plan plan;
  plan.set_application(release.application());
  plan.set_version(release.version());
  plan.set_state(v1::Plan::STATE_PROPOSED);
  *plan.mutable_proposed_at() = FromMicros(WallMicros(loop_));
  std::vector<AssignmentRecord> records;
  records.reserve(assignments.size());
  for (v1::Assignment& assignment : assignments) {
    if (assignment.variant().empty()) {
      plan.set_unassigned(plan.unassigned() + 1);
    } else {
      plan.set_assigned(plan.assigned() + 1);
    }
    const std::int64_t number = registry_.Find(assignment.gateway())->record.number;
    records.push_back({number, std::move(assignment)});
  }
  TRY_ASSIGN(const std::uint64_t id, store_.plans().Insert(plan, records));
  plan.set_id(id);
  for (AssignmentRecord& record : records) *plan.add_assignments() = std::move(record.assignment);
  LogInfo("plan {} is proposed: {} {} for {} gateways, none for {}", id, plan.application(), plan.version(),
          plan.assigned(), plan.unassigned());
  return plan;
}

Result<v1::PlanList> Rollout::List() const { return store_.plans().List(); }

Result<v1::Plan> Rollout::Show(std::uint64_t plan) const {
  TRY_ASSIGN(auto shown, Get(plan));
  TRY(store_.plans().ForEachAssignment(
      plan, [&](AssignmentRecord record) { *shown.add_assignments() = std::move(record.assignment); }));
  return shown;
}

Result<v1::Assignment> Rollout::Explain(std::uint64_t plan, const std::string& gateway) const {
  TRY_ASSIGN(const auto shown, Get(plan));
  TRY_ASSIGN(auto record, store_.plans().FindAssignment(plan, gateway));
  if (!record) {
    return Error{Code::kNotFound, "plan " + std::to_string(plan) + " has no gateway \"" + gateway +
                                      "\"; if it was added later, propose a new plan"};
  }
  const Twin* twin = registry_.Find(gateway);
  if (twin == nullptr || twin->record.number != record->gateway_number) return record->assignment;
  TRY_ASSIGN(const auto release, catalog_.Release(shown.application(), shown.version()));
  TRY_ASSIGN(const auto candidates, CandidatesOf(release));
  auto now = controller::Explain(candidates, SubjectOf(*twin, shown.application()));
  record->assignment.mutable_verdicts()->Swap(now.mutable_verdicts());
  return record->assignment;
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

Result<v1::Plan> Rollout::Approve(std::uint64_t plan) {
  TRY_ASSIGN(auto approved, GetFor(plan, PlanEvent::kApprove));
  *approved.mutable_decided_at() = FromMicros(WallMicros(loop_));
  TRY(store_.plans().Update(approved));
  LogInfo("plan {} is approved", plan);
  return approved;
}

Result<v1::Plan> Rollout::Reject(std::uint64_t plan, const std::string& reason) {
  TRY_ASSIGN(auto rejected, GetFor(plan, PlanEvent::kReject));
  *rejected.mutable_decided_at() = FromMicros(WallMicros(loop_));
  rejected.set_reason(reason);
  TRY(store_.plans().Update(rejected));
  LogInfo("plan {} is rejected: {}", plan, reason);
  return rejected;
}

Result<v1::Plan> Rollout::Enact(std::uint64_t plan) {
  TRY_ASSIGN(auto enacted, GetFor(plan, PlanEvent::kEnact));
  *enacted.mutable_enacted_at() = FromMicros(WallMicros(loop_));
  TRY_ASSIGN(auto states, DesiredBy(enacted));
  const std::size_t changed = states.size();
  TRY(registry_.SetDesired(std::move(states), [&] { return store_.plans().Update(enacted); }));
  LogInfo("plan {} is enacted: {} gateways have a new desired state", plan, changed);
  return enacted;
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
    return Error{Code::kConflict, "plan " + std::to_string(plan) + " is " + std::string(PlanStateName(found.state())) +
                                      " and can not be " + std::string(PlanEventName(event)) + "; " +
                                      std::string(WayOut(found.state()))};
  }
  found.set_state(*next);
  return found;
}

Result<std::vector<v1::DesiredState>> Rollout::DesiredBy(const v1::Plan& plan) const {
  TRY_ASSIGN(const auto release, catalog_.Release(plan.application(), plan.version()));
  TRY_ASSIGN(const auto bundles, catalog_.Bundles(plan.application(), plan.version()));
  std::map<std::string, v1::DesiredApplication> wanted;
  for (int i = 0; i < release.variants_size() && i < std::ssize(bundles); ++i) {
    v1::DesiredApplication& application = wanted[release.variants(i).name()];
    application.set_application(plan.application());
    application.set_version(plan.version());
    application.set_variant(release.variants(i).name());
    *application.mutable_bundle() = bundles[i];
  }
  SecretNames secret_names(catalog_);
  std::vector<v1::DesiredState> states;
  Result<void> fault;
  TRY(store_.plans().ForEachAssignment(plan.id(), [&](const AssignmentRecord& record) {
    const Twin* twin = registry_.Find(record.assignment.gateway());
    const auto application = wanted.find(record.assignment.variant());
    if (!fault || twin == nullptr || twin->record.number != record.gateway_number || application == wanted.end())
      return;
    v1::DesiredState state = twin->desired();
    Merge(application->second, state);
    if (fault = FillInSecretVersions(*twin, secret_names, state); !fault) return;
    if (google::protobuf::util::MessageDifferencer::Equals(state, twin->desired())) return;
    state.set_gateway(twin->id());
    state.set_revision(twin->NextRevision());
    *state.mutable_issued_at() = plan.enacted_at();
    states.push_back(std::move(state));
  }));
  TRY(std::move(fault));
  return states;
}

Result<void> Rollout::FillInSecretVersions(const Twin& twin, SecretNames& names, v1::DesiredState& state) const {
  std::set<std::string> needed;
  for (const v1::DesiredApplication& application : state.applications()) {
    TRY_ASSIGN(const auto* referred, names.Of(application));
    needed.insert(referred->begin(), referred->end());
  }
  TRY_ASSIGN(const auto versions, secrets_.VersionsFor(twin.id(), needed));
  state.clear_secrets();
  for (const v1::SecretVersion& version : versions) *state.add_secrets() = version;
  return {};
}

}  // namespace motley::controller
