#pragma once

#include <map>
#include <set>
#include <string>

#include "common/base/result.h"
#include "common/release/parameters.h"
#include "common/release/yaml.h"
#include "motley/v1/model.pb.h"

namespace motley {

/// A template with its parameters filled in.
struct Rendered {
  /// References to artifacts carry only the name that they have in the file.
  v1::DeploymentModel model;
  /// Where things stand in the file: `component "web"` (as ProblemsOf begins) to its line, from 1.
  std::map<std::string, int> lines;
};

/// The deployment model of one variant: the `template` of a release file with its parameters filled in and the hosts
/// and components named in `without` left out, with the links that they have. Errors: kInvalid, with file and line.
Result<Rendered> RenderTemplate(const YamlFile& file, const YAML::Node& node, Parameters& parameters,
                                const std::set<std::string>& without);

/// As RenderTemplate, of a model file, whose hosts, components and links stand at the top, beside its inputs.
Result<Rendered> RenderModel(const YamlFile& file, Parameters& parameters);

}  // namespace motley
