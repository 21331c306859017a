#include "common/genesis/dialect_2018.h"

#include <algorithm>
#include <array>

namespace motley::genesis {
namespace {

constexpr std::array<std::string_view, 9> kTypes{"device",   "docker_host", "vm_host", "external_host", "external_node",
                                                 "node_red", "thingml",     "arduino", "ansible"};
/// The names of the ports that each component gets.
constexpr char kExecution[] = "execution";
constexpr char kService[] = "service";
constexpr char kUses[] = "uses";

std::string HostOf(const DocumentComponent& component) { return TextOf(component.json, "id_host"); }

/// Whether some guest of `host` is made from an image.
bool CarriesImage(const Document& document, const std::string& host) {
  for (const DocumentComponent& guest : document.components) {
    const Json* docker = HostOf(guest) == host ? Member(guest.json, "docker_resource") : nullptr;
    if (docker != nullptr && !TextOf(*docker, "image").empty()) return true;
  }
  return false;
}

bool Carries(const Document& document, const std::string& host) {
  return std::any_of(document.components.begin(), document.components.end(),
                     [&](const DocumentComponent& guest) { return HostOf(guest) == host; });
}

/// What was an external host then carried components all the same; today an external service carries nothing.
Role RoleOfExternalHost(const Document& document, const DocumentComponent& host, GenesisImport& import) {
  if (!Carries(document, host.name)) return Role::kExternal;
  const Role role = CarriesImage(document, host.name) ? Role::kEngine : Role::kMachine;
  import.warnings.push_back("component \"" + host.name + "\": an external host that carries components is taken as a " +
                            (role == Role::kEngine ? "container engine" : "machine") +
                            "; check that they may be deployed there");
  return role;
}

void UpgradeType(const Document& document, DocumentComponent& component, GenesisImport& import) {
  if (component.type == "external_host") {
    component.role = RoleOfExternalHost(document, component, import);
    component.type = component.role == Role::kExternal ? "/external"
                     : component.role == Role::kEngine ? "/infra/docker_host"
                                                       : "/infra/vm_host";
  } else if (component.type == "external_node") {
    component.role = HostOf(component).empty() ? Role::kExternal : Role::kSoftware;
    component.type = component.role == Role::kExternal ? "/external" : "/internal";
  } else if (component.type == "device" || component.type == "docker_host" || component.type == "vm_host") {
    component.role = component.type == "device"        ? Role::kDevice
                     : component.type == "docker_host" ? Role::kEngine
                                                       : Role::kMachine;
    component.type = "/infra/" + component.type;
  } else {
    component.role = Role::kSoftware;
    component.type = "/internal/" + component.type;
  }
}

void AddPorts(DocumentComponent& component) {
  if (component.role == Role::kSoftware) {
    component.required_execution = {{kExecution, false, 0, {}}};
  } else {
    component.provided_execution = {{kExecution, false, 0, {}}};
  }
  if (component.role != Role::kSoftware && component.role != Role::kExternal) return;
  component.provided_communication = {{kService, false, PortNumberOf(TextOf(component.json, "port")), {}}};
  component.required_communication = {{kUses, false, 0, {}}};
}

}  // namespace

bool IsDialect2018(const Document& document) {
  if (document.components.empty() || !document.hostings.empty()) return false;
  for (const DocumentComponent& component : document.components) {
    if (std::find(kTypes.begin(), kTypes.end(), component.type) == kTypes.end()) return false;
  }
  return std::none_of(document.links.begin(), document.links.end(), [](const DocumentLink& link) {
    return link.source.starts_with('/') || link.target.starts_with('/');
  });
}

void Upgrade(Document& document, GenesisImport& import) {
  import.warnings.push_back(
      "the model is in the dialect of 2018 and was upgraded: types have paths, id_host became hostings, links join "
      "ports");
  for (DocumentComponent& component : document.components) UpgradeType(document, component, import);
  for (DocumentComponent& component : document.components) {
    AddPorts(component);
    const std::string host = HostOf(component);
    if (host.empty()) continue;
    document.hostings.push_back(
        {component.name + "_on_" + host, "/" + host + "/" + kExecution, "/" + component.name + "/" + kExecution});
  }
  for (DocumentLink& link : document.links) {
    link.source = "/" + link.source + "/" + kService;
    link.target = "/" + link.target + "/" + kUses;
  }
}

}  // namespace motley::genesis
