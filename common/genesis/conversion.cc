#include "common/genesis/conversion.h"

namespace motley::genesis {

Conversion::Conversion(const Document& from, GenesisImport& to) : document(from), import(to), components(ByName(from)) {
  std::vector<std::string> originals;
  for (const DocumentComponent& component : document.components) originals.push_back(component.name);
  names.Give(originals);
  for (const DocumentLink& hosting : document.hostings) {
    carriers.emplace(SplitReference(hosting.target).component, SplitReference(hosting.source).component);
  }
}

void Conversion::Warn(const DocumentComponent& component, std::string_view text) {
  import.warnings.push_back("component \"" + component.name + "\": " + std::string(text));
}

const DocumentComponent* Conversion::RootOf(const DocumentComponent& component) const {
  const DocumentComponent* root = nullptr;
  auto carrier = carriers.find(component.name);
  // As many steps as there are hostings: a cycle, which is not valid, ends.
  for (std::size_t i = 0; i < carriers.size() && carrier != carriers.end(); ++i) {
    root = components.at(carrier->second);
    if (root->role != Role::kSoftware) break;
    carrier = carriers.find(carrier->second);
  }
  return root;
}

const std::set<std::string>& GeneralMembers() {
  static const std::set<std::string> members{"_type",
                                             "name",
                                             "id",
                                             "version",
                                             "properties",
                                             "id_host",
                                             "ip",
                                             "port",
                                             "credentials",
                                             "ssh_resource",
                                             "provided_execution_port",
                                             "docker_resource",
                                             "ansible_resource",
                                             "required_execution_port",
                                             "provided_communication_port",
                                             "required_communication_port"};
  return members;
}

void CarryProperties(Conversion& conversion, const DocumentComponent& component, const std::set<std::string>& placed,
                     google::protobuf::Map<std::string, std::string>& properties) {
  properties["genesis.name"] = component.name;
  for (const char* member : {"id", "version"}) {
    if (const std::string text = TextOf(component.json, member); !text.empty()) {
      properties[std::string("genesis.") + member] = text;
    }
  }
  const Json rest = Pruned(component.json);
  for (const auto& [key, value] : rest.items()) {
    if (GeneralMembers().contains(key) || placed.contains(key) || value == Json(false)) continue;
    if (IsCredentialName(key)) {
      conversion.credentials.Keep(component.name, key, value.is_string() ? TextOf(&value) : Dump(value));
      conversion.Warn(component, "\"" + key + "\" was moved to the secrets; nothing in the model refers to it");
    } else if (value.is_structured()) {
      conversion.Warn(component, "\"" + key + "\" was not carried over; there is no place for it in the model");
    } else {
      properties["genesis." + key] = conversion.credentials.Move(component.name, TextOf(&value));
    }
  }
  if (const Json* list = Member(rest, "properties")) {
    conversion.Warn(component, "its " + std::to_string(list->size()) +
                                   " properties were not carried over; add those that matter to properties:");
  }
}

}  // namespace motley::genesis
