#include "controller/rollout/plan_retention.h"

#include <algorithm>

#include "controller/store/column.h"

namespace motley::controller {
namespace {

/// Some milliseconds of work; then others get their turn.
constexpr std::int64_t kRowsAStep = 5000;
constexpr std::chrono::milliseconds kBreath{20};

}  // namespace

void PlanRetention::Run(const PlanLimits& limits, Done done) {
  done_ = std::move(done);
  if (auto begun = Begin(limits); !begun) return std::exchange(done_, nullptr)(std::move(begun).error());
  Step();
}

Result<void> PlanRetention::Begin(const PlanLimits& limits) {
  applications_.clear();
  forget_.clear();
  plan_ = 0;
  after_.clear();
  in_force_ = false;
  TRY_ASSIGN(const v1::PlanList plans, store_.plans().List());
  const std::set<std::uint64_t> over = PlansOverLimits(plans, limits, WallMicros(loop_));
  std::vector<const v1::Plan*> enacted;
  for (const v1::Plan& plan : plans.plans()) {
    if (plan.state() == v1::Plan::STATE_ENACTED) {
      enacted.push_back(&plan);
      // An application of which none is over the limits needs no look.
      if (over.contains(plan.id())) applications_.try_emplace(plan.application());
    } else if (over.contains(plan.id())) {
      forget_.push_back(plan.id());
    }
  }
  std::stable_sort(enacted.begin(), enacted.end(),
                   [](const auto* a, const auto* b) { return ToMicros(a->enacted_at()) > ToMicros(b->enacted_at()); });
  for (const v1::Plan* plan : enacted) {
    const auto found = applications_.find(plan->application());
    if (found != applications_.end()) found->second.plans.push_back({plan->id(), over.contains(plan->id())});
  }
  for (const auto& [id, twin] : registry_.twins()) {
    for (const v1::DesiredApplication& wanted : twin.desired().applications()) {
      const auto found = applications_.find(wanted.application());
      if (found != applications_.end()) found->second.gateways.insert(twin.record.number);
    }
  }
  return {};
}

void PlanRetention::Step() {
  const auto last = Look();
  if (!last) return std::exchange(done_, nullptr)(last.error());
  if (!*last) {
    timer_ = loop_.After(kBreath, [this] { Step(); });
    return;
  }
  const auto forgotten = store_.Atomically([this]() -> Result<void> {
    for (const std::uint64_t plan : forget_) TRY(store_.plans().Forget(plan));
    return {};
  });
  if (!forgotten) return std::exchange(done_, nullptr)(forgotten.error());
  Trim();
}

Result<bool> PlanRetention::Look() {
  if (applications_.empty()) return true;
  Application& application = applications_.begin()->second;
  if ((after_.empty() && application.gateways.empty()) || plan_ >= application.plans.size()) {
    // All the others were followed by later ones on each gateway that has the application.
    for (; plan_ < application.plans.size(); ++plan_) {
      if (application.plans[plan_].over_limits) forget_.push_back(application.plans[plan_].id);
    }
    applications_.erase(applications_.begin());
    plan_ = 0;
    return applications_.empty();
  }
  const Enacted& plan = application.plans[plan_];
  TRY_ASSIGN(const auto numbers, store_.plans().AssignedGateways(plan.id, kRowsAStep, &after_));
  for (const std::int64_t number : numbers) in_force_ |= application.gateways.erase(number) > 0;
  if (!after_.empty()) return false;
  if (plan.over_limits && !in_force_) forget_.push_back(plan.id);
  ++plan_;
  in_force_ = false;
  return false;
}

void PlanRetention::Trim() {
  const auto last = store_.plans().TrimForgotten(kRowsAStep);
  if (!last) return std::exchange(done_, nullptr)(last.error());
  if (*last) return std::exchange(done_, nullptr)(forget_.size());
  timer_ = loop_.After(kBreath, [this] { Trim(); });
}

}  // namespace motley::controller
