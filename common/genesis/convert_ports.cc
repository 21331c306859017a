#include <algorithm>

#include "common/genesis/conversion.h"

namespace motley::genesis {
namespace {

using ModelPorts = google::protobuf::RepeatedPtrField<v1::Port>;

/// One object or a list. GeneSIS puts a security capability with nothing in it on every port; those are dropped.
void ConvertCapabilities(Conversion& conversion, const DocumentComponent& component, const DocumentPort& from,
                         v1::Port& to) {
  const Json list = from.capabilities.is_array() ? from.capabilities : Json::array({from.capabilities});
  Names names;
  for (const Json& item : list) {
    const std::string control = TextOf(item, "control_id");
    if (control.empty()) {
      const std::string type = TextOf(item, "_type");
      if (type.empty() || type == "/capability/security_capability") continue;
      conversion.Warn(component, "a capability of type \"" + type + "\" on port \"" + from.name +
                                     "\" was not carried over; write it as hardware: or software:");
      continue;
    }
    v1::Capability* capability = to.add_capabilities();
    capability->set_name(names.New(NameFrom(TextOf(item, "name"))));
    capability->mutable_security()->set_control_id(control);
    capability->mutable_security()->set_description(TextOf(item, "description"));
  }
}

struct PortLists {
  ModelPorts& provided;
  ModelPorts& required;
};

/// GeneSIS gives an execution port to each component, though few carry others.
bool Carries(const Conversion& conversion, const DocumentComponent& component) {
  return std::any_of(conversion.carriers.begin(), conversion.carriers.end(),
                     [&](const auto& hosting) { return hosting.second == component.name; });
}

void ConvertPorts(Conversion& conversion, const DocumentComponent& component, PortLists lists) {
  Names names;
  const auto convert = [&](const std::vector<DocumentPort>& ports, ModelPorts& to, v1::Port::Type type,
                           std::map<std::string, std::string>& known) {
    for (const DocumentPort& from : ports) {
      v1::Port* port = to.Add();
      port->set_name(names.New(NameFrom(from.name)));
      port->set_type(type);
      known.emplace("/" + component.name + "/" + from.name, port->name());
      if (&to == &lists.required && type == v1::Port::TYPE_COMMUNICATION) port->set_mandatory(from.mandatory);
      if (&to == &lists.provided && type == v1::Port::TYPE_COMMUNICATION) port->set_number(from.number);
      ConvertCapabilities(conversion, component, from, *port);
    }
  };
  convert(component.provided_communication, lists.provided, v1::Port::TYPE_COMMUNICATION, conversion.provided);
  convert(component.required_communication, lists.required, v1::Port::TYPE_COMMUNICATION, conversion.required);
  if (component.role != Role::kSoftware || Carries(conversion, component)) {
    convert(component.provided_execution, lists.provided, v1::Port::TYPE_EXECUTION, conversion.provided);
  }
  convert(component.required_execution, lists.required, v1::Port::TYPE_EXECUTION, conversion.required);
}

bool Publishes(const v1::ContainerSpec& container, std::uint32_t number) {
  return std::any_of(container.ports().begin(), container.ports().end(),
                     [&](const v1::PortBinding& binding) { return binding.host_port() == number; });
}

/// GeneSIS writes 80 into each port that nobody filled in, and does not look whether two use one number. A number that
/// can not be true is left out.
void SettleNumbers(Conversion& conversion, const DocumentComponent& from, v1::Component& component) {
  const DocumentComponent* root = conversion.RootOf(from);
  const auto machine = root == nullptr ? conversion.machines.end() : conversion.machines.find(root->name);
  const bool reachable = machine != conversion.machines.end();
  for (v1::Port& port : *component.mutable_provided_ports()) {
    if (port.number() == 0) continue;
    if (!reachable || (component.has_container() && !Publishes(component.container(), port.number()))) {
      port.clear_number();
      continue;
    }
    // A container that publishes a number really wants it; that two do is for the model's check to say.
    if (component.has_container()) continue;
    const auto [owner, fresh] = conversion.numbers[machine->second].emplace(port.number(), from.name);
    if (fresh || owner->second == from.name) continue;
    conversion.Warn(from, "before it can be enacted: port number " + std::to_string(port.number()) + " is taken by \"" +
                              owner->second + "\" on the same machine, and was left out; give port \"" + port.name() +
                              "\" the number at which it listens");
    port.clear_number();
  }
}

void ConvertLinks(Conversion& conversion) {
  Names names;
  std::set<std::string> seen;
  std::string controls;
  for (const DocumentLink& from : conversion.document.links) {
    if (!seen.insert(from.name + from.source + from.target + (from.deployer ? "+" : "-")).second) {
      conversion.import.warnings.push_back("link \"" + from.name + "\" is there twice; it was carried over once");
      continue;
    }
    v1::Link* link = conversion.import.model.add_links();
    link->set_name(names.New(NameFrom(from.name)));
    link->set_from(conversion.names.Of(SplitReference(from.source).component) + "/" +
                   conversion.provided.at(from.source));
    link->set_to(conversion.names.Of(SplitReference(from.target).component) + "/" +
                 conversion.required.at(from.target));
    link->set_deployer(from.deployer);
    if (from.control && !from.deployer) controls += (controls.empty() ? "\"" : ", \"") + from.name + "\"";
  }
  if (controls.empty()) return;
  conversion.import.warnings.push_back("that these links control their targets was not carried over: " + controls +
                                       "; where a target must be applied anew with its source, write follow: true");
}

}  // namespace

void ConvertPortsAndLinks(Conversion& conversion) {
  std::map<std::string, const DocumentComponent*> by_name;
  for (const DocumentComponent& component : conversion.document.components) {
    by_name[conversion.names.Of(component.name)] = &component;
  }
  for (v1::Host& host : *conversion.import.model.mutable_hosts()) {
    // Machines that were made for engines have none.
    const auto from = by_name.find(host.name());
    if (from == by_name.end()) continue;
    ConvertPorts(conversion, *from->second, {*host.mutable_provided_ports(), *host.mutable_required_ports()});
  }
  for (const bool containers : {true, false}) {
    for (v1::Component& component : *conversion.import.model.mutable_components()) {
      const auto from = by_name.find(component.name());
      if (from == by_name.end() || component.has_container() != containers) continue;
      ConvertPorts(conversion, *from->second,
                   {*component.mutable_provided_ports(), *component.mutable_required_ports()});
      SettleNumbers(conversion, *from->second, component);
    }
  }
  ConvertLinks(conversion);
}

}  // namespace motley::genesis
