#include "agent/reconcile/instances.h"

#include <algorithm>
#include <map>
#include <set>

#include "agent/reconcile/secrets.h"
#include "common/files/files.h"
#include "common/model/graph.h"
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

Result<Instance> MakeInstance(const std::string& application, const v1::DeploymentModel& model,
                              const v1::Component& component, const SecretValues& secrets) {
  Instance instance;
  instance.application = application;
  instance.component = component;
  instance.host = RootHostOf(model, component);
  TRY(FillInSecrets(secrets, instance.component).While("component \"" + component.name() + "\""));
  TRY(FillInSecrets(secrets, instance.host).While("host \"" + instance.host.name() + "\""));
  if (const v1::Host* engine_host = FindHost(model, instance.host.container_engine().host())) {
    instance.engine_host = *engine_host;
    TRY(FillInSecrets(secrets, *instance.engine_host).While("host \"" + engine_host->name() + "\""));
  }
  if (const v1::Component* carrier = CarrierOf(model, component)) instance.carrier = *carrier;
  for (const std::string& need : NeedsOf(model, component)) instance.needs.push_back(application + "/" + need);
  return instance;
}

/// Where another version of an instance takes its place.
std::string PlaceOf(const Instance& instance) {
  return instance.Key() + " " + std::string(KindName(instance.component)) + " " + instance.host.name();
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
    for (const v1::ArtifactRef* artifact : motley::ArtifactsOf(instance.component)) Reference(*artifact, refs);
  }
  return refs;
}

Result<std::vector<Instance>> LoadInstances(const ArtifactStore& store, const v1::DesiredState& desired,
                                            const SecretValues& secrets) {
  std::map<std::string, std::string> versions;
  for (const v1::SecretVersion& secret : desired.secrets()) versions[secret.name()] = secret.version();
  std::vector<Instance> instances;
  for (const v1::DesiredApplication& application : desired.applications()) {
    const std::string name = application.application() + " " + application.version();
    TRY_ASSIGN(const v1::DeploymentModel model, LoadModel(store, application).While(name));
    const auto digests = DigestsOf(model, versions);
    for (const v1::Component& component : model.components()) {
      TRY_ASSIGN(Instance instance, MakeInstance(application.application(), model, component, secrets).While(name));
      instance.digest = digests.at(component.name());
      instances.push_back(std::move(instance));
    }
  }
  TRY(CheckPaths(instances));
  return instances;
}

std::vector<Instance> Leftovers(const std::vector<Instance>& instances, const std::vector<Instance>& goal) {
  std::set<std::string> wanted;
  for (const Instance& instance : goal) wanted.insert(PlaceOf(instance));
  std::vector<Instance> leftovers;
  for (const Instance& instance : instances) {
    if (!wanted.contains(PlaceOf(instance))) leftovers.push_back(instance);
  }
  return leftovers;
}

}  // namespace motley::agent
