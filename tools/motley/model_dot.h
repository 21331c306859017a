#pragma once

#include <string>

#include "motley/v1/model.pb.h"

namespace motley::cli {

/// The topology for Graphviz's `dot`: a cluster for each host and each component that carries others, a node for each
/// component, an edge for each link (dashed for deployers) and each dependency (dotted).
std::string RenderDot(const v1::DeploymentModel& model);

}  // namespace motley::cli
