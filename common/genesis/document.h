#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/genesis/genesis.h"
#include "common/genesis/json.h"

namespace motley::genesis {

/// What the type of a component makes it.
enum class Role {
  kUnknown,
  kDevice,    ///< /infra/device
  kEngine,    ///< /infra/docker_host
  kMachine,   ///< /infra/vm_host
  kExternal,  ///< /external and below
  kSoftware,  ///< /internal and below
};

struct DocumentPort {
  std::string name;
  bool mandatory = false;
  std::uint32_t number = 0;
  /// An object, a list of objects, or null.
  Json capabilities;
};

struct DocumentComponent {
  Role role = Role::kUnknown;
  std::string type;
  std::string name;
  std::vector<DocumentPort> provided_execution;
  std::vector<DocumentPort> required_execution;
  std::vector<DocumentPort> provided_communication;
  std::vector<DocumentPort> required_communication;
  Json json;
};

/// A link or a hosting: from a provided to a required port.
struct DocumentLink {
  std::string name;
  std::string source;
  std::string target;
  bool control = false;
  bool deployer = false;
};

/// A GeneSIS model as it stands in the file.
struct Document {
  std::vector<DocumentComponent> components;
  std::vector<DocumentLink> links;
  std::vector<DocumentLink> hostings;
};

/// "/COMPONENT/PORT" as its two parts; both are empty if it is not of that form.
struct PortReference {
  std::string component;
  std::string port;
};
PortReference SplitReference(std::string_view reference);

/// Reads `json`, wrapped or not, and upgrades it when all of it is in the dialect of 2018. Problems that leave nothing
/// to look at go to `import.errors`, what was upgraded to `import.warnings`.
Document ReadDocument(const Json& json, GenesisImport& import);

/// Components by name; the first of several of one name.
std::map<std::string, const DocumentComponent*> ByName(const Document& document);

/// Whether there is a port of this name.
bool HasPort(const std::vector<DocumentPort>& ports, const std::string& name);

/// Fills in the numbers of `import`.
void Count(const Document& document, GenesisImport& import);

/// Says what is wrong by the rules of GeneSIS, in its words and order.
void Judge(const Document& document, GenesisImport& import);

}  // namespace motley::genesis
