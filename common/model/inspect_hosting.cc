#include "common/model/inspection.h"
#include "common/model/model.h"

namespace motley {
namespace {

using Root = ModelIndex::Root;

bool IsPortable(const v1::Component& component) {
  return component.has_process() || component.has_file() || component.has_script();
}

/// Why `component` can not be carried by another one, or empty.
std::string CarrierProblem(const ModelIndex& index, int number) {
  const v1::Component& component = index.model().components(number);
  const std::string on = "can not stand on component \"" + component.host() + "\": ";
  if (component.has_plugin()) return "";
  if (!IsPortable(component)) {
    return on + "only processes, files, scripts and plugins stand on components; name the host itself";
  }
  if (index.RootOf(number) == Root::kHost && !index.RootHostOf(number).has_ssh()) {
    return on + "that is on host \"" + index.RootHostOf(number).name() +
           "\", and only on the gateway and on ssh hosts do components carry others";
  }
  return "";
}

std::string HostProblem(const v1::Component& component, const v1::Host& host) {
  const std::string on = "can not run on host \"" + host.name() + "\": ";
  const std::string kind(KindName(component));
  switch (host.host_case()) {
    case v1::Host::kExternal:
      return on + "it is external, and nothing is deployed there; put it on a host that is ours";
    case v1::Host::kMcu:
      if (component.has_firmware() || component.has_plugin()) return "";
      return on + "only firmware runs on an mcu";
    case v1::Host::kSsh:
      if (IsPortable(component) || component.has_plugin()) return "";
      if (component.has_container()) return on + "it has no container engine; declare a container_engine on it";
      return on + "components of kind " + kind + " run on the gateway only; leave host out";
    case v1::Host::kContainerEngine:
      if (component.has_container() || component.has_plugin()) return "";
      return on + "only containers run on a container engine";
    case v1::Host::HOST_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace

void InspectHosting(const ModelIndex& index, Problems& problems) {
  for (int i = 0; i < index.model().components_size(); ++i) {
    const v1::Component& component = index.model().components(i);
    const v1::Host* host = IsGateway(component.host()) ? nullptr : index.FindHost(component.host());
    std::string problem;
    if (component.kind_case() == v1::Component::KIND_NOT_SET) continue;
    if (index.CarrierOf(i) == ModelIndex::kNone && host == nullptr && !IsGateway(component.host())) {
      problem = "is on host \"" + component.host() + "\", which is not in the model; declare it under hosts";
    } else if (component.has_firmware()) {
      if (host == nullptr || !host->has_mcu()) problem = "is firmware and needs a host of type mcu";
    } else if (index.CarrierOf(i) != ModelIndex::kNone) {
      problem = CarrierProblem(index, i);
    } else if (host != nullptr) {
      problem = HostProblem(component, *host);
    }
    if (!problem.empty()) problems.Add(Place(component), problem);
  }
}

}  // namespace motley
