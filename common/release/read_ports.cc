#include "common/release/read_model.h"

namespace motley {
namespace {

using Setters = Reader::Setters;

/// The key that says what kind of capability it is: security, hardware or software.
Reader::Setter CapabilityType(Reader& reader, v1::Capability& capability,
                              std::function<void(const std::string& value)> set) {
  return [&reader, &capability, set](const YAML::Node& node, const std::string& what) -> Result<void> {
    if (capability.capability_case() != v1::Capability::CAPABILITY_NOT_SET) {
      return reader.At(node, what + ": a capability is one of security, hardware and software; list them one by one");
    }
    TRY_ASSIGN(const std::string value, reader.Text(node, what));
    set(value);
    if (capability.name().empty()) capability.set_name(value);
    return {};
  };
}

Result<void> ReadCapability(Reader& reader, const YAML::Node& node, const std::string& what,
                            v1::Capability& capability) {
  // What goes with a type is read into these, and put in place when the type is known.
  std::string description, permissions, version;
  Setters setters;
  setters["name"] = reader.String([&] { return capability.mutable_name(); });
  setters["security"] = CapabilityType(
      reader, capability, [&](const std::string& value) { capability.mutable_security()->set_control_id(value); });
  setters["hardware"] = CapabilityType(
      reader, capability, [&](const std::string& value) { capability.mutable_hardware()->set_path(value); });
  setters["software"] = CapabilityType(reader, capability, [&](const std::string&) { capability.mutable_software(); });
  setters["description"] = reader.String([&] { return &description; });
  setters["permissions"] = reader.String([&] { return &permissions; });
  setters["version"] = reader.String([&] { return &version; });
  TRY(reader.Keys(node, what, setters));

  if (capability.capability_case() == v1::Capability::CAPABILITY_NOT_SET) {
    return reader.At(node, what + ": has no type; write security: CONTROL, hardware: PATH or software: NAME");
  }
  const auto belongs = [&](const char* key, const std::string& value, bool fits, const char* type) -> Result<void> {
    if (value.empty() || fits) return {};
    return reader.At(node, what + ": " + key + " belongs to " + type + "; remove it");
  };
  TRY(belongs("description", description, capability.has_security(), "security"));
  TRY(belongs("permissions", permissions, capability.has_hardware(), "hardware"));
  TRY(belongs("version", version, capability.has_software(), "software"));
  if (capability.has_security()) capability.mutable_security()->set_description(description);
  if (capability.has_hardware()) capability.mutable_hardware()->set_permissions(permissions);
  if (capability.has_software()) capability.mutable_software()->set_version(version);
  return {};
}

Setters PortKeys(Reader& reader, v1::Port& port) {
  Setters setters;
  setters["type"] = reader.Choice<v1::Port::Type>(
      {{"communication", v1::Port::TYPE_COMMUNICATION}, {"execution", v1::Port::TYPE_EXECUTION}},
      [&port](v1::Port::Type type) { port.set_type(type); });
  setters["port"] = reader.PortNumber([&port](std::uint32_t number) { port.set_number(number); });
  setters["protocol"] = reader.Choice<std::string>(
      {{"tcp", "tcp"}, {"udp", "udp"}}, [&port](const std::string& protocol) { port.set_protocol(protocol); });
  setters["capabilities"] = [&reader, &port](const YAML::Node& node, const std::string& what) {
    return reader.Items(node, what, [&](const YAML::Node& item) {
      return ReadCapability(reader, item, what, *port.add_capabilities());
    });
  };
  return setters;
}

enum class Side { kProvided, kRequired };

Reader::Setter Ports(Reader& reader, google::protobuf::RepeatedPtrField<v1::Port>& ports, Side side) {
  return [&reader, &ports, side](const YAML::Node& node, const std::string& what) {
    return reader.file().EachEntry(
        node, what, [&](const std::string& name, const YAML::Node&, const YAML::Node& value) -> Result<void> {
          v1::Port& port = *ports.Add();
          port.set_name(name);
          Setters setters = PortKeys(reader, port);
          if (side == Side::kRequired) {
            setters["mandatory"] = reader.Flag([&port](bool mandatory) { port.set_mandatory(mandatory); });
          }
          return reader.Keys(value, what + ": " + name, setters);
        });
  };
}

}  // namespace

Reader::Setter ProvidedPorts(Reader& reader, google::protobuf::RepeatedPtrField<v1::Port>& ports) {
  return Ports(reader, ports, Side::kProvided);
}

Reader::Setter RequiredPorts(Reader& reader, google::protobuf::RepeatedPtrField<v1::Port>& ports) {
  return Ports(reader, ports, Side::kRequired);
}

Result<void> ReadLink(Reader& reader, const YAML::Node& node, const std::string& what, v1::Link& link) {
  TRY(reader.Keys(node, what,
                  {{"name", reader.String([&] { return link.mutable_name(); })},
                   {"from", reader.String([&] { return link.mutable_from(); })},
                   {"to", reader.String([&] { return link.mutable_to(); })},
                   {"follow", reader.Flag([&](bool follow) { link.set_follow(follow); })},
                   {"deployer", reader.Flag([&](bool deployer) { link.set_deployer(deployer); })}}));
  if (link.from().empty() || link.to().empty()) {
    return reader.At(node, what + ": needs from and to, each as OWNER/PORT");
  }
  if (link.name().empty()) link.set_name(link.from() + "->" + link.to());
  return {};
}

}  // namespace motley
