#pragma once

#include <map>
#include <string>

#include "common/base/result.h"
#include "common/release/inputs.h"
#include "common/release/yaml.h"
#include "motley/v1/release.pb.h"

namespace motley {

/// The `parameters` of a template file.
struct DeclaredParameters {
  std::map<std::string, v1::TemplateParameter> by_name;
  /// Where each is declared.
  std::map<std::string, YAML::Node> nodes;
};

/// Each is a default, or a map of default or example, type, description and one_of. Errors: kInvalid, with file and
/// line (also a default or example that is not of the type).
Result<DeclaredParameters> ReadDeclarations(const YamlFile& file, const YAML::Node& node);

/// Whether `value` is of the type of `parameter`, and one of those that it may have. Errors: kInvalid, without a place.
Result<void> CheckParameterValue(const v1::TemplateParameter& parameter, const std::string& value);

/// Whether none of the parameters has a name that stands for the application, version or variant. Errors: kInvalid,
/// with file and line.
Result<void> CheckFreeNames(const YamlFile& file, const std::map<std::string, YAML::Node>& nodes);

}  // namespace motley
