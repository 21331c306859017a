#include "common/model/inspection.h"

namespace motley {

ModelIndex::ModelIndex(const v1::DeploymentModel& model) : model_(model) {
  for (int i = 0; i < model.components_size(); ++i) components_.emplace(model.components(i).name(), i);
  for (const v1::Host& host : model.hosts()) hosts_.emplace(host.name(), &host);
  for (const v1::Component& component : model.components()) {
    // A host goes before a component of the same name, which is reported anyway.
    const bool on_host = IsGateway(component.host()) || hosts_.contains(component.host());
    carriers_.push_back(on_host ? kNone : FindComponent(component.host()));
  }
  FindRoots();
}

int ModelIndex::FindComponent(std::string_view name) const {
  const auto found = components_.find(name);
  return found == components_.end() ? kNone : found->second;
}

const v1::Host* ModelIndex::FindHost(std::string_view name) const {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : found->second;
}

void ModelIndex::FindRoots() {
  const std::size_t count = carriers_.size();
  roots_.assign(count, {Root::kBroken, nullptr});
  std::vector<bool> visited(count, false);
  std::vector<int> path;
  for (std::size_t start = 0; start < count; ++start) {
    path.clear();
    int at = static_cast<int>(start);
    while (at != kNone && !visited[static_cast<std::size_t>(at)]) {
      visited[static_cast<std::size_t>(at)] = true;
      path.push_back(at);
      at = CarrierOf(at);
    }
    if (path.empty()) continue;
    // What was seen before has its root already; on a cycle it is still broken.
    std::pair<Root, const v1::Host*> root{Root::kBroken, nullptr};
    if (at != kNone) {
      root = roots_[static_cast<std::size_t>(at)];
    } else {
      const std::string& name = model_.components(path.back()).host();
      const v1::Host* host = FindHost(name);
      if (IsGateway(name)) root.first = Root::kGateway;
      if (host != nullptr && !IsGateway(name)) root = {Root::kHost, host};
    }
    for (const int component : path) roots_[static_cast<std::size_t>(component)] = root;
  }
}

std::string ModelIndex::MachineOf(int component) const {
  if (RootOf(component) == Root::kBroken) return "";
  if (RootOf(component) == Root::kGateway) return std::string(kGateway);
  const v1::Host& host = RootHostOf(component);
  if (host.has_ssh()) return host.name();
  if (!host.has_container_engine()) return "";
  const std::string& machine = host.container_engine().host();
  return IsGateway(machine) ? std::string(kGateway) : machine;
}

}  // namespace motley
