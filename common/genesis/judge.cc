#include <algorithm>
#include <set>

#include "common/genesis/document.h"

namespace motley::genesis {
namespace {

using Components = std::map<std::string, const DocumentComponent*>;

/// The component whose port of the kind `ports` is meant; null if there is none.
const DocumentComponent* OwnerOf(const Components& components, const std::string& reference,
                                 std::vector<DocumentPort> DocumentComponent::*ports) {
  const auto [name, port] = SplitReference(reference);
  const auto found = components.find(name);
  return found == components.end() || !HasPort(found->second->*ports, port) ? nullptr : found->second;
}

void JudgeNames(const Document& document, std::vector<std::string>& errors) {
  std::set<std::string> names;
  for (const DocumentComponent& component : document.components) {
    if (component.name.empty()) errors.push_back("A component of type " + component.type + " has no name!");
    if (!component.name.empty() && !names.insert(component.name).second) {
      errors.push_back(component.name + " is there twice!");
    }
  }
}

void JudgeLinks(const Document& document, const Components& components, std::vector<std::string>& errors) {
  for (const DocumentLink& link : document.links) {
    if (OwnerOf(components, link.source, &DocumentComponent::provided_communication) == nullptr ||
        OwnerOf(components, link.target, &DocumentComponent::required_communication) == nullptr) {
      errors.push_back("Src or target of " + link.name + " does not exist!");
    }
  }
}

/// Returns who carries whom.
std::map<std::string, std::string> JudgeHostings(const Document& document, const Components& components,
                                                 std::vector<std::string>& errors) {
  std::map<std::string, std::string> carriers;
  for (const DocumentLink& hosting : document.hostings) {
    const DocumentComponent* carrier = OwnerOf(components, hosting.source, &DocumentComponent::provided_execution);
    const DocumentComponent* guest = OwnerOf(components, hosting.target, &DocumentComponent::required_execution);
    if (carrier == nullptr || guest == nullptr) {
      errors.push_back("Src or target of " + hosting.name + " does not exist!");
    }
    const std::string name = SplitReference(hosting.target).component;
    const std::string carrier_name = SplitReference(hosting.source).component;
    const auto [known, fresh] = carriers.emplace(name, carrier_name);
    if (!fresh && known->second != carrier_name) errors.push_back(name + " has more than one host!");
  }
  return carriers;
}

void JudgeCarriers(const Document& document, const std::map<std::string, std::string>& carriers,
                   std::vector<std::string>& errors) {
  for (const DocumentComponent& component : document.components) {
    const auto carrier = carriers.find(component.name);
    if (carrier == carriers.end()) {
      if (component.role == Role::kSoftware) errors.push_back(component.name + " has no host!");
      continue;
    }
    std::string below = carrier->second;
    for (std::size_t i = 0; i < carriers.size() && below != component.name; ++i) {
      const auto next = carriers.find(below);
      if (next == carriers.end()) break;
      below = next->second;
    }
    if (below == component.name) errors.push_back(component.name + " is hosted by itself!");
  }
}

void JudgeMandatoryPorts(const Document& document, std::vector<std::string>& errors) {
  std::set<std::string> linked;
  for (const DocumentLink& link : document.links) linked.insert(link.target);
  for (const DocumentComponent& component : document.components) {
    for (const DocumentPort& port : component.required_communication) {
      const std::string reference = "/" + component.name + "/" + port.name;
      if (port.mandatory && !linked.contains(reference))
        errors.push_back("Mandatory port " + reference + " has no link!");
    }
  }
}

}  // namespace

void Count(const Document& document, GenesisImport& import) {
  import.components = static_cast<int>(document.components.size());
  import.links = static_cast<int>(document.links.size());
  import.hostings = static_cast<int>(document.hostings.size());
  GenesisDeployment& deployment = import.first_deployment;
  for (const DocumentComponent& component : document.components) {
    ++(component.role == Role::kSoftware ? deployment.added : deployment.hosts);
  }
  deployment.hosted = import.hostings;
  for (const DocumentLink& link : document.links) ++(link.deployer ? deployment.deployer : deployment.links);
}

void Judge(const Document& document, GenesisImport& import) {
  const Components components = ByName(document);
  JudgeNames(document, import.errors);
  JudgeLinks(document, components, import.errors);
  const auto carriers = JudgeHostings(document, components, import.errors);
  JudgeCarriers(document, carriers, import.errors);
  JudgeMandatoryPorts(document, import.errors);
  const bool mixed = std::any_of(document.components.begin(), document.components.end(),
                                 [](const DocumentComponent& component) { return Member(component.json, "id_host"); });
  if (mixed && !import.errors.empty() && document.hostings.empty()) {
    import.warnings.push_back(
        "the model mixes the dialect of 2018 (id_host, links by plain names) with a later one (types with paths); "
        "write "
        "containments, and /COMPONENT/PORT in links");
  }
}

}  // namespace motley::genesis
