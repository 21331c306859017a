#include "controller/rollout/steps.h"

#include <map>

#include "common/model/steps.h"

namespace motley::controller {
namespace {

std::map<std::string, std::string> VersionsOf(const google::protobuf::RepeatedPtrField<v1::SecretVersion>& secrets) {
  std::map<std::string, std::string> versions;
  for (const v1::SecretVersion& secret : secrets) versions[secret.name()] = secret.version();
  return versions;
}

/// What the gateway itself has seen goes before what should be there.
void TakeOver(const v1::ReportedComponent& component, std::vector<StepItem>& items) {
  const bool missing = component.state() == v1::ReportedComponent::STATE_MISSING;
  const bool unknown = component.state() == v1::ReportedComponent::STATE_UNKNOWN;
  for (StepItem& item : items) {
    if (item.key != component.name() || (!missing && !unknown)) continue;
    item.found = missing ? StepItem::Found::kMissing : StepItem::Found::kUnknown;
    item.detail = component.detail();
  }
}

}  // namespace

google::protobuf::RepeatedPtrField<v1::DeploymentStep> StepsBetween(const ModelVersion& from,
                                                                    const v1::ReportedApplication& reported,
                                                                    const ModelVersion& to) {
  ModelDifference difference = DiffModels(from.model, VersionsOf(from.secrets), to.model, VersionsOf(to.secrets));
  for (const v1::ReportedComponent& component : reported.components()) {
    TakeOver(component, difference.goal);
    TakeOver(component, difference.leftovers);
  }
  google::protobuf::RepeatedPtrField<v1::DeploymentStep> steps;
  for (const PlannedStep& planned : PlanSteps(difference.goal, difference.leftovers)) {
    const bool removal = planned.action == PlannedStep::Action::kRemove;
    const StepItem& item = (removal ? difference.leftovers : difference.goal)[planned.item];
    v1::DeploymentStep& step = *steps.Add();
    step.set_action(std::string(ActionName(planned.action)));
    step.set_component(item.key);
    step.set_kind(item.kind);
    step.set_reason(planned.reason);
    for (const std::size_t after : planned.after) step.add_after(static_cast<std::uint32_t>(after));
    step.set_undo(std::string(UndoText(planned.action, item.found)));
  }
  return steps;
}

}  // namespace motley::controller
