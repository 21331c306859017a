#include <set>
#include <tuple>

#include "common/model/inspection.h"
#include "common/model/text_forms.h"

namespace motley {
namespace {

constexpr std::uint32_t kMaxPort = 65535;

bool IsPort(std::uint32_t number) { return number >= 1 && number <= kMaxPort; }

/// As the engines name volumes and networks.
bool IsEngineName(const std::string& text) {
  constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  return !text.empty() && text.size() <= 255 && text.find_first_of("_.-") != 0 &&
         text.find_first_not_of(std::string(kLetters) + "_.-") == std::string::npos;
}

void InspectBindings(const v1::ContainerSpec& container, const std::string& place, Problems& problems) {
  std::set<std::tuple<std::uint32_t, std::string, std::string>> taken;
  for (const v1::PortBinding& port : container.ports()) {
    const std::string text = std::to_string(port.host_port()) + ":" + std::to_string(port.container_port());
    if (!IsPort(port.host_port()) || !IsPort(port.container_port())) {
      problems.Add(place, "has the port " + text + "; both numbers go from 1 to 65535");
    }
    if (!port.protocol().empty() && port.protocol() != "tcp" && port.protocol() != "udp") {
      problems.Add(place, "has the port " + text + " with protocol \"" + port.protocol() + "\"; use tcp or udp");
    }
    if (!port.host_address().empty() && !IsIpAddress(port.host_address())) {
      problems.Add(place,
                   "has the port " + text + " at \"" + port.host_address() + "\"; use an IP address of the host");
    }
    const std::string protocol = port.protocol().empty() ? "tcp" : port.protocol();
    if (!taken.emplace(port.host_port(), protocol, port.host_address()).second) {
      problems.Add(place, "uses port " + std::to_string(port.host_port()) + "/" + protocol +
                              " of the host twice; give one of them another number");
    }
  }
}

void InspectMounts(const v1::ContainerSpec& container, const std::string& place, Problems& problems) {
  std::set<std::string_view> targets;
  for (const v1::Mount& mount : container.mounts()) {
    if (mount.source() != "/" && !IsNormalisedPath(mount.source()) && !IsEngineName(mount.source())) {
      problems.Add(place, "mounts \"" + mount.source() + "\"; use an absolute path of the host, or a volume's name");
    }
    if (!IsNormalisedPath(mount.target())) {
      problems.Add(place, "mounts something at \"" + mount.target() + "\"; use an absolute path in the container");
    }
    if (!targets.insert(mount.target()).second) {
      problems.Add(place, "mounts two things at " + mount.target() + "; give one of them another target");
    }
  }
}

void InspectDevices(const v1::ContainerSpec& container, const std::string& place, Problems& problems) {
  std::set<std::string_view> paths;
  for (const v1::DeviceMapping& device : container.devices()) {
    const std::string& inside = device.path_in_container().empty() ? device.path_on_host() : device.path_in_container();
    if (!IsNormalisedPath(device.path_on_host()) || !IsNormalisedPath(inside)) {
      problems.Add(place, "has the device \"" + device.path_on_host() + "\"; use absolute paths, as in /dev/ttyUSB0");
    }
    if (device.permissions().find_first_not_of("rwm") != std::string::npos) {
      problems.Add(place, "has the device " + device.path_on_host() + " with permissions \"" + device.permissions() +
                              "\"; use some of \"r\", \"w\" and \"m\"");
    }
    if (!paths.insert(inside).second) problems.Add(place, "has two devices at " + inside + "; remove one of them");
  }
}

}  // namespace

void InspectContainer(const v1::ContainerSpec& container, const std::string& place, Problems& problems) {
  if (container.image().empty()) {
    problems.Add(place, "has no image; name one, as in docker.io/library/nginx:1.25");
  } else if (HasControlOrSpace(container.image()) || container.image().front() == '-') {
    problems.Add(place,
                 "has the image \"" + container.image() + "\"; use a reference such as docker.io/library/nginx:1.25");
  }
  if (container.has_archive()) InspectArtifact(container.archive(), place, problems);
  InspectTexts(container.entrypoint(), "an entrypoint", place, problems);
  InspectTexts(container.command(), "an argument", place, problems);
  InspectEnvironment(container.environment(), place, problems);
  InspectBindings(container, place, problems);
  InspectMounts(container, place, problems);
  InspectDevices(container, place, problems);
  if (!container.network().empty() && !IsEngineName(container.network())) {
    problems.Add(place, "has the network \"" + container.network() + "\"; use bridge, host, none or a network's name");
  }
  if (container.labels().contains("")) problems.Add(place, "has a label without a name; give it one");
}

}  // namespace motley
