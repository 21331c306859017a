#include "common/model/steps.h"

#include <google/protobuf/util/message_differencer.h>

#include <optional>
#include <unordered_map>

#include "common/model/graph.h"
#include "common/model/model.h"

namespace motley {
namespace {

using google::protobuf::util::MessageDifferencer;
using Action = PlannedStep::Action;
using Found = StepItem::Found;

void PlanRemovals(std::span<const StepItem> leftovers, std::vector<PlannedStep>& steps) {
  std::unordered_map<std::string_view, std::size_t> by_key;
  for (std::size_t i = 0; i < leftovers.size(); ++i) {
    if (leftovers[i].found == Found::kMissing) continue;
    by_key[leftovers[i].key] = steps.size();
    steps.push_back({Action::kRemove, i, {}, "not wanted any more"});
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const std::string& need : leftovers[steps[i].item].needs) {
      if (const auto needed = by_key.find(need); needed != by_key.end()) steps[needed->second].after.push_back(i);
    }
  }
}

std::optional<Action> ActionFor(const StepItem& item) {
  if (item.found != Found::kMatches) return Action::kApply;
  if (item.unhealthy) return Action::kRestart;
  return item.unproven ? std::optional(Action::kConfirm) : std::nullopt;
}

void PlanApplications(std::span<const StepItem> goal, std::vector<PlannedStep>& steps) {
  const std::size_t removals = steps.size();
  std::unordered_map<std::string_view, std::size_t> by_key;
  for (std::size_t i = 0; i < goal.size(); ++i) {
    const std::optional<Action> action = ActionFor(goal[i]);
    if (!action) continue;
    by_key[goal[i].key] = steps.size();
    PlannedStep step{*action, i, {}, goal[i].detail};
    for (std::size_t removal = 0; removal < removals; ++removal) step.after.push_back(removal);
    steps.push_back(std::move(step));
  }
  for (std::size_t i = removals; i < steps.size(); ++i) {
    for (const std::string& need : goal[steps[i].item].needs) {
      if (const auto needed = by_key.find(need); needed != by_key.end()) steps[i].after.push_back(needed->second);
    }
  }
}

using FieldList = std::vector<const google::protobuf::FieldDescriptor*>;

/// Names of the fields in which two messages differ.
void AddDifferingFields(const google::protobuf::Message& from, const google::protobuf::Message& to,
                        std::string& names) {
  const auto* reflection = to.GetReflection();
  FieldList fields;
  FieldList others;
  reflection->ListFields(from, &fields);
  reflection->ListFields(to, &others);
  std::map<int, const google::protobuf::FieldDescriptor*> all;
  for (const auto* field : fields) all[field->number()] = field;
  for (const auto* field : others) all[field->number()] = field;
  for (const auto& [number, field] : all) {
    MessageDifferencer differencer;
    std::vector<const google::protobuf::FieldDescriptor*> only{field};
    if (differencer.CompareWithFields(from, to, only, only)) continue;
    const bool nested = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE &&
                        field->containing_oneof() != nullptr && reflection->HasField(from, field) &&
                        reflection->HasField(to, field);
    if (nested) {
      AddDifferingFields(reflection->GetMessage(from, field), reflection->GetMessage(to, field), names);
    } else {
      names += (names.empty() ? "" : ", ") + field->name();
    }
  }
}

std::string DifferenceText(const v1::DeploymentModel& from, const v1::DeploymentModel& to,
                           const v1::Component& component) {
  const v1::Component& before = *FindComponent(from, component.name());
  std::string fields;
  AddDifferingFields(before, component, fields);
  if (KindName(before) != KindName(component)) {
    return "was of kind " + std::string(KindName(before));
  }
  if (!fields.empty()) return fields + (fields.find(',') == std::string::npos ? " differs" : " differ");
  if (!MessageDifferencer::Equals(RootHostOf(from, before), RootHostOf(to, component))) return "its host differs";
  const std::set<std::string> followed = FollowedBy(to, component);
  if (followed.empty()) return "a secret that it uses differs";
  std::string names;
  for (const std::string& name : followed) names += (names.empty() ? "" : ", ") + name;
  return "follows " + names;
}

StepItem ItemOf(const v1::DeploymentModel& model, const v1::Component& component) {
  StepItem item;
  item.key = component.name();
  item.kind = KindName(component);
  for (const std::string& need : NeedsOf(model, component)) item.needs.push_back(need);
  return item;
}

}  // namespace

std::vector<PlannedStep> PlanSteps(std::span<const StepItem> goal, std::span<const StepItem> leftovers) {
  std::vector<PlannedStep> steps;
  PlanRemovals(leftovers, steps);
  PlanApplications(goal, steps);
  return steps;
}

std::string_view ActionName(PlannedStep::Action action) {
  switch (action) {
    case Action::kApply:
      return "apply";
    case Action::kConfirm:
      return "confirm";
    case Action::kRestart:
      return "restart";
    case Action::kRemove:
      return "remove";
  }
  return "";
}

std::string_view UndoText(PlannedStep::Action action, StepItem::Found found) {
  if (action == Action::kConfirm || action == Action::kRestart) return "nothing";
  if (action == Action::kRemove) return "apply again";
  return found == Found::kMissing ? "remove" : "apply what was there before";
}

ModelDifference DiffModels(const v1::DeploymentModel& from, const std::map<std::string, std::string>& from_secrets,
                           const v1::DeploymentModel& to, const std::map<std::string, std::string>& to_secrets) {
  const auto before = DigestsOf(from, from_secrets);
  const auto after = DigestsOf(to, to_secrets);
  ModelDifference difference;
  for (const v1::Component& component : to.components()) {
    StepItem item = ItemOf(to, component);
    const auto old = before.find(component.name());
    if (old == before.end()) {
      item.detail = "not there";
    } else if (old->second == after.at(component.name())) {
      item.found = Found::kMatches;
    } else {
      item.found = Found::kDiffers;
      item.detail = DifferenceText(from, to, component);
    }
    difference.goal.push_back(std::move(item));
  }
  for (const v1::Component& component : from.components()) {
    if (after.contains(component.name())) continue;
    StepItem item = ItemOf(from, component);
    item.found = Found::kMatches;
    difference.leftovers.push_back(std::move(item));
  }
  difference.steps = PlanSteps(difference.goal, difference.leftovers);
  return difference;
}

}  // namespace motley
