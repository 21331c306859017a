#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley {

/// Names of gateways, applications, variants, hosts and components: [a-z0-9][a-z0-9._-]{0,62}.
bool IsName(std::string_view text);

/// Everything that is wrong with a model by itself, each with its place and way out; empty for a sound one: names,
/// hosts that fit their kinds, ports and links that fit each other, needs that make no cycle, nothing that two
/// components use, and what each kind holds. What a gateway can carry out is said by MisfitsOf (common/model/fit.h);
/// which boards there are is the gateway's business. Takes time in proportion to the model.
std::vector<std::string> ProblemsOf(const v1::DeploymentModel& model);

/// ProblemsOf as a result: kInvalid with all of them.
Result<void> CheckModel(const v1::DeploymentModel& model);

/// "process", "file", ...; empty for a kind that this version does not know.
std::string_view KindName(const v1::Component& component);

/// The names of all kinds, in the order of the messages.
std::span<const std::string_view> KindNames();

/// The artifacts that a component is made from, by its health check as well.
std::vector<const v1::ArtifactRef*> ArtifactsOf(const v1::Component& component);
std::vector<v1::ArtifactRef*> MutableArtifactsOf(v1::Component& component);

}  // namespace motley
