#include "agent/reconcile/plan.h"

#include "common/model/model.h"

namespace motley::agent {
namespace {

std::string DependencyKey(const Instance& instance, const std::string& name) {
  return instance.application + "/" + name;
}

/// Removals: whoever depends on a component goes before it.
void PlanRemovals(const std::vector<Sighting>& leftovers, std::vector<Step>& steps) {
  std::map<std::string, std::size_t> by_key;
  for (const Sighting& sighting : leftovers) {
    if (sighting.observed.match == Observed::Match::kMissing) continue;
    by_key[sighting.instance.Key()] = steps.size();
    steps.push_back({Step::Action::kRemove, sighting.instance, {}, "not wanted any more"});
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const std::string& name : steps[i].instance.component.depends_on()) {
      const auto needed = by_key.find(DependencyKey(steps[i].instance, name));
      if (needed != by_key.end()) steps[needed->second].after.push_back(i);
    }
  }
}

void PlanApplications(const std::vector<Sighting>& goal, std::vector<Step>& steps) {
  const std::size_t removals = steps.size();
  std::map<std::string, std::size_t> by_key;
  for (const Sighting& sighting : goal) {
    const bool there = sighting.observed.match == Observed::Match::kMatches;
    if (there && !sighting.unproven) continue;
    by_key[sighting.instance.Key()] = steps.size();
    Step step{there ? Step::Action::kConfirm : Step::Action::kApply, sighting.instance, {}, sighting.observed.detail};
    for (std::size_t i = 0; i < removals; ++i) step.after.push_back(i);
    steps.push_back(std::move(step));
  }
  for (std::size_t i = removals; i < steps.size(); ++i) {
    for (const std::string& name : steps[i].instance.component.depends_on()) {
      const auto needed = by_key.find(DependencyKey(steps[i].instance, name));
      if (needed != by_key.end()) steps[i].after.push_back(needed->second);
    }
  }
}

}  // namespace

std::string Print(const Step& step) {
  std::string text = step.action == Step::Action::kApply     ? "apply "
                     : step.action == Step::Action::kConfirm ? "confirm "
                                                             : "remove ";
  text += step.instance.Key() + " (" + std::string(KindName(step.instance.component)) + ")";
  if (!step.reason.empty()) text += ": " + step.reason;
  return text;
}

std::vector<Step> MakePlan(const std::vector<Sighting>& goal, const std::vector<Sighting>& leftovers) {
  std::vector<Step> steps;
  PlanRemovals(leftovers, steps);
  PlanApplications(goal, steps);
  return steps;
}

}  // namespace motley::agent
