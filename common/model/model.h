#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley {

/// Names of gateways, applications, variants, hosts and components: [a-z0-9][a-z0-9._-]{0,62}.
bool IsName(std::string_view text);

/// Everything that is wrong with a model by itself, each with its place and way out; empty for a sound one: names,
/// hosts that fit their kinds, dependencies that exist and make no cycle, one component for a path and for a board,
/// paths, modes, whole references to artifacts. Which boards there are is the gateway's business.
std::vector<std::string> ProblemsOf(const v1::DeploymentModel& model);

/// ProblemsOf as a result: kInvalid with all of them.
Result<void> CheckModel(const v1::DeploymentModel& model);

/// "process", "file", ...; empty for a kind that this version does not know.
std::string_view KindName(const v1::Component& component);

/// The artifact that a component is made from, or null.
const v1::ArtifactRef* ArtifactOf(const v1::Component& component);

/// Identity of all that matters about a component on its host (unset for the gateway): another digest is another
/// version. What it depends on decides only the order, and is left out.
std::string ComponentDigest(const v1::Component& component, const v1::Host& host);

}  // namespace motley
