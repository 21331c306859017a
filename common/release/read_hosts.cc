#include "common/release/read_model.h"

namespace motley {
namespace {

using Setters = Reader::Setters;
using Setter = Reader::Setter;

/// The key that says what type of host it is.
Setter HostType(Reader& reader, v1::Host& host, Setter setter) {
  return [&reader, &host, setter](const YAML::Node& node, const std::string& what) -> Result<void> {
    if (host.host_case() != v1::Host::HOST_NOT_SET) {
      return reader.At(node, what + ": the host has a type already; a host has one");
    }
    return setter(node, what);
  };
}

Setter Ssh(Reader& reader, v1::Host& host) {
  return [&reader, &host](const YAML::Node& node, const std::string& what) {
    v1::SshHost& ssh = *host.mutable_ssh();
    return reader.Keys(node, what,
                       {{"address", reader.String([&] { return ssh.mutable_address(); })},
                        {"port", reader.PortNumber([&](std::uint32_t port) { ssh.set_port(port); })},
                        {"user", reader.String([&] { return ssh.mutable_user(); })},
                        {"host_key", reader.String([&] { return ssh.mutable_host_key(); })},
                        {"private_key", reader.String([&] { return ssh.mutable_private_key(); })}});
  };
}

Setter ContainerEngine(Reader& reader, v1::Host& host) {
  return [&reader, &host](const YAML::Node& node, const std::string& what) {
    v1::ContainerEngineHost& engine = *host.mutable_container_engine();
    return reader.Keys(node, what,
                       {{"host", reader.String([&] { return engine.mutable_host(); })},
                        {"socket", reader.String([&] { return engine.mutable_socket(); })}});
  };
}

Setter External(Reader& reader, v1::Host& host) {
  return [&reader, &host](const YAML::Node& node, const std::string& what) {
    v1::ExternalHost& external = *host.mutable_external();
    return reader.Keys(node, what, {{"address", reader.String([&] { return external.mutable_address(); })}});
  };
}

}  // namespace

Result<void> ReadHost(Reader& reader, const YAML::Node& node, const std::string& what, v1::Host& host) {
  std::string serial_number;
  Setters setters;
  setters["mcu"] = HostType(reader, host, reader.String([&] { return host.mutable_mcu()->mutable_board(); }));
  setters["serial_number"] = reader.String([&] { return &serial_number; });
  setters["ssh"] = HostType(reader, host, Ssh(reader, host));
  setters["container_engine"] = HostType(reader, host, ContainerEngine(reader, host));
  setters["external"] = HostType(reader, host, External(reader, host));
  setters["provides"] = ProvidedPorts(reader, *host.mutable_provided_ports());
  setters["requires"] = RequiredPorts(reader, *host.mutable_required_ports());
  setters["properties"] = reader.TextMap(*host.mutable_properties());
  TRY(reader.Keys(node, what, setters));
  if (!serial_number.empty() && !host.has_mcu()) {
    return reader.At(node, what + ": serial_number goes with a board; write mcu: BOARD, too");
  }
  if (host.has_mcu()) host.mutable_mcu()->set_serial_number(serial_number);
  return {};
}

}  // namespace motley
