#include <map>
#include <set>

#include "common/model/inspection.h"
#include "common/model/model.h"
#include "common/model/text_forms.h"

namespace motley {
namespace {

constexpr char kNameRule[] =
    "is not a name; use lower-case letters, digits, '.', '_' and '-', at most 63, beginning with a letter or digit";
constexpr std::uint32_t kMaxPort = 65535;

void InspectSsh(const v1::Host& host, Problems& problems) {
  const v1::SshHost& ssh = host.ssh();
  const std::string place = Place(host);
  if (!IsAddress(ssh.address())) {
    problems.Add(place, "has the address \"" + ssh.address() + "\"; give the name or IP address of the machine");
  }
  if (ssh.port() > kMaxPort) {
    problems.Add(place, "has port " + std::to_string(ssh.port()) + "; use one from 1 to 65535");
  }
  if (!IsUserName(ssh.user())) {
    problems.Add(place, "has the user \"" + ssh.user() + "\"; give the name of a user of that machine");
  }
  if (!IsHostKey(ssh.host_key()) && !IsSecretReference(ssh.host_key())) {
    problems.Add(place, "has the host key \"" + ssh.host_key().substr(0, 40) +
                            "\"; give type and key as ssh-keyscan prints them after the address, as in \"ssh-ed25519 "
                            "AAAAC3NzaC1lZDI1NTE5...\"");
  }
  if (!IsSecretReference(ssh.private_key())) {
    // What stands there may be the key itself, so it is not repeated.
    problems.Add(place,
                 "has no reference to a secret as private_key; write ${secret.NAME} and put the key into that secret");
  }
}

void InspectEngine(const ModelIndex& index, const v1::Host& host, Problems& problems) {
  const v1::ContainerEngineHost& engine = host.container_engine();
  const v1::Host* machine = index.FindHost(engine.host());
  if (!IsGateway(engine.host()) && (machine == nullptr || !machine->has_ssh())) {
    problems.Add(Place(host), "is a container engine on \"" + engine.host() +
                                  "\", which is no ssh host of the model; name one, or leave host out for the gateway");
  }
  if (!engine.socket().empty() && !IsNormalisedPath(engine.socket())) {
    problems.Add(Place(host),
                 "has the socket \"" + engine.socket() + "\"; use an absolute path, as in /run/docker.sock");
  }
}

}  // namespace

void InspectNames(const ModelIndex& index, Problems& problems) {
  std::set<std::string_view> hosts;
  for (const v1::Host& host : index.model().hosts()) {
    if (!IsName(host.name())) problems.Add(Place(host), kNameRule);
    if (host.name() == kGateway) {
      problems.Add(Place(host), "is the gateway itself and needs no entry; choose another name");
    }
    if (!hosts.insert(host.name()).second) problems.Add(Place(host), "is there twice; give one of them another name");
  }
  std::set<std::string_view> components;
  for (const v1::Component& component : index.model().components()) {
    if (!IsName(component.name())) problems.Add(Place(component), kNameRule);
    if (component.name() == kGateway) problems.Add(Place(component), "has the gateway's name; choose another one");
    if (!components.insert(component.name()).second) {
      problems.Add(Place(component), "is there twice; give one of them another name");
    } else if (hosts.contains(component.name())) {
      problems.Add(Place(component), "has the name of a host; give one of them another name");
    }
  }
}

void InspectHosts(const ModelIndex& index, Problems& problems) {
  std::map<std::string_view, const v1::Host*> boards;
  for (const v1::Host& host : index.model().hosts()) {
    switch (host.host_case()) {
      case v1::Host::kMcu: {
        if (host.mcu().board().empty()) problems.Add(Place(host), "names no type of board; write mcu: uno");
        if (host.mcu().serial_number().empty()) break;
        const auto [other, fresh] = boards.emplace(host.mcu().serial_number(), &host);
        if (!fresh) {
          problems.Add(Place(host), "has serial number " + host.mcu().serial_number() + ", as " +
                                        Place(*other->second) + " has; a board is one host");
        }
        break;
      }
      case v1::Host::kSsh:
        InspectSsh(host, problems);
        break;
      case v1::Host::kContainerEngine:
        InspectEngine(index, host, problems);
        break;
      case v1::Host::kExternal:
        if (HasControlOrSpace(host.external().address())) {
          problems.Add(Place(host), "has an address with spaces; give one name or address");
        }
        break;
      case v1::Host::HOST_NOT_SET:
        problems.Add(Place(host), "has no type; write mcu: BOARD, ssh, container_engine or external");
    }
  }
}

}  // namespace motley
