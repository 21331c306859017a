#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley {

/// Reads YAML strictly: what is not expected is an error that names file and line.
class YamlFile {
 public:
  /// Errors: kInvalid (no YAML, more than one document, more than 1 MiB, not UTF-8).
  static Result<YamlFile> Parse(const std::string& name, const std::string& text);

  const YAML::Node& root() const { return root_; }

  /// kInvalid, with "FILE:LINE: " in front.
  Error At(const YAML::Node& node, std::string_view problem) const;
  /// The same for a line, from 1.
  Error AtLine(int line, std::string_view problem) const;

  /// What `read` gives; what the library throws becomes an error.
  template <typename T>
  Result<T> Guarded(const std::function<Result<T>()>& read) const {
    try {
      return read();
    } catch (const YAML::Exception& error) {
      return AtLine(error.mark.line + 1, error.msg);
    }
  }

  using EntryFunction =
      std::function<Result<void>(const std::string& key, const YAML::Node& key_node, const YAML::Node& value)>;
  /// Calls `entry` for each key of a map, in the file's order. `what` names it in errors. Errors: no map, a key twice,
  /// and those of `entry`.
  Result<void> EachEntry(const YAML::Node& node, std::string_view what, const EntryFunction& entry) const;
  /// As EachEntry for a list.
  Result<void> EachItem(const YAML::Node& node, std::string_view what,
                        const std::function<Result<void>(const YAML::Node&)>& item) const;

  /// An error that offers the nearest of `known`.
  Error UnknownKey(const YAML::Node& key_node, std::string_view key, std::string_view what,
                   const std::vector<std::string_view>& known) const;

  /// The text of a scalar.
  Result<std::string> Text(const YAML::Node& node, std::string_view what) const;
  Result<std::int64_t> Integer(const YAML::Node& node, const std::string& text, std::string_view what,
                               std::int64_t least, std::int64_t most) const;

 private:
  YamlFile(std::string name, YAML::Node root) : name_(std::move(name)), root_(std::move(root)) {}
  std::string name_;
  YAML::Node root_;
};

}  // namespace motley
