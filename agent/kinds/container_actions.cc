#include "agent/kinds/container_actions.h"

#include <unistd.h>

#include <algorithm>

namespace motley::agent {
namespace {

using Status = ContainerDetails::Status;

constexpr std::size_t kQuotedLines = 5;
constexpr std::size_t kQuotedBytes = 1000;

std::string LabelOf(const ContainerLabels& labels, std::string_view name) {
  const auto found = labels.find(std::string(name));
  return found == labels.end() ? "" : found->second;
}

bool IsOurs(const ContainerDetails& container, const ContainerLabels& labels) {
  return std::all_of(labels.begin(), labels.end(),
                     [&](const auto& label) { return LabelOf(container.labels, label.first) == label.second; });
}

Error NameTaken(const std::string& name) {
  return {Code::kConflict,
          "container \"" + name +
              "\" has the name that ours needs, and is not ours by its labels; rename it or take it away"};
}

// Docker refuses a path that is not there; Podman makes an empty folder of it.
Result<void> CheckMountSources(const v1::ContainerSpec& spec) {
  for (const auto& mount : spec.mounts()) {
    const std::string& path = mount.source();
    if (!path.starts_with('/') || access(path.c_str(), F_OK) == 0) continue;
    return Error{Code::kInvalid, "mount \"" + path + ":" + mount.target() + "\": there is no " + path +
                                     " on the gateway; make it first, or give the name of a volume"};
  }
  return {};
}

}  // namespace

Result<ContainerActions::Seen> ContainerActions::Look(const Instance& instance) {
  const std::string name = ContainerName(gateway_, instance);
  const auto size =
      instance.component.limits().disk_mb() != 0 ? DockerEngine::Size::kMeasure : DockerEngine::Size::kUnknown;
  Seen seen;
  TRY_ASSIGN(seen.container, engine_.Inspect(name, size));
  // An id that starts like the name would be found, too.
  if (!seen.container || seen.container->name != name) return Seen{};
  if (!IsOurs(*seen.container, LabelsOf(gateway_, instance))) return NameTaken(name);
  if (!seen.container->health || seen.container->status != Status::kRunning) return seen;
  TRY_ASSIGN(seen.checks_ran, engine_.RunHealthCheck(seen.container->id));
  if (seen.checks_ran) {
    TRY_ASSIGN(seen.container, engine_.Inspect(seen.container->id, size));
  }
  return seen;
}

Result<void> ContainerActions::PutInPlace(const Instance& instance) {
  const std::string name = ContainerName(gateway_, instance);
  TRY_ASSIGN(const auto all, engine_.List(LabelsOf(gateway_, instance)));
  // The one that is in place, else one that was set aside.
  const ContainerSummary* same = nullptr;
  for (const auto& container : all) {
    const bool fits = LabelOf(container.labels, kDigestLabel) == instance.digest &&
                      (container.name == name || IsAside(container.name));
    if (fits && (same == nullptr || container.name == name)) same = &container;
  }
  // The slow part while the old version still runs. What is there already has its image, and needs no registry.
  if (same == nullptr) TRY(images_.Ensure(engine_, instance));
  for (const auto& container : all) {
    if (&container != same && !IsAside(container.name)) TRY(SetAside(instance, container));
  }
  if (same != nullptr) {
    TRY_ASSIGN(const bool started, StartAgain(instance, *same));
    if (started) return {};
  }
  TRY(CheckNameFree(name));
  if (!instance.engine_host) TRY(CheckMountSources(instance.component.container()));
  TRY_ASSIGN(const std::string image, images_.Ensure(engine_, instance));
  const std::string body = CreateBody(gateway_, instance, image, ProcessLimits::Own());
  TRY_ASSIGN(const std::string id, engine_.Create(name, body).While("make its container"));
  return engine_.Start(id).While("start its container");
}

/// False if it can not be: then it is gone, and a new one is to be made.
Result<bool> ContainerActions::StartAgain(const Instance& instance, const ContainerSummary& container) {
  TRY_ASSIGN(const auto found, engine_.Inspect(container.id));
  if (!found) return false;
  if (found->status != Status::kBroken) {
    const auto started = TryToStart(instance, *found);
    if (started) return true;
    // These say nothing about the container.
    if (started.error().code == Code::kConflict || started.error().code == Code::kTimeout) return started.error();
  }
  TRY(engine_.Remove(container.id));
  return false;
}

Result<void> ContainerActions::TryToStart(const Instance& instance, const ContainerDetails& found) {
  const std::string name = ContainerName(gateway_, instance);
  if (found.name != name) {
    TRY(CheckNameFree(name));
    TRY(engine_.Rename(found.id, name));
    TRY(engine_.SetRestartPolicy(found.id, RestartPolicyOf(instance.component.container())));
  }
  const bool unhealthy = found.health && found.health->status == ContainerHealth::Status::kUnhealthy;
  if (found.status == Status::kPaused) TRY(engine_.Unpause(found.id));
  if (found.status == Status::kRunning && unhealthy) TRY(engine_.Stop(found.id));
  return engine_.Start(found.id);
}

Result<void> ContainerActions::CheckNameFree(const std::string& name) {
  TRY_ASSIGN(const auto there, engine_.Inspect(name));
  if (!there || there->name != name) return {};
  return NameTaken(name);
}

Result<void> ContainerActions::SetAside(const Instance& instance, const ContainerSummary& container) {
  const std::string doing = "stop container " + container.name;
  // First: with a policy of its own the engine might start it again, now or at the next boot.
  TRY(engine_.SetRestartPolicy(container.id, "no").While(doing));
  TRY(engine_.Stop(container.id).While(doing));
  return engine_.Rename(container.id, AsideName(ContainerName(gateway_, instance), container.id));
}

Result<void> ContainerActions::SetAllAside(const Instance& instance) {
  TRY_ASSIGN(const auto all, engine_.List(LabelsOf(gateway_, instance)));
  for (const auto& container : all) {
    if (!IsAside(container.name)) TRY(SetAside(instance, container));
  }
  return {};
}

std::string ContainerActions::LastLines(const std::string& container) {
  const auto lines = engine_.LastLogLines(container, kQuotedLines);
  if (!lines) return "";
  if (lines->empty()) return "; it wrote nothing";
  std::string text;
  for (const auto& line : *lines) text += (text.empty() ? "" : " | ") + line;
  if (text.size() > kQuotedBytes) text = text.substr(0, kQuotedBytes) + "...";
  return "; its last lines: " + text;
}

Result<void> ContainerActions::Clean(const std::set<std::string>& busy) {
  TRY_ASSIGN(const auto all, engine_.List({{std::string(kGatewayLabel), gateway_}}));
  Result<void> result;
  for (const auto& container : all) {
    const std::string key =
        LabelOf(container.labels, kApplicationLabel) + "/" + LabelOf(container.labels, kComponentLabel);
    if (!IsAside(container.name) || busy.contains(key)) continue;
    if (auto removed = engine_.Remove(container.id); !removed) {
      result = std::move(removed).While("remove container " + container.name);
    }
  }
  // What is under way may be about to use an image that nobody uses yet.
  if (!busy.empty()) return result;
  if (auto removed = images_.RemoveUnused(engine_); !removed) result = std::move(removed);
  return result;
}

}  // namespace motley::agent
