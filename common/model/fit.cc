#include "common/model/fit.h"

#include <set>

#include "common/model/inspection.h"
#include "common/model/model.h"

namespace motley {
namespace {

void AddKindMisfits(const v1::DeploymentModel& model, const v1::Context& context, Problems& misfits) {
  const std::set<std::string_view> kinds(context.kinds().begin(), context.kinds().end());
  for (const v1::Component& component : model.components()) {
    if (component.has_plugin()) {
      const std::string& plugin = component.plugin().plugin();
      if (kinds.contains("plugin:" + plugin)) continue;
      misfits.Add(Place(component),
                  "needs the plugin \"" + plugin +
                      "\", which this gateway does not have; put it into the gateway's plugin folder");
    } else if (!kinds.contains(KindName(component))) {
      misfits.Add(Place(component), "is of kind " + std::string(KindName(component)) +
                                        ", which this gateway's agent can not carry out; update the agent");
    }
  }
}

/// Whether it runs on the engine that the context speaks of.
bool UsesDefaultEngine(const ModelIndex& index, const v1::Component& component) {
  if (!component.has_container()) return false;
  if (IsGateway(component.host())) return true;
  const v1::Host* host = index.FindHost(component.host());
  return host != nullptr && host->has_container_engine() && IsGateway(host->container_engine().host()) &&
         host->container_engine().socket().empty();
}

void AddEngineMisfits(const v1::DeploymentModel& model, Problems& misfits) {
  const ModelIndex index(model);
  for (const v1::Component& component : model.components()) {
    if (!UsesDefaultEngine(index, component)) continue;
    misfits.Add(Place(component),
                "needs a container engine, and none answers on this gateway; install and start docker "
                "or podman (podman.socket)");
  }
}

/// A sum that stays at the largest number.
std::uint64_t Plus(std::uint64_t a, std::uint64_t b) { return a + b < a ? UINT64_MAX : a + b; }

void AddResourceMisfit(const char* what, std::uint64_t needed, std::uint64_t there, Problems& misfits) {
  if (there == 0 || needed <= there) return;
  misfits.Add("the model", "needs " + std::to_string(needed) + " MB of " + what + ", and the gateway has " +
                               std::to_string(there) + "; leave components out, or lower their resources");
}

}  // namespace

std::vector<std::string> MisfitsOf(const v1::DeploymentModel& model, const v1::Context& context) {
  Problems misfits;
  if (!context.kinds().empty()) {
    AddKindMisfits(model, context, misfits);
    if (context.container_engine().empty()) AddEngineMisfits(model, misfits);
  }
  std::uint64_t memory_mb = 0;
  std::uint64_t disk_mb = 0;
  for (const v1::Component& component : model.components()) {
    memory_mb = Plus(memory_mb, component.resources().memory_mb());
    disk_mb = Plus(disk_mb, component.resources().disk_mb());
  }
  AddResourceMisfit("memory", memory_mb, context.memory_mb(), misfits);
  AddResourceMisfit("disk", disk_mb, context.disk_mb(), misfits);
  return misfits.Take();
}

}  // namespace motley
