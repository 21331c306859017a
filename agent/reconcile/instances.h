#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/artifact/store.h"
#include "agent/kinds/kind.h"
#include "common/base/result.h"
#include "motley/v1/desired.pb.h"

namespace motley::agent {

/// The bundles that a desired state names.
std::vector<v1::ArtifactRef> BundlesOf(const v1::DesiredState& desired);

/// What the instances need from the artifact store, each once.
std::vector<v1::ArtifactRef> ArtifactsOf(const std::vector<Instance>& instances);

/// Values of secrets by name.
using SecretValues = std::map<std::string, std::string>;

/// Reads the bundles, which are in the store, and lists every component of every application with `secrets` filled in.
/// Errors: kCorrupt (a bundle that is no deployment model), kInvalid (a model that does not hold together, or two
/// applications that want the same file), kNotFound (a secret that `secrets` has not).
Result<std::vector<Instance>> LoadInstances(const ArtifactStore& store, const v1::DesiredState& desired,
                                            const SecretValues& secrets);

/// Those of `instances` that no instance of `goal` replaces where it stands: its key is not among them, or is that of
/// another kind or on another host.
std::vector<Instance> Leftovers(const std::vector<Instance>& instances, const std::vector<Instance>& goal);

}  // namespace motley::agent
