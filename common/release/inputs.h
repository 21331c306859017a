#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/release/model_file.h"
#include "common/release/template.h"
#include "common/release/yaml.h"

namespace motley {

/// The `artifacts` of a file.
struct ArtifactTable {
  std::vector<LocalArtifact> files;
  /// Those that the file names by digest.
  std::map<std::string, v1::ArtifactRef> known;
  /// Where each is named.
  std::map<std::string, YAML::Node> nodes;

  /// All of them: local ones from `local`, or with kPlaceholderDigest if they are not there.
  std::map<std::string, v1::ArtifactRef> Refs(const std::map<std::string, v1::ArtifactRef>& local) const;
};
Result<ArtifactTable> ReadArtifacts(const YamlFile& file, const YAML::Node& node);

/// The `parameters` of a file or variant.
struct ParameterTable {
  std::map<std::string, std::string> values;
  std::map<std::string, YAML::Node> nodes;
};
Result<ParameterTable> ReadParameters(const YamlFile& file, const YAML::Node& node);

/// Puts digests in the place of the names of artifacts in `model`. Adds what was used to `used`. Errors: kInvalid, with
/// the file and line of the component (one of them is not in `refs`).
Result<void> PlaceArtifacts(const YamlFile& file, const std::map<std::string, int>& lines,
                            const std::map<std::string, v1::ArtifactRef>& refs, v1::DeploymentModel& model,
                            std::set<std::string>& used);

/// ProblemsOf, each with the file and line of the thing that it begins with.
std::vector<std::string> LocatedProblems(const YamlFile& file, const Rendered& rendered);

/// Whether each parameter and artifact is used. Errors: kInvalid, with file and line.
Result<void> CheckUse(const YamlFile& file, const std::map<std::string, YAML::Node>& parameters,
                      const std::set<std::string>& used_parameters, const ArtifactTable& artifacts,
                      const std::set<std::string>& used_artifacts);

}  // namespace motley
