#pragma once

#include <string>
#include <vector>

#include "agent/kinds/kind.h"
#include "common/model/steps.h"

namespace motley::agent {

/// One thing to do, with the instance that it is done with.
struct Step {
  using Action = PlannedStep::Action;
  Action action;
  Instance instance;
  /// Indices of the steps that must have succeeded before.
  std::vector<std::size_t> after;
  /// Why: what was found.
  std::string reason;
};

/// "apply blinky/greeter (process): not there"
std::string Print(const Step& step);

/// An instance and what stands in its place.
struct Sighting {
  Instance instance;
  Observed observed;
  /// Not known to have been confirmed: it is not what is committed.
  bool unproven = false;
  /// It is there and does not do its work, and may be restarted now.
  bool unhealthy = false;
};

/// PlanSteps over what was seen: `goal` holds every component that should be, `leftovers` those that should not be and
/// that may still be there.
std::vector<Step> MakePlan(const std::vector<Sighting>& goal, const std::vector<Sighting>& leftovers);

}  // namespace motley::agent
