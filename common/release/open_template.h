#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/release/declared_parameters.h"
#include "common/release/inputs.h"
#include "common/release/library.h"
#include "common/release/template.h"
#include "common/release/yaml.h"

namespace motley {

/// A template file that was read and can be filled in, once for each variant.
class OpenTemplate {
 public:
  /// Checks all that can be: the template is filled in with its defaults and examples, and must be sound. `local`:
  /// what is known of the artifacts. Errors: kInvalid, beginning with "FILE:LINE: ".
  static Result<OpenTemplate> Parse(const std::string& file_name, const std::string& text,
                                    const std::map<std::string, v1::ArtifactRef>& local);
  /// The same of one that is stored; messages begin with "template NAME@VERSION:LINE: ".
  static Result<OpenTemplate> Open(const v1::Template& stored);

  /// What the file says. `artifacts` has all of them; those that are not known have kPlaceholderDigest.
  const v1::Template& content() const { return content_; }
  const ArtifactTable& artifacts() const { return artifacts_; }
  const YamlFile& file() const { return file_; }

  /// Whether a parameter may have a value. Errors: kInvalid, without a place (no such parameter, another type).
  Result<void> CheckParameter(const std::string& name, const std::string& value) const;
  /// Whether each parameter has a value. Errors: kInvalid, without a place.
  Result<void> CheckComplete(const std::map<std::string, std::string>& given) const;
  /// Whether it has such a host or component. Errors: kInvalid, without a place.
  Result<void> CheckWithout(const std::string& name) const;

  /// References to artifacts carry only their names in the file. Errors: those of the checks above; kInvalid, with the
  /// place in the template.
  Result<Rendered> Fill(const Filling& filling) const;
  /// The whole model, which is sound. Errors: as Fill; of an unsound model, one line of text for each problem.
  Result<v1::DeploymentModel> Model(const Filling& filling) const;

 private:
  explicit OpenTemplate(YamlFile file) : file_(std::move(file)) {}
  Result<void> Read(const std::string& text, const std::map<std::string, v1::ArtifactRef>& local);
  Result<void> Heading(const std::string& key, const YAML::Node& value);
  Result<void> CheckItself() const;
  std::string Name() const { return "template " + content_.name() + "@" + content_.version(); }
  std::set<std::string> Places() const;

  YamlFile file_;
  YAML::Node node_{YAML::NodeType::Undefined};
  DeclaredParameters declared_;
  ArtifactTable artifacts_;
  v1::Template content_;
};

}  // namespace motley
