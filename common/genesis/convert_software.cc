#include <algorithm>
#include <array>

#include "common/genesis/conversion.h"
#include "common/genesis/convert_container.h"

namespace motley::genesis {
namespace {

/// What GeneSIS fills in where nobody names an image.
constexpr std::string_view kDefaultImage = "ubuntu";
/// In the order in which GeneSIS runs them, each in a shell of its own in the user's home folder.
constexpr std::array kCommands{"downloadCommand", "installCommand", "configureCommand", "startCommand"};
constexpr std::string_view kStop = "stopCommand";

/// The object under `name`; an empty one if there is none.
const Json& ResourceOf(const DocumentComponent& component, const char* name) {
  static const Json none = Json::object();
  const Json* resource = Member(component.json, name);
  return resource == nullptr ? none : *resource;
}

bool HasCommands(const Json& ssh) {
  return std::any_of(kCommands.begin(), kCommands.end(), [&](const char* name) { return !TextOf(ssh, name).empty(); });
}

bool IsBelow(const std::string& type, std::string_view root) {
  return type == root || type.starts_with(std::string(root) + "/");
}

/// Parentheses keep the folder that a command changes to from the next one.
std::string CommandText(Conversion& conversion, const DocumentComponent& component, const Json& ssh,
                        std::string_view name) {
  const std::string command = TextOf(ssh, std::string(name).c_str());
  if (command.empty()) return "";
  return "# " + std::string(name) + "\n(\n" + conversion.credentials.Move(component.name, command) + "\n)\n";
}

/// The commands are written for the shell that a login gets, which is seldom /bin/sh: "&>" stands in many of them.
constexpr std::string_view kOpening = "#!/bin/bash\nset -e\ncd ~\n";

void ConvertScript(Conversion& conversion, const DocumentComponent& component, const Json& ssh,
                   v1::ScriptSpec& script) {
  std::string apply(kOpening);
  for (const char* name : kCommands) apply += CommandText(conversion, component, ssh, name);
  script.set_apply(apply);
  const std::string undo = CommandText(conversion, component, ssh, kStop);
  if (!undo.empty()) script.set_undo(std::string(kOpening) + undo);
  if (undo.empty()) conversion.Warn(component, "has no stop command: nothing is undone when it goes; write undo:");
  if (!TextOf(ssh, "startCommand").empty()) {
    conversion.Warn(component, "is started by a command, and nothing sees when it ends; a process: is kept alive");
  }
}

void WarnOfCommands(Conversion& conversion, const DocumentComponent& component, const Json& ssh,
                    const std::string& machine) {
  if (const Json* upload = Member(ssh, "uploadCommand"); upload != nullptr && !Pruned(*upload).empty()) {
    conversion.Warn(component, "its upload of a file of the author's was not carried over; add a file: component");
  }
  const v1::Host* host = nullptr;
  for (const v1::Host& candidate : conversion.import.model.hosts()) {
    if (candidate.name() == machine && candidate.has_ssh()) host = &candidate;
  }
  const Json* credentials = Member(ssh, "credentials");
  const std::string user = credentials == nullptr ? "" : TextOf(*credentials, "username");
  if (host == nullptr || user.empty() || user == host->ssh().user() || !HasCommands(ssh)) return;
  conversion.Warn(component, "its commands ran as \"" + user + "\", and will run as the user of host \"" + machine +
                                 "\", \"" + host->ssh().user() + "\"");
}

/// What a plugin gets: all that the component says of itself, and its commands.
std::string ConfigOf(Conversion& conversion, const DocumentComponent& component, const Json& ssh,
                     const std::set<std::string>& left_out) {
  Json config = Json::object();
  for (const auto& [key, value] : component.json.items()) {
    if (!GeneralMembers().contains(key) && !left_out.contains(key)) config[key] = value;
  }
  for (const char* name : kCommands) config["commands"][name] = TextOf(ssh, name);
  config["commands"][std::string(kStop)] = TextOf(ssh, std::string(kStop).c_str());
  config = Pruned(config);
  conversion.credentials.Move(component.name, config);
  return Dump(config);
}

/// Each text of a configuration that is the path of a file of the author's.
void WarnOfFiles(Conversion& conversion, const DocumentComponent& component) {
  for (const char* member : {"file", "sketch", "path_flow", "security_checker"}) {
    if (TextOf(component.json, member).empty()) continue;
    conversion.Warn(component, "\"" + std::string(member) +
                                   "\" is a path on the author's machine; add the file to the release and list it in "
                                   "artifacts:");
  }
}

/// "arduino" of "/internal/arduino", "thingml" of all below that.
std::string PluginOf(const std::string& type) {
  if (IsBelow(type, "/internal/thingml")) return "thingml";
  if (IsBelow(type, "/internal/arduino")) return "arduino";
  return NameFrom(type.substr(type.rfind('/') + 1));
}

void ConvertPlugin(Conversion& conversion, const DocumentComponent& component, const Json& ssh,
                   v1::PluginSpec& plugin) {
  plugin.set_plugin(PluginOf(component.type));
  plugin.set_config(ConfigOf(conversion, component, ssh, {}));
  conversion.Warn(component, "needs the plugin \"" + plugin.plugin() + "\" on the gateway; without it, it is refused");
  WarnOfFiles(conversion, component);
}

/// The plugin takes the name of an artifact: that of the file is as good as any.
void ConvertAnsible(Conversion& conversion, const DocumentComponent& component, v1::PluginSpec& plugin) {
  const Json& ansible = ResourceOf(component, "ansible_resource");
  const std::string path = TextOf(ansible, "playbook_path");
  const std::string name = path.substr(path.find_last_of("/\\") + 1);
  plugin.set_plugin("ansible");
  plugin.set_config(Dump({{"playbook", name}}));
  conversion.Warn(component,
                  "needs the plugin \"ansible\" on the gateway; its playbook is a path on the author's "
                  "machine: add the file to the release as artifact \"" +
                      name + "\" and list it in artifacts:");
  if (!TextOf(ansible, "playbook_host").empty()) {
    conversion.Warn(component,
                    "its playbook was run against other hosts; the plugin runs it against the gateway itself");
  }
}

/// The flow that runs in a Node-RED: a component of its own, which the container carries.
void ConvertFlow(Conversion& conversion, const DocumentComponent& component, const std::string& carrier) {
  const Json rest = Pruned(component.json);
  Json config = Json::object();
  for (const auto& [from, to] : {std::pair("nr_flow", "flow"), {"path_flow", "flow_file"}, {"packages", "packages"}}) {
    if (const Json* value = Member(rest, from)) config[to] = *value;
  }
  if (config.empty()) return;
  conversion.credentials.Move(component.name, config);
  v1::Component* flow = conversion.import.model.add_components();
  flow->set_name(conversion.names.New(carrier + "-flow"));
  flow->set_host(carrier);
  flow->mutable_plugin()->set_plugin("node-red");
  flow->mutable_plugin()->set_config(Dump(config));
  (*flow->mutable_properties())["genesis.name"] = component.name;
  conversion.Warn(component, "its flow is component \"" + flow->name() +
                                 "\" and needs the plugin \"node-red\" on the gateway; without it, it is refused");
  WarnOfFiles(conversion, component);
}

void ConvertNothing(Conversion& conversion, const DocumentComponent& component, v1::ScriptSpec& script) {
  script.set_apply("# Nothing: the GeneSIS model does not say how this is deployed.\n:\n");
  conversion.Warn(component,
                  "says neither by an image on a container host nor by commands how it is deployed; it became a script "
                  "that does nothing: write what it is");
}

void ConvertImage(Conversion& conversion, const DocumentComponent& component, const Json& ssh,
                  v1::ContainerSpec& container) {
  ConvertContainer(conversion, component, ResourceOf(component, "docker_resource"), container);
  if (container.image() == kDefaultImage && container.command().empty()) {
    conversion.Warn(component,
                    "its container is made from \"ubuntu\", which GeneSIS fills in, and ends at once; name "
                    "its image or a command");
  }
  if (HasCommands(ssh)) {
    conversion.Warn(component, "its commands were not carried over, as it is a container; put them into its image");
  }
}

/// Resources that were filled in by default stand beside the one that is meant: the type decides first, then what only
/// an author can have written.
void ConvertKind(Conversion& conversion, const DocumentComponent& component, const DocumentComponent& root,
                 v1::Component& to) {
  const Json& ssh = ResourceOf(component, "ssh_resource");
  const std::string image = TextOf(ResourceOf(component, "docker_resource"), "image");
  const bool commands = HasCommands(ssh);
  if (root.role == Role::kDevice || IsBelow(component.type, "/internal/thingml") ||
      IsBelow(component.type, "/internal/arduino")) {
    ConvertPlugin(conversion, component, ssh, *to.mutable_plugin());
  } else if (!TextOf(ResourceOf(component, "ansible_resource"), "playbook_path").empty()) {
    ConvertAnsible(conversion, component, *to.mutable_plugin());
  } else if (root.role == Role::kEngine && !image.empty() && (image != kDefaultImage || !commands)) {
    ConvertImage(conversion, component, ssh, *to.mutable_container());
  } else if (commands) {
    ConvertScript(conversion, component, ssh, *to.mutable_script());
  } else {
    ConvertNothing(conversion, component, *to.mutable_script());
  }
}

/// Whether the container, or what else it is, stands where its carrier says: only containers stand on engines.
std::string HostFor(const Conversion& conversion, const DocumentComponent& component, const DocumentComponent& root,
                    bool container) {
  const std::string& carrier = conversion.carriers.at(component.name);
  if (carrier != root.name || root.role != Role::kEngine || container) return conversion.names.Of(carrier);
  return conversion.machines.at(root.name);
}

/// What a resource logs in with is of no use here, but may not get lost.
void KeepCredentials(Conversion& conversion, const DocumentComponent& component) {
  for (const char* resource : {"docker_resource", "ssh_resource", "ansible_resource"}) {
    const Json* credentials = Member(ResourceOf(component, resource), "credentials");
    if (credentials == nullptr) continue;
    for (const char* secret : {"password", "sshkey"}) {
      const std::string value = TextOf(*credentials, secret);
      if (value.empty()) continue;
      conversion.credentials.Keep(component.name, secret, value);
      conversion.Warn(component, "the " + std::string(secret) + " of its " + resource +
                                     " was moved to the secrets, but is not used: the host has the credentials");
    }
  }
}

}  // namespace

void ConvertSoftware(Conversion& conversion) {
  for (const DocumentComponent& component : conversion.document.components) {
    if (component.role != Role::kSoftware) continue;
    const DocumentComponent& root = *conversion.RootOf(component);
    const std::string name = conversion.names.Of(component.name);
    v1::Component to;
    to.set_name(name);
    ConvertKind(conversion, component, root, to);
    to.set_host(HostFor(conversion, component, root, to.has_container()));
    std::set<std::string> placed{"nr_flow", "path_flow", "packages"};
    if (to.has_plugin() && to.plugin().plugin() != "ansible") {
      // All of it is in its configuration.
      for (const auto& [key, value] : component.json.items()) placed.insert(key);
    }
    CarryProperties(conversion, component, placed, *to.mutable_properties());
    KeepCredentials(conversion, component);
    WarnOfCommands(conversion, component, ResourceOf(component, "ssh_resource"), to.host());
    const bool plugin = to.has_plugin();
    *conversion.import.model.add_components() = std::move(to);
    if (!plugin) ConvertFlow(conversion, component, name);
  }
}

}  // namespace motley::genesis
