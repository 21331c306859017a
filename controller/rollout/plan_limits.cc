#include "controller/rollout/plan_limits.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/store/column.h"

namespace motley::controller {
namespace {

bool Waits(const v1::Plan& plan) {
  return plan.state() == v1::Plan::STATE_PROPOSED || plan.state() == v1::Plan::STATE_APPROVED;
}

/// The plans that what happens next depends on.
std::set<std::uint64_t> Needed(const v1::PlanList& plans) {
  std::map<std::pair<std::string, v1::Plan::Kind>, const v1::Plan*> last;
  for (const v1::Plan& plan : plans.plans()) {
    const auto kind = plan.kind() == v1::Plan::KIND_UNSPECIFIED ? v1::Plan::KIND_PRODUCTION : plan.kind();
    const bool joins = kind == v1::Plan::KIND_JOIN;
    if (!joins && plan.state() != v1::Plan::STATE_ENACTED) continue;
    const v1::Plan*& newest = last.try_emplace({plan.application(), kind}, &plan).first->second;
    if (!joins && ToMicros(plan.enacted_at()) > ToMicros(newest->enacted_at())) newest = &plan;
  }
  std::set<std::uint64_t> needed;
  for (const auto& [key, plan] : last) {
    if (key.second != v1::Plan::KIND_PREVIEW && key.second != v1::Plan::KIND_SAFE_MODE) needed.insert(plan->id());
  }
  return needed;
}

}  // namespace

std::int64_t LastChangeOf(const v1::Plan& plan) {
  return std::max({ToMicros(plan.proposed_at()), ToMicros(plan.decided_at()), ToMicros(plan.enacted_at())});
}

std::set<std::uint64_t> PlansOverLimits(const v1::PlanList& plans, const PlanLimits& limits, std::int64_t now_us) {
  std::vector<const v1::Plan*> decided;
  for (const v1::Plan& plan : plans.plans()) {
    if (!Waits(plan)) decided.push_back(&plan);
  }
  std::stable_sort(decided.begin(), decided.end(),
                   [](const auto* a, const auto* b) { return LastChangeOf(*a) > LastChangeOf(*b); });
  const std::set<std::uint64_t> needed = Needed(plans);
  const std::int64_t oldest_us = now_us - std::chrono::microseconds(limits.keep).count();
  std::map<std::string, std::uint32_t> counts;
  std::set<std::uint64_t> over;
  for (const v1::Plan* plan : decided) {
    const bool fits = ++counts[plan->application()] <= limits.most && LastChangeOf(*plan) >= oldest_us;
    if (!fits && !needed.contains(plan->id())) over.insert(plan->id());
  }
  return over;
}

}  // namespace motley::controller
