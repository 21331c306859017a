#include "common/genesis/document.h"

#include "common/genesis/dialect_2018.h"

namespace motley::genesis {
namespace {

/// As many as CheckModel allows.
constexpr std::size_t kMaxComponents = 1000;
constexpr std::size_t kMaxLinks = 10'000;

bool IsBelow(std::string_view type, std::string_view root) {
  return type == root || (type.starts_with(root) && type.size() > root.size() && type[root.size()] == '/');
}

Role RoleOf(std::string_view type) {
  if (IsBelow(type, "/infra/device")) return Role::kDevice;
  if (IsBelow(type, "/infra/docker_host")) return Role::kEngine;
  if (IsBelow(type, "/infra/vm_host")) return Role::kMachine;
  if (IsBelow(type, "/external")) return Role::kExternal;
  if (IsBelow(type, "/internal")) return Role::kSoftware;
  return Role::kUnknown;
}

/// One port or a list of them: GeneSIS writes a single required execution port without the list.
std::vector<DocumentPort> ReadPorts(const Json& component, const char* member) {
  std::vector<DocumentPort> ports;
  const Json* value = Member(component, member);
  if (value == nullptr) return ports;
  const Json list = value->is_array() ? *value : Json::array({*value});
  for (const Json& item : list) {
    DocumentPort port;
    port.name = TextOf(item, "name");
    if (port.name.empty()) continue;
    port.mandatory = FlagOf(item, "isMandatory");
    port.number = PortNumberOf(TextOf(item, "port_number"));
    if (const Json* capabilities = Member(item, "capabilities")) port.capabilities = *capabilities;
    ports.push_back(std::move(port));
  }
  return ports;
}

DocumentComponent ReadComponent(const Json& json) {
  DocumentComponent component;
  component.type = TextOf(json, "_type");
  component.role = RoleOf(component.type);
  component.name = TextOf(json, "name");
  component.provided_execution = ReadPorts(json, "provided_execution_port");
  component.required_execution = ReadPorts(json, "required_execution_port");
  component.provided_communication = ReadPorts(json, "provided_communication_port");
  component.required_communication = ReadPorts(json, "required_communication_port");
  component.json = json;
  return component;
}

std::vector<DocumentLink> ReadLinks(const Json& model, const char* member) {
  std::vector<DocumentLink> links;
  const Json* list = Member(model, member);
  if (list == nullptr || !list->is_array()) return links;
  for (const Json& item : *list) {
    links.push_back({TextOf(item, "name"), TextOf(item, "src"), TextOf(item, "target"), FlagOf(item, "isControl"),
                     FlagOf(item, "isDeployer")});
  }
  return links;
}

void ReportUndefined(const Document& document, GenesisImport& import) {
  std::size_t undefined = 0;
  for (const DocumentComponent& component : document.components) {
    if (component.role != Role::kUnknown) continue;
    ++undefined;
    import.warnings.push_back("component \"" + component.name + "\": unknown type \"" + component.type +
                              "\"; use /infra/device, /infra/docker_host, /infra/vm_host, /external or /internal");
  }
  if (undefined == 0) return;
  import.errors.push_back("undefined components: " + std::to_string(undefined) + " of " +
                          std::to_string(document.components.size()));
}

/// Whether there is anything to judge.
bool IsTooLarge(const Document& document, GenesisImport& import) {
  if (document.components.size() > kMaxComponents) {
    import.errors.push_back("not a model that can be imported: it has " + std::to_string(document.components.size()) +
                            " components; at most " + std::to_string(kMaxComponents) + " are possible");
  }
  if (document.links.size() > kMaxLinks || document.hostings.size() > kMaxLinks) {
    import.errors.push_back("not a model that can be imported: it has more than " + std::to_string(kMaxLinks) +
                            " links or hostings");
  }
  return !import.errors.empty();
}

}  // namespace

PortReference SplitReference(std::string_view reference) {
  const auto last = reference.rfind('/');
  if (!reference.starts_with('/') || last == 0 || last + 1 == reference.size()) return {};
  return {std::string(reference.substr(1, last - 1)), std::string(reference.substr(last + 1))};
}

Document ReadDocument(const Json& json, GenesisImport& import) {
  Document document;
  const Json* wrapped = Member(json, "dm");
  const Json& model = wrapped == nullptr ? json : *wrapped;
  const Json* components = Member(model, "components");
  if (components == nullptr || !components->is_array()) {
    import.errors.push_back(
        "not a GeneSIS model: there is no list of components; write {\"components\": [...]}, or that as \"dm\"");
    return document;
  }
  for (const Json& component : *components) document.components.push_back(ReadComponent(component));
  document.links = ReadLinks(model, "links");
  document.hostings = ReadLinks(model, "containments");
  if (IsTooLarge(document, import)) return document;
  if (IsDialect2018(document)) Upgrade(document, import);
  ReportUndefined(document, import);
  return document;
}

std::map<std::string, const DocumentComponent*> ByName(const Document& document) {
  std::map<std::string, const DocumentComponent*> by_name;
  for (const DocumentComponent& component : document.components) by_name.emplace(component.name, &component);
  return by_name;
}

bool HasPort(const std::vector<DocumentPort>& ports, const std::string& name) {
  for (const DocumentPort& port : ports) {
    if (port.name == name) return true;
  }
  return false;
}

}  // namespace motley::genesis
