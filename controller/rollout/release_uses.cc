#include "controller/rollout/release_uses.h"

#include <algorithm>

namespace motley::controller {
namespace {

/// So many are named in a message.
constexpr std::size_t kMaxNamed = 3;

}  // namespace

void ReleaseUses::Gateways::Add(const std::string& gateway) {
  if (++count <= kMaxNamed) first.push_back(gateway);
}

std::string ReleaseUses::Gateways::Text() const {
  std::string text = count == 1 ? "gateway " : "gateways ";
  for (std::size_t i = 0; i < first.size(); ++i) text += (i == 0 ? "" : ", ") + first[i];
  return count == first.size() ? text : text + " and " + std::to_string(count - first.size()) + " more";
}

ReleaseUses::ReleaseUses(const Registry& registry, const SafeModes& safe_modes, const ReleaseBook& book,
                         const Proposals& proposals, const v1::PlanList& plans) {
  for (const auto& [id, twin] : registry.twins()) {
    for (const v1::DesiredApplication& wanted : twin.desired().applications()) {
      uses_[{wanted.application(), wanted.version()}].wanted.Add(id);
      if (const Wanted* remembered = safe_modes.Find(twin, wanted.application())) {
        uses_[{wanted.application(), remembered->version}].remembered.Add(id);
      }
    }
    for (const v1::ReportedApplication& runs : twin.reported().applications()) {
      uses_[{runs.application(), runs.version()}].reported.Add(id);
    }
  }
  for (const auto& [application, version] : book.current()) uses_[{application, version}].current = true;
  for (const Key& release : proposals.being_made()) uses_[release].being_made = true;
  for (const v1::Plan& plan : plans.plans()) {
    if (plan.state() != v1::Plan::STATE_PROPOSED && plan.state() != v1::Plan::STATE_APPROVED) continue;
    std::uint64_t& newest = uses_[{plan.application(), plan.version()}].plan;
    newest = std::max(newest, plan.id());
  }
}

std::optional<std::string> ReleaseUses::WhyNeeded(const std::string& application, const std::string& version) const {
  const auto found = uses_.find({application, version});
  if (found == uses_.end()) return std::nullopt;
  const Use& use = found->second;
  if (use.wanted.count > 0) {
    return use.wanted.Text() + (use.wanted.count == 1 ? " is" : " are") +
           " to run it; enact a plan for another release first";
  }
  if (use.remembered.count > 0) {
    return use.remembered.Text() + (use.remembered.count == 1 ? " goes" : " go") +
           " back to it when safe mode ends; end safe mode and enact a plan for another release first";
  }
  if (use.reported.count > 0) {
    return use.reported.Text() + (use.reported.count == 1 ? " still runs" : " still run") +
           " it, or would go back to it; wait until another release is confirmed there, or remove what is gone for "
           "good";
  }
  if (use.plan > 0) {
    return "plan " + std::to_string(use.plan) + " for it waits; reject it first, with `motley plan reject " +
           std::to_string(use.plan) + "`";
  }
  if (use.being_made) return "a plan for it is being made; try again when that is there, and reject it first";
  if (use.current) {
    return "it is the current release of " + application +
           ", which gateways that join get; enact a plan for another release first";
  }
  return std::nullopt;
}

}  // namespace motley::controller
