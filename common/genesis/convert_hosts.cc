#include <set>

#include "common/genesis/conversion.h"

namespace motley::genesis {
namespace {

bool IsLoopback(const std::string& address) {
  return address.empty() || address == "localhost" || address == "::1" || address.starts_with("127.");
}

/// GeneSIS lists the ports of a machine, as texts; the one to reach it by SSH is meant when it is the only one.
std::uint32_t SshPortOf(const DocumentComponent& component) {
  const Json* ports = Member(component.json, "port");
  if (ports == nullptr || !ports->is_array() || ports->size() != 1) return 0;
  const std::uint32_t port = PortNumberOf(TextOf(&ports->front()));
  return port == 22 ? 0 : port;
}

std::string UserOf(const Json& credentials) {
  const std::string user = TextOf(credentials, "username");
  return user.empty() ? TextOf(credentials, "login") : user;
}

/// A password is of no use here, as hosts are reached by keys; it is kept for people. The key, if it is there, is used.
std::string MoveHostCredentials(Conversion& conversion, const DocumentComponent& component, const Json& credentials) {
  const std::string& name = conversion.names.Of(component.name);
  if (const std::string password = TextOf(credentials, "password"); !password.empty()) {
    conversion.credentials.Keep(name, "password", password);
    conversion.Warn(component, "its password was moved to the secrets, but is not used: hosts are reached by keys");
  }
  const std::string key = TextOf(credentials, "sshkey");
  if (key.find("PRIVATE KEY") != std::string::npos) return conversion.credentials.Keep(name, "private-key", key);
  const std::string reference = conversion.credentials.Reference(name, "private-key");
  if (!key.empty())
    conversion.Warn(component,
                    "its \"sshkey\" is no key but perhaps the path of one; set the secret to the key itself");
  return reference;
}

void AddSshHost(Conversion& conversion, const DocumentComponent& component, const std::string& name) {
  v1::Host* host = conversion.import.model.add_hosts();
  host->set_name(name);
  v1::SshHost* ssh = host->mutable_ssh();
  const std::string address = TextOf(component.json, "ip");
  ssh->set_address(address.empty() ? "127.0.0.1" : address);
  if (component.role == Role::kMachine) ssh->set_port(SshPortOf(component));
  const Json* credentials = Member(component.json, "credentials");
  const Json none;
  ssh->set_user(UserOf(credentials == nullptr ? none : *credentials));
  if (ssh->user().empty()) {
    ssh->set_user("root");
    conversion.Warn(component, "names no user to log in as; root was taken");
  }
  ssh->set_host_key(conversion.credentials.Reference(conversion.names.Of(component.name), "host-key"));
  ssh->set_private_key(MoveHostCredentials(conversion, component, credentials == nullptr ? none : *credentials));
  conversion.Warn(component, std::string(component.role == Role::kEngine ? "its engine is reached, not over TCP, but "
                                                                         : "is reached ") +
                                 "by SSH as host \"" + name + "\"; set its host key (" + ssh->host_key() +
                                 ") and private key (" + ssh->private_key() + ")");
  if (IsLoopback(address)) {
    conversion.Warn(component, "has the address \"" + address +
                                   "\", which is the gateway itself; give the machine's own before it is enacted");
  }
}

v1::Host* AddHost(Conversion& conversion, const DocumentComponent& component, const std::set<std::string>& placed) {
  v1::Host* host = conversion.import.model.add_hosts();
  host->set_name(conversion.names.Of(component.name));
  CarryProperties(conversion, component, placed, *host->mutable_properties());
  return host;
}

void ConvertDevice(Conversion& conversion, const DocumentComponent& component) {
  v1::Host* host = AddHost(conversion, component, {"device_type", "isLocal", "needDeployer"});
  const std::string board = TextOf(component.json, "device_type");
  host->mutable_mcu()->set_board(board.empty() ? "unknown" : board);
  if (board.empty() || board == "arduino") {
    conversion.Warn(component, "says only \"" + board + "\" for its board; write the type, such as mcu: uno");
  }
  int same = 0;
  for (const DocumentComponent& other : conversion.document.components) {
    same += other.role == Role::kDevice && TextOf(other.json, "device_type") == board;
  }
  if (same > 1) {
    conversion.Warn(component,
                    "is one of several boards of its type, which are told apart by their USB serial numbers, "
                    "not by their ports; set serial_number:");
  }
}

/// The engine stands on the gateway, on the machine that carries it, or on a machine that is made for it.
void ConvertEngine(Conversion& conversion, const DocumentComponent& component) {
  v1::ContainerEngineHost* engine = AddHost(conversion, component, {})->mutable_container_engine();
  std::string& machine = conversion.machines[component.name];
  const DocumentComponent* carrier = conversion.RootOf(component);
  if (carrier != nullptr && conversion.machines.contains(carrier->name)) {
    machine = conversion.machines.at(carrier->name);
  } else if (!IsLoopback(TextOf(component.json, "ip"))) {
    machine = conversion.names.New(conversion.names.Of(component.name) + "-ssh");
    AddSshHost(conversion, component, machine);
  } else if (const Json* credentials = Member(component.json, "credentials")) {
    MoveHostCredentials(conversion, component, *credentials);
  }
  engine->set_host(machine);
}

}  // namespace

void ConvertHosts(Conversion& conversion) {
  // Machines first: engines may stand on them.
  for (const DocumentComponent& component : conversion.document.components) {
    if (component.role != Role::kMachine) continue;
    const std::string name = conversion.names.Of(component.name);
    conversion.machines[component.name] = name;
    AddSshHost(conversion, component, name);
    CarryProperties(conversion, component, {},
                    *conversion.import.model.mutable_hosts()->rbegin()->mutable_properties());
  }
  for (const DocumentComponent& component : conversion.document.components) {
    if (component.role == Role::kDevice) ConvertDevice(conversion, component);
    if (component.role == Role::kEngine) ConvertEngine(conversion, component);
    if (component.role != Role::kExternal) continue;
    const std::string address = TextOf(component.json, "ip");
    AddHost(conversion, component, {})->mutable_external()->set_address(address);
    if (address.empty()) conversion.Warn(component, "has no address; give the one at which it is reached");
  }
}

}  // namespace motley::genesis
