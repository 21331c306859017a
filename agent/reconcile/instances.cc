#include "agent/reconcile/instances.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/files/files.h"
#include "common/model/model.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kMaxBundleBytes = 8 * 1024 * 1024;

void Reference(const v1::ArtifactRef& ref, std::vector<v1::ArtifactRef>& refs) {
  const auto same = [&](const v1::ArtifactRef& other) { return other.digest() == ref.digest(); };
  if (!ref.digest().empty() && std::none_of(refs.begin(), refs.end(), same)) refs.push_back(ref);
}

Result<v1::DeploymentModel> LoadModel(const ArtifactStore& store, const v1::DesiredApplication& application) {
  TRY_ASSIGN(const std::string bytes, ReadFile(store.PathOf(application.bundle().digest()), kMaxBundleBytes));
  v1::DeploymentModel model;
  if (!model.ParseFromString(bytes)) {
    return Error{Code::kCorrupt, "bundle " + application.bundle().digest() + " is not a deployment model"};
  }
  TRY(CheckModel(model));
  return model;
}

/// One file can only be what one component says.
Result<void> CheckPaths(const std::vector<Instance>& instances) {
  std::map<std::string, std::string> owners;
  for (const Instance& instance : instances) {
    if (!instance.component.has_file()) continue;
    const auto [owner, fresh] = owners.emplace(instance.component.file().path(), instance.Key());
    if (!fresh) {
      return Error{Code::kInvalid, "both " + owner->second + " and " + instance.Key() + " want the file " +
                                       owner->first + "; give one of them another path"};
    }
  }
  return {};
}

}  // namespace

std::vector<v1::ArtifactRef> BundlesOf(const v1::DesiredState& desired) {
  std::vector<v1::ArtifactRef> refs;
  for (const v1::DesiredApplication& application : desired.applications()) Reference(application.bundle(), refs);
  return refs;
}

std::vector<v1::ArtifactRef> ArtifactsOf(const std::vector<Instance>& instances) {
  std::vector<v1::ArtifactRef> refs;
  for (const Instance& instance : instances) {
    if (const v1::ArtifactRef* artifact = ArtifactOf(instance.component)) Reference(*artifact, refs);
  }
  return refs;
}

Result<std::vector<Instance>> LoadInstances(const ArtifactStore& store, const v1::DesiredState& desired) {
  std::vector<Instance> instances;
  for (const v1::DesiredApplication& application : desired.applications()) {
    const std::string name = application.application() + " " + application.version();
    TRY_ASSIGN(const v1::DeploymentModel model, LoadModel(store, application).While(name));
    for (const v1::Component& component : model.components()) {
      Instance instance{.application = application.application(), .component = component, .host = {}, .digest = {}};
      for (const v1::Host& host : model.hosts()) {
        if (host.name() == component.host()) instance.host = host;
      }
      instance.digest = ComponentDigest(component, instance.host);
      instances.push_back(std::move(instance));
    }
  }
  TRY(CheckPaths(instances));
  return instances;
}

std::vector<Instance> Leftovers(const std::vector<Instance>& instances, const std::vector<Instance>& goal) {
  std::set<std::string> wanted;
  for (const Instance& instance : goal) wanted.insert(instance.Key());
  std::vector<Instance> leftovers;
  for (const Instance& instance : instances) {
    if (!wanted.contains(instance.Key())) leftovers.push_back(instance);
  }
  return leftovers;
}

}  // namespace motley::agent
