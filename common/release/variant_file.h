#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/release/inputs.h"
#include "common/release/open_template.h"
#include "common/release/yaml.h"
#include "motley/v1/release.pb.h"

namespace motley {

/// What a variant says, in a release file as in a file of its own.
struct VariantEntry {
  std::string name;
  std::string when;
  std::int32_t prefer = 0;
  ParameterTable parameters;
  /// Hosts and components that are left out, and where they are named.
  std::map<std::string, YAML::Node> without;
};

/// The keys that ReadVariantKey knows.
inline constexpr std::string_view kVariantKeys[] = {"name", "when", "prefer", "parameters", "without"};

/// Reads one of kVariantKeys; false: it is none. Errors: kInvalid, with file and line.
Result<bool> ReadVariantKey(const YamlFile& file, const std::string& key, const YAML::Node& value, VariantEntry& entry);

/// Whether what the entry says fits the template. Errors: kInvalid, with the entry's file and line.
Result<void> CheckFits(const YamlFile& file, const YAML::Node& node, const VariantEntry& entry,
                       const OpenTemplate& open);

/// A variant file that was read.
class VariantFile {
 public:
  /// Errors: kInvalid, beginning with "FILE:LINE: ".
  static Result<VariantFile> Parse(const std::string& file_name, const std::string& text);

  /// What the file says, without a model.
  const v1::TemplateVariant& content() const { return content_; }
  /// With its model; `open` is its template. Errors: kInvalid.
  Result<v1::TemplateVariant> Complete(const OpenTemplate& open) const;

 private:
  explicit VariantFile(YamlFile file) : file_(std::move(file)) {}
  Result<void> Read(const std::string& text);
  Result<void> Heading(const std::string& key, const YAML::Node& value);

  YamlFile file_;
  VariantEntry entry_;
  v1::TemplateVariant content_;
};

}  // namespace motley
