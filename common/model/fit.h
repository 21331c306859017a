#pragma once

#include <string>
#include <vector>

#include "motley/v1/fleet.pb.h"
#include "motley/v1/model.pb.h"

namespace motley {

/// Why a sound model can not be carried out on the gateway with this context, each with its place and way out; empty if
/// nothing speaks against it: kinds and plugins that its agent does not have, more memory or disk than there is, no
/// container engine. What the context does not say (an agent of before it was reported) speaks against nothing.
std::vector<std::string> MisfitsOf(const v1::DeploymentModel& model, const v1::Context& context);

}  // namespace motley
