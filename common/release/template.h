#pragma once

#include <set>
#include <string>

#include "common/base/result.h"
#include "common/release/parameters.h"
#include "common/release/yaml.h"
#include "motley/v1/model.pb.h"

namespace motley {

/// The deployment model of one variant: the `template` of a release file with its parameters filled in and the hosts
/// and components named in `without` left out. References to artifacts carry only the name that they have in the file.
/// Errors: kInvalid, with file and line.
Result<v1::DeploymentModel> RenderTemplate(const YamlFile& file, const YAML::Node& node, Parameters& parameters,
                                           const std::set<std::string>& without);

}  // namespace motley
