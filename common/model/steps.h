#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "motley/v1/model.pb.h"

namespace motley {

/// One component as the planner sees it: that it should be, or should be no more, and what stands in its place.
struct StepItem {
  enum class Found {
    kMissing,
    kDiffers,  ///< Another version, a part, or something broken.
    kMatches,
    kUnknown,  ///< Could not be looked at.
  };
  /// "application/component", or just the component where there is one application.
  std::string key;
  /// KindName.
  std::string kind;
  /// Keys of what must be up before it.
  std::vector<std::string> needs;
  Found found = Found::kMissing;
  /// Not known to have been confirmed.
  bool unproven = false;
  /// It is there as wanted, but does not do its work.
  bool unhealthy = false;
  /// What was found, for people.
  std::string detail;
};

/// One thing to do.
struct PlannedStep {
  enum class Action {
    kApply,    ///< And confirm.
    kConfirm,  ///< It is there and has not proven that it works.
    kRestart,  ///< It is there and does not work. Then as kConfirm.
    kRemove,
  };
  Action action;
  /// Index in `goal`; of a removal, in `leftovers`.
  std::size_t item;
  /// Indices of the steps that must have succeeded before.
  std::vector<std::size_t> after;
  /// Why.
  std::string reason;
};

/// The smallest change that makes the world as `goal` says; `leftovers` should not be and may still be there.
///
/// What is there exactly as wanted gets no step, unless it is unproven or unhealthy. Removals come first, so that
/// paths, ports and boards are free, dependents before what they need; then each component after those that it needs.
/// Steps that do not wait for one another may run at the same time. The needs make no cycle.
std::vector<PlannedStep> PlanSteps(std::span<const StepItem> goal, std::span<const StepItem> leftovers);

/// "apply", "confirm", "restart" or "remove".
std::string_view ActionName(PlannedStep::Action action);

/// How the step is taken back, in words: "remove", "apply what was there before", "apply again" or "nothing".
std::string_view UndoText(PlannedStep::Action action, StepItem::Found found);

/// The steps from one model to another, as they would be if exactly `from` were there; in `goal` and `leftovers` is
/// what the steps' items mean. A component that differs has the names of the fields that do in its detail.
struct ModelDifference {
  std::vector<StepItem> goal;
  std::vector<StepItem> leftovers;
  std::vector<PlannedStep> steps;
};
/// `from_secrets` and `to_secrets` are versions by name, as in DigestsOf. Both models are sound (CheckModel).
ModelDifference DiffModels(const v1::DeploymentModel& from, const std::map<std::string, std::string>& from_secrets,
                           const v1::DeploymentModel& to, const std::map<std::string, std::string>& to_secrets);

}  // namespace motley
