#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "common/genesis/credentials.h"
#include "common/genesis/document.h"
#include "common/genesis/names.h"

namespace motley::genesis {

/// What the steps from a valid document to a model share. Names of GeneSIS are "originals", ours are "names".
struct Conversion {
  const Document& document;
  GenesisImport& import;
  std::map<std::string, const DocumentComponent*> components;
  /// Original of a guest to that of its carrier.
  std::map<std::string, std::string> carriers;
  /// Of hosts and components.
  Names names{{"gateway"}};
  Credentials credentials;
  /// Original of an engine or machine to the name of the host on which commands run; empty for the gateway.
  std::map<std::string, std::string> machines;
  /// Names of ports, by "/COMPONENT/PORT" of provided and of required ports.
  std::map<std::string, std::string> provided;
  std::map<std::string, std::string> required;
  /// Who has a port number of a machine, by the machine's name.
  std::map<std::string, std::map<std::uint32_t, std::string>> numbers;

  Conversion(const Document& from, GenesisImport& to);

  /// "component "NAME": TEXT"; the name is the original one.
  void Warn(const DocumentComponent& component, std::string_view text);
  /// What `component` stands on in the end; null if nothing does.
  const DocumentComponent* RootOf(const DocumentComponent& component) const;
};

/// Hosts of the model, and `machines`.
void ConvertHosts(Conversion& conversion);

/// Components of the model with their kinds.
void ConvertSoftware(Conversion& conversion);

/// Ports of hosts and components, then the links. After the other two.
void ConvertPortsAndLinks(Conversion& conversion);

/// The properties that everything gets, and all that has no place of its own in the model. Texts go to `properties` as
/// "genesis.FIELD", the rest is named in a warning.
void CarryProperties(Conversion& conversion, const DocumentComponent& component, const std::set<std::string>& placed,
                     google::protobuf::Map<std::string, std::string>& properties);

/// The members of a component that GeneSIS gives to every one of them.
const std::set<std::string>& GeneralMembers();

}  // namespace motley::genesis
