#include "agent/reconcile/plan.h"

#include "common/model/model.h"

namespace motley::agent {
namespace {

StepItem::Found FoundOf(Observed::Match match) {
  switch (match) {
    case Observed::Match::kMissing:
      return StepItem::Found::kMissing;
    case Observed::Match::kDiffers:
      return StepItem::Found::kDiffers;
    case Observed::Match::kMatches:
      return StepItem::Found::kMatches;
    case Observed::Match::kUnknown:
      return StepItem::Found::kUnknown;
  }
  return StepItem::Found::kUnknown;
}

std::vector<StepItem> ItemsOf(const std::vector<Sighting>& sightings) {
  std::vector<StepItem> items;
  items.reserve(sightings.size());
  for (const Sighting& sighting : sightings) {
    const Instance& instance = sighting.instance;
    items.push_back({instance.Key(), std::string(KindName(instance.component)), instance.needs,
                     FoundOf(sighting.observed.match), sighting.unproven, sighting.unhealthy,
                     sighting.observed.detail});
  }
  return items;
}

}  // namespace

std::string Print(const Step& step) {
  std::string text = std::string(ActionName(step.action)) + " " + step.instance.Key() + " (" +
                     std::string(KindName(step.instance.component)) + ")";
  if (!step.reason.empty()) text += ": " + step.reason;
  return text;
}

std::vector<Step> MakePlan(const std::vector<Sighting>& goal, const std::vector<Sighting>& leftovers) {
  std::vector<Step> steps;
  for (PlannedStep& planned : PlanSteps(ItemsOf(goal), ItemsOf(leftovers))) {
    const auto& sightings = planned.action == Step::Action::kRemove ? leftovers : goal;
    steps.push_back(
        {planned.action, sightings[planned.item].instance, std::move(planned.after), std::move(planned.reason)});
  }
  return steps;
}

}  // namespace motley::agent
