#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "motley/v1/model.pb.h"

namespace motley {

/// "OWNER/PORT" of a link as its two parts; both are empty if it is not of that form.
std::pair<std::string, std::string> SplitPortReference(std::string_view reference);

/// The component of this name, or null.
const v1::Component* FindComponent(const v1::DeploymentModel& model, std::string_view name);

/// The host of this name, or null; also for the gateway, which has no entry.
const v1::Host* FindHost(const v1::DeploymentModel& model, std::string_view name);

/// The component that carries `component`, or null if it stands on a host.
const v1::Component* CarrierOf(const v1::DeploymentModel& model, const v1::Component& component);

/// The host at the bottom of what `component` stands on; unset for the gateway and where the hosting is broken.
v1::Host RootHostOf(const v1::DeploymentModel& model, const v1::Component& component);

/// The components that must be up before `component`, each once: what it depends on, follows and stands on, and the
/// providers of the ports that it must have. Names that are not in the model are left out.
std::set<std::string> NeedsOf(const v1::DeploymentModel& model, const v1::Component& component);

/// The components whose change makes `component` be applied anew: what it follows, what it stands on, and the owners of
/// linked ports that it follows. A part of NeedsOf.
std::set<std::string> FollowedBy(const v1::DeploymentModel& model, const v1::Component& component);

/// Names of the secrets that a component's kind, its health check or its host refer to.
std::set<std::string> SecretsOf(const v1::Component& component, const v1::Host& host);
std::set<std::string> SecretsOf(const v1::DeploymentModel& model);

/// Identity of all that matters about each component, by its name: another digest is another version. In it are the
/// component itself without what decides only the order, its root host, the versions of the secrets that it uses (by
/// name; one that is missing counts as the empty version), and the digests of all that it follows.
std::map<std::string, std::string> DigestsOf(const v1::DeploymentModel& model,
                                             const std::map<std::string, std::string>& secret_versions);

}  // namespace motley
