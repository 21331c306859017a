#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/kinds/kind.h"

namespace motley::agent {

/// One thing to do.
struct Step {
  enum class Action {
    kApply,    ///< And confirm.
    kConfirm,  ///< It is there, put there before the agent was cut off, and has not proven that it works.
    kRemove,
  };
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
};

/// The smallest change that makes the world as `goal` says.
///
/// `goal` holds every component that should be, compared with what is there; `leftovers` those that should not be and
/// that may still be there. Components of which exactly the wanted version is there get no step, unless it is unproven.
/// Removals come first, so that paths, ports and boards are free, dependents before what they depend on; then each
/// component after those that it depends on. Steps that do not depend on one another may run at the same time.
std::vector<Step> MakePlan(const std::vector<Sighting>& goal, const std::vector<Sighting>& leftovers);

}  // namespace motley::agent
