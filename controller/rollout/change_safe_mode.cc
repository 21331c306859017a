// Rollout: safe mode, which is decided and enacted at once.
#include <set>

#include "common/log/log.h"
#include "common/selector/selector.h"
#include "controller/assign/reasons.h"
#include "controller/rollout/desired_writer.h"
#include "controller/rollout/rollout.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

/// The gateways that are meant. Errors: kInvalid, kNotFound.
Result<std::vector<const Twin*>> MeantBy(const v1::SafeModeRequest& request, const Registry& registry) {
  std::vector<const Twin*> meant;
  if (request.where().empty() == request.gateways().empty()) {
    return Error{Code::kInvalid, "safe mode: name gateways, or say where they are by a selector, but not both"};
  }
  if (!request.where().empty()) {
    TRY_ASSIGN(const Selector where, Selector::Parse(request.where()).While("safe mode: where"));
    for (const auto& [id, twin] : registry.twins()) {
      if (twin.enrolled() && where.Matches(twin.SelectorAttributes())) meant.push_back(&twin);
    }
    return meant;
  }
  for (const std::string& gateway : std::set<std::string>(request.gateways().begin(), request.gateways().end())) {
    const Twin* twin = registry.Find(gateway);
    if (twin == nullptr) {
      return Error{Code::kNotFound, "there is no gateway \"" + gateway + "\"; see `motley gateway list`"};
    }
    meant.push_back(twin);
  }
  return meant;
}

/// Decides for each gateway that is meant.
class SafeModeWriter {
 public:
  SafeModeWriter(const PreparedRelease& release, const SafeModes& safe_modes, DesiredWriter& writer)
      : release_(release), safe_modes_(safe_modes), writer_(writer) {}

  Result<void> Begin(const Twin& twin) {
    v1::Assignment& assignment = AddFor(twin);
    const std::string& fallback = release_.release.fallback();
    if (safe_modes_.Find(twin, release_.release.application()) != nullptr) {
      assignment.set_reason("is in safe mode already");
      return {};
    }
    const auto now = safe_modes_.WantedOf(twin, release_.release.application());
    if (!now) {
      assignment.set_reason("is to run nothing of this application");
      return {};
    }
    const auto& variants = release_.parsed.application.variants;
    for (std::size_t i = 0; i < variants.size(); ++i) {
      if (variants[i].name != fallback) continue;
      if (const auto misfit = WhyNot(release_, i, twin.SelectorAttributes())) {
        assignment.set_reason("the fallback does not fit: " + *misfit);
        return {};
      }
    }
    assignment.set_variant(fallback);
    assignment.set_reason("safe mode; goes back to " + now->Text());
    changes.push_back({twin.record.number, release_.release.application(), *now});
    return Write(twin, {release_.release.version(), fallback});
  }

  Result<void> End(const Twin& twin) {
    const Wanted* remembered = safe_modes_.Find(twin, release_.release.application());
    v1::Assignment& assignment = AddFor(twin);
    if (remembered == nullptr) {
      assignment.set_reason("is not in safe mode");
      return {};
    }
    assignment.set_variant(remembered->variant);
    assignment.set_reason("end of safe mode: back to " + remembered->Text());
    changes.push_back({twin.record.number, release_.release.application(), std::nullopt});
    return Write(twin, *remembered);
  }

  std::vector<AssignmentRecord> records;
  std::vector<SafeModes::Change> changes;
  std::vector<v1::DesiredState> states;

 private:
  v1::Assignment& AddFor(const Twin& twin) {
    AssignmentRecord& record = records.emplace_back();
    record.gateway_number = twin.record.number;
    record.assignment.set_gateway(twin.id());
    for (const v1::DesiredApplication& wanted : twin.desired().applications()) {
      if (wanted.application() != release_.release.application()) continue;
      record.assignment.set_previous(wanted.version() + "/" + wanted.variant());
    }
    return record.assignment;
  }

  Result<void> Write(const Twin& twin, const Wanted& wanted) {
    TRY_ASSIGN(auto state, writer_.Write(twin, wanted));
    if (state) states.push_back(*std::move(state));
    return {};
  }

  const PreparedRelease& release_;
  const SafeModes& safe_modes_;
  DesiredWriter& writer_;
};

}  // namespace

Result<v1::Plan> Rollout::ChangeSafeMode(const Order& order) {
  const v1::SafeModeRequest& request = order.request.safe_mode();
  const v1::Release& release = order.release->release;
  if (!request.end() && release.fallback().empty()) {
    return Error{Code::kInvalid, "release " + release.application() + " " + release.version() +
                                     " has no fallback; push one with `fallback: VARIANT`"};
  }
  TRY_ASSIGN(const auto meant, MeantBy(request, registry_));
  const auto now = FromMicros(WallMicros(loop_));
  DesiredWriter writer(catalog_, secrets_, release.application(), now);
  SafeModeWriter decided(*order.release, safe_modes_, writer);
  for (const Twin* twin : meant) TRY(request.end() ? decided.End(*twin) : decided.Begin(*twin));
  Decision decision;
  for (const AssignmentRecord& record : decided.records) decision.assignments.push_back(record.assignment);
  decision.Count(release.version());
  v1::Plan plan = Described(order, decision);
  plan.clear_solution();
  plan.set_state(v1::Plan::STATE_ENACTED);
  plan.set_cause(request.end() ? "end of safe mode" : "safe mode");
  plan.set_decided_by("administrator");
  *plan.mutable_proposed_at() = *plan.mutable_decided_at() = *plan.mutable_enacted_at() = now;
  plan.set_moves(static_cast<std::uint32_t>(decided.states.size()));
  TRY(registry_.SetDesired(std::move(decided.states), [&]() -> Result<void> {
    TRY(safe_modes_.Save(decided.changes));
    TRY_ASSIGN(const std::uint64_t id, store_.plans().Insert(plan, decided.records));
    plan.set_id(id);
    return {};
  }));
  safe_modes_.Apply(decided.changes);
  for (const Twin* twin : meant) wanted_.Refresh(twin->id());
  // What it goes back to may not fit any more.
  if (request.end()) living_.ConsiderAll();
  LogInfo("plan {}: {} for {} gateways", plan.id(), plan.cause(), plan.assigned());
  for (AssignmentRecord& record : decided.records) *plan.add_assignments() = std::move(record.assignment);
  return plan;
}

}  // namespace motley::controller
