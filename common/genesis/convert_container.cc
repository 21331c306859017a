#include "common/genesis/convert_container.h"

namespace motley::genesis {
namespace {

/// Words of a command line, as `docker run IMAGE COMMAND` takes them; quotes hold words together.
void SplitWords(const std::string& line, google::protobuf::RepeatedPtrField<std::string>& words) {
  std::string word;
  bool inside = false;
  char quote = '\0';
  for (const char letter : line) {
    if (quote != '\0') {
      if (letter == quote) {
        quote = '\0';
      } else {
        word += letter;
      }
    } else if (letter == '"' || letter == '\'') {
      quote = letter;
      inside = true;
    } else if (letter == ' ' || letter == '\t' || letter == '\n') {
      if (inside) *words.Add() = std::move(word);
      word.clear();
      inside = false;
    } else {
      word += letter;
      inside = true;
    }
  }
  if (inside) *words.Add() = std::move(word);
}

/// "HOST": "CONTAINER", or "HOST": "CONTAINER/udp". The first is the host's: where models say at which number a
/// component is reached ("port_number"), it is the first of the binding, as in "1881": "1880" for a second Node-RED.
void ConvertBindings(Conversion& conversion, const DocumentComponent& component, const Json& docker,
                     v1::ContainerSpec& container) {
  const Json* bindings = Member(docker, "port_bindings");
  if (bindings == nullptr || !bindings->is_object()) return;
  for (const auto& [host, inner] : bindings->items()) {
    std::string guest = TextOf(&inner);
    std::string protocol;
    if (const auto slash = guest.find('/'); slash != std::string::npos) {
      protocol = guest.substr(slash + 1);
      guest.resize(slash);
    }
    const std::uint32_t host_port = PortNumberOf(host);
    const std::uint32_t container_port = PortNumberOf(guest);
    if (host_port == 0 || container_port == 0 || (!protocol.empty() && protocol != "tcp" && protocol != "udp")) {
      conversion.Warn(component, "the port binding of \"" + host +
                                     "\" was not carried over; both must be numbers from "
                                     "1 to 65535");
      continue;
    }
    v1::PortBinding* binding = container.add_ports();
    binding->set_host_port(host_port);
    binding->set_container_port(container_port);
    if (protocol == "udp") binding->set_protocol(protocol);
    const DocumentComponent* root = conversion.RootOf(component);
    if (root == nullptr || !conversion.machines.contains(root->name)) continue;
    conversion.numbers[conversion.machines.at(root->name)].emplace(host_port, component.name);
  }
}

/// One object or a list; GeneSIS writes one without a path where there is none.
void ConvertDevices(const Json& docker, v1::ContainerSpec& container) {
  const Json* devices = Member(docker, "devices");
  if (devices == nullptr) return;
  const Json list = devices->is_array() ? *devices : Json::array({*devices});
  for (const Json& from : list) {
    const std::string path = TextOf(from, "PathOnHost");
    if (path.empty()) continue;
    v1::DeviceMapping* device = container.add_devices();
    device->set_path_on_host(path);
    if (const std::string inner = TextOf(from, "PathInContainer"); inner != path) device->set_path_in_container(inner);
    if (const std::string rights = TextOf(from, "CgroupPermissions"); rights != "rwm") device->set_permissions(rights);
  }
}

/// "NAME=VALUE" each; values of what is called a password go to the secrets.
void ConvertEnvironment(Conversion& conversion, const DocumentComponent& component, const Json& list,
                        v1::ContainerSpec& container) {
  if (!list.is_array()) return;
  for (const Json& item : list) {
    const std::string text = TextOf(&item);
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string name = text.substr(0, equals);
    const std::string value = text.substr(equals + 1);
    (*container.mutable_environment())[name] = IsCredentialName(name) && !value.empty()
                                                   ? conversion.credentials.Keep(component.name, name, value)
                                                   : conversion.credentials.Move(component.name, value);
  }
}

/// "SOURCE:TARGET" or "SOURCE:TARGET:ro" each.
void ConvertBinds(const Json& list, v1::ContainerSpec& container) {
  if (!list.is_array()) return;
  for (const Json& item : list) {
    const std::string text = TextOf(&item);
    const auto first = text.find(':');
    if (first == std::string::npos) continue;
    const auto second = text.find(':', first + 1);
    v1::Mount* mount = container.add_mounts();
    mount->set_source(text.substr(0, first));
    mount->set_target(text.substr(first + 1, second == std::string::npos ? second : second - first - 1));
    mount->set_read_only(second != std::string::npos && text.substr(second + 1).starts_with("ro"));
  }
}

/// The options of the engine's API that have a place of their own here. False for the others.
bool ConvertOption(Conversion& conversion, const DocumentComponent& component, const std::string& name,
                   const Json& value, v1::ContainerSpec& container) {
  if (name == "RestartPolicy") {
    const std::string policy = TextOf(value, "name").empty() ? TextOf(value, "Name") : TextOf(value, "name");
    if (policy == "always" || policy == "unless-stopped") {
      container.set_restart(v1::ProcessSpec::RESTART_ALWAYS);
    } else if (policy == "on-failure") {
      container.set_restart(v1::ProcessSpec::RESTART_ON_FAILURE);
    } else if (policy.empty() || policy == "no") {
      container.set_restart(v1::ProcessSpec::RESTART_NEVER);
    } else {
      return false;
    }
    return true;
  }
  if (name == "NetworkMode") container.set_network(TextOf(&value) == "default" ? "" : TextOf(&value));
  if (name == "Env") ConvertEnvironment(conversion, component, value, container);
  if (name == "Binds") ConvertBinds(value, container);
  return name == "NetworkMode" || name == "Env" || name == "Binds";
}

/// A list of pairs of a name and a value, or an object.
void ConvertOptions(Conversion& conversion, const DocumentComponent& component, const Json& docker,
                    v1::ContainerSpec& container) {
  const Json* options = Member(docker, "extra_options");
  if (options == nullptr || !options->is_structured()) return;
  for (const auto& [key, item] : options->items()) {
    const bool pair = options->is_array() && item.is_array() && item.size() == 2;
    if (options->is_array() && !pair) continue;
    const std::string name = pair ? TextOf(&item[0]) : key;
    if (name.empty() || ConvertOption(conversion, component, name, pair ? item[1] : item, container)) continue;
    conversion.Warn(component,
                    name == "Privileged"
                        ? std::string("\"Privileged\" was not carried over: containers get no privileges; list the "
                                      "devices that it needs in devices:")
                        : "the option \"" + name + "\" of its container was not carried over");
  }
}

}  // namespace

void ConvertContainer(Conversion& conversion, const DocumentComponent& component, const Json& docker,
                      v1::ContainerSpec& container) {
  container.set_image(TextOf(docker, "image"));
  const Json* command = Member(docker, "command");
  if (command != nullptr && command->is_array()) {
    for (const Json& word : *command) container.add_command(conversion.credentials.Move(component.name, TextOf(&word)));
  } else {
    SplitWords(conversion.credentials.Move(component.name, TextOf(command)), *container.mutable_command());
  }
  ConvertBindings(conversion, component, docker, container);
  ConvertDevices(docker, container);
  ConvertOptions(conversion, component, docker, container);
  static const std::set<std::string> known{"name", "image", "command", "port_bindings", "devices", "extra_options"};
  const Json rest = Pruned(docker);
  for (const auto& [key, value] : rest.items()) {
    if (known.contains(key) || value == Json(false)) continue;
    conversion.Warn(component, "\"" + key + "\" of its docker_resource was not carried over");
  }
}

}  // namespace motley::genesis
