#include "agent/kinds/container_spec.h"

#include <sys/resource.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/kinds/setup.h"
#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAsideMark = ".aside-";
constexpr std::size_t kAsideIdLength = 12;
constexpr std::uint32_t kDefaultStopTimeoutMs = 10'000;
// What systemd gives Docker's own service, and what Podman asks for.
constexpr std::uint64_t kMostOpenFiles = 1 << 20;
constexpr std::uint64_t kMostProcesses = 1 << 20;
// select() can not watch more, and programs that close all descriptors up to the limit take minutes with a million.
constexpr std::uint64_t kSoftOpenFiles = 1024;
constexpr std::uint64_t kMegabyte = 1 << 20;
constexpr std::uint64_t kNanosecondsOfCpuMilli = 1'000'000;
constexpr std::size_t kMaxNamePart = 60;

Error Wrong(const std::string& what) { return {Code::kInvalid, what}; }

std::string Plain(const std::string& text) {
  std::string plain = text.substr(0, kMaxNamePart);
  for (char& c : plain) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!fits) c = '_';
  }
  return plain;
}

std::string ProtocolOf(const v1::PortBinding& port) { return port.protocol().empty() ? "tcp" : port.protocol(); }

bool HoldsNul(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> CheckPorts(const v1::ContainerSpec& spec) {
  for (const auto& port : spec.ports()) {
    const std::string name = std::to_string(port.host_port()) + ":" + std::to_string(port.container_port());
    for (const std::uint32_t number : {port.host_port(), port.container_port()}) {
      if (number < 1 || number > 65535) return Wrong("port " + name + ": a port is a number from 1 to 65535");
    }
    if (ProtocolOf(port) != "tcp" && ProtocolOf(port) != "udp") {
      return Wrong("port " + name + ": protocol \"" + port.protocol() + "\" is not known; use tcp or udp");
    }
  }
  if (spec.ports_size() > 0 && spec.network() == "none") {
    return Wrong("network \"none\" has no ports; leave out the ports or give another network");
  }
  return {};
}

Result<void> CheckMounts(const v1::ContainerSpec& spec) {
  for (const auto& mount : spec.mounts()) {
    const std::string name = "mount \"" + mount.source() + ":" + mount.target() + "\"";
    if (mount.source().empty() || HoldsNul(mount.source()) || HoldsNul(mount.target())) {
      return Wrong(name + ": give an absolute path on the host, or the name of a volume");
    }
    if (!mount.source().starts_with('/') && mount.source().find('/') != std::string::npos) {
      return Wrong(name + ": a path on the host is absolute; write it from the root");
    }
    if (!mount.target().starts_with('/')) return Wrong(name + ": the target is an absolute path in the container");
  }
  return {};
}

Result<void> CheckDevices(const v1::ContainerSpec& spec) {
  for (const auto& device : spec.devices()) {
    const std::string name = "device \"" + device.path_on_host() + "\"";
    if (!device.path_on_host().starts_with('/')) return Wrong(name + ": give its absolute path on the host");
    if (!device.path_in_container().empty() && !device.path_in_container().starts_with('/')) {
      return Wrong(name + ": \"" + device.path_in_container() + "\" is no absolute path in the container");
    }
    if (device.permissions().find_first_not_of("rwm") != std::string::npos) {
      return Wrong(name + ": permissions \"" + device.permissions() + "\" are not of r, w and m");
    }
  }
  return {};
}

Json TextList(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  Json list = Json::array();
  for (const auto& text : texts) list.push_back(text);
  return list;
}

Json Mounts(const v1::ContainerSpec& spec) {
  Json mounts = Json::array();
  for (const auto& mount : spec.mounts()) {
    // Unlike "Binds", this refuses a path that is not there, in place of an empty folder of root's.
    mounts.push_back({{"Type", mount.source().starts_with('/') ? "bind" : "volume"},
                      {"Source", mount.source()},
                      {"Target", mount.target()},
                      {"ReadOnly", mount.read_only()}});
  }
  return mounts;
}

Json Devices(const v1::ContainerSpec& spec) {
  Json devices = Json::array();
  for (const auto& device : spec.devices()) {
    const std::string& inside = device.path_in_container().empty() ? device.path_on_host() : device.path_in_container();
    devices.push_back({{"PathOnHost", device.path_on_host()},
                       {"PathInContainer", inside},
                       {"CgroupPermissions", device.permissions().empty() ? "rwm" : device.permissions()}});
  }
  return devices;
}

// On the host's own network there is nothing to publish: the program opens its ports there itself.
void AddPorts(const v1::ContainerSpec& spec, Json* body) {
  if (spec.network() == "host") return;
  for (const auto& port : spec.ports()) {
    const std::string inside = std::to_string(port.container_port()) + "/" + ProtocolOf(port);
    (*body)["ExposedPorts"][inside] = Json::object();
    (*body)["HostConfig"]["PortBindings"][inside].push_back(
        {{"HostIp", port.host_address()}, {"HostPort", std::to_string(port.host_port())}});
  }
}

Json HostConfig(const v1::Component& component, const ProcessLimits& limits) {
  const auto& spec = component.container();
  Json config = {
      {"NetworkMode", spec.network().empty() ? "bridge" : spec.network()},
      {"RestartPolicy", {{"Name", RestartPolicyOf(spec)}}},
      {"SecurityOpt", {"no-new-privileges"}},
      // Both engines take it; Podman calls it k8s-file and keeps one file.
      {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "1m"}, {"max-file", "2"}}}}},
      // Podman asks for a million of each by itself, and an engine that may not grant that starts no container at all.
      {"Ulimits",
       {{{"Name", "nofile"}, {"Soft", std::min(kSoftOpenFiles, limits.open_files)}, {"Hard", limits.open_files}},
        {{"Name", "nproc"}, {"Soft", limits.processes}, {"Hard", limits.processes}}}},
      {"Mounts", Mounts(spec)},
      {"Devices", Devices(spec)}};
  const auto& most = component.limits();
  if (most.memory_mb() != 0) config["Memory"] = most.memory_mb() * kMegabyte;
  if (most.cpu_millis() != 0) config["NanoCpus"] = most.cpu_millis() * kNanosecondsOfCpuMilli;
  if (most.pids() != 0) config["PidsLimit"] = most.pids();
  return config;
}

// The engines count in seconds; 0 would kill at once.
std::uint32_t StopSeconds(const v1::ContainerSpec& spec) {
  const std::uint32_t ms = spec.stop_timeout_ms() == 0 ? kDefaultStopTimeoutMs : spec.stop_timeout_ms();
  return std::max<std::uint32_t>(1, ms / 1000 + (ms % 1000 != 0 ? 1 : 0));
}

std::uint64_t OwnLimit(__rlimit_resource resource, std::uint64_t most) {
  rlimit own{};
  if (getrlimit(resource, &own) != 0 || own.rlim_max == RLIM_INFINITY) return most;
  return std::min<std::uint64_t>(own.rlim_max, most);
}

}  // namespace

ContainerLabels LabelsOf(const std::string& gateway, const Instance& instance) {
  return {{std::string(kGatewayLabel), gateway},
          {std::string(kApplicationLabel), instance.application},
          {std::string(kComponentLabel), instance.component.name()}};
}

std::string ContainerName(const std::string& gateway, const Instance& instance) {
  // A digest of the whole key, since dashes in names would let two keys meet.
  const std::string digest = Sha256(gateway + "/" + instance.Key()).substr(sizeof "sha256:" - 1, 8);
  return "motley-" + Plain(instance.application) + "-" + Plain(instance.component.name()) + "-" + digest;
}

std::string AsideName(const std::string& name, const std::string& id) {
  return name + std::string(kAsideMark) + id.substr(0, kAsideIdLength);
}

bool IsAside(std::string_view name) {
  // The name of a component may hold the mark, but what follows there ends in a dash and 8 digits.
  const auto mark = name.rfind(kAsideMark);
  if (mark == std::string_view::npos) return false;
  const std::string_view id = name.substr(mark + kAsideMark.size());
  return id.size() == kAsideIdLength && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string RestartPolicyOf(const v1::ContainerSpec& spec) {
  switch (spec.restart()) {
    case v1::ProcessSpec::RESTART_NEVER:
      return "no";
    case v1::ProcessSpec::RESTART_ON_FAILURE:
      return "on-failure";
    default:
      return "unless-stopped";
  }
}

bool MayEnd(const v1::ContainerSpec& spec) { return RestartPolicyOf(spec) != "unless-stopped"; }

Result<void> CheckContainer(const v1::Component& component) {
  const auto& spec = component.container();
  if (spec.image().empty() && !spec.has_archive()) return Wrong("has neither an image nor an archive; give one");
  if (spec.image().find_first_of(" \t\r\n") != std::string::npos || HoldsNul(spec.image())) {
    return Wrong("image \"" + spec.image() + "\" is no reference; write it as registry/name:tag");
  }
  TRY(CheckVariables(spec.environment()));
  TRY(CheckPorts(spec));
  TRY(CheckMounts(spec));
  TRY(CheckDevices(spec));
  for (const auto& [name, value] : spec.labels()) {
    if (!name.empty() && !name.starts_with("io.motley.")) continue;
    return Wrong("label \"" + name + "\" is not for models; those in io.motley. say whose a container is");
  }
  if (!component.user().empty()) {
    return Wrong("user \"" + component.user() + "\" is for processes and scripts; set the user in the image");
  }
  return {};
}

ProcessLimits ProcessLimits::Own() {
  return {OwnLimit(RLIMIT_NOFILE, kMostOpenFiles), OwnLimit(RLIMIT_NPROC, kMostProcesses)};
}

std::string CreateBody(const std::string& gateway, const Instance& instance, const std::string& image_id,
                       const ProcessLimits& limits) {
  const auto& spec = instance.component.container();
  Json environment = Json::array();
  for (const auto& [name, value] :
       std::map<std::string, std::string>(spec.environment().begin(), spec.environment().end())) {
    environment.push_back(name + "=" + value);
  }
  Json labels = Json::object();
  for (const auto& [name, value] : spec.labels()) labels[name] = value;
  for (const auto& [name, value] : LabelsOf(gateway, instance)) labels[name] = value;
  labels[std::string(kDigestLabel)] = instance.digest;
  Json body = {{"Image", image_id},
               {"Env", environment},
               {"Labels", labels},
               {"StopTimeout", StopSeconds(spec)},
               {"HostConfig", HostConfig(instance.component, limits)}};
  if (spec.entrypoint_size() > 0) body["Entrypoint"] = TextList(spec.entrypoint());
  if (spec.command_size() > 0) body["Cmd"] = TextList(spec.command());
  AddPorts(spec, &body);
  // Texts of a protobuf message are UTF-8, so that nothing is ever replaced; the strict handler would throw.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace motley::agent
