#pragma once

#include <google/protobuf/map.h>
#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/release/parameters.h"
#include "common/release/yaml.h"
#include "motley/v1/model.pb.h"

namespace motley {

/// Reads the parts of one template: YAML with parameters in its texts, into messages.
///
/// What a map may hold is a table of setters, one for each key, so that an unknown key can be answered with the known
/// ones. The fields that setters write to must outlive their use.
class Reader {
 public:
  /// How one key is read. `what` names it in errors.
  using Setter = std::function<Result<void>(const YAML::Node& value, const std::string& what)>;
  using Setters = std::map<std::string_view, Setter>;

  /// `without`: names of hosts and components that are left out.
  Reader(const YamlFile& file, Parameters& parameters, const std::set<std::string>& without)
      : file_(file), parameters_(parameters), without_(without) {}

  Error At(const YAML::Node& node, std::string_view problem) const { return file_.At(node, problem); }
  const YamlFile& file() const { return file_; }
  bool IsLeftOut(const std::string& name) const { return without_.contains(name); }

  /// The text of a scalar with its parameters filled in.
  Result<std::string> Text(const YAML::Node& node, const std::string& what);
  Result<std::int64_t> Integer(const YAML::Node& node, const std::string& what, std::int64_t least, std::int64_t most);
  /// Gives each key of a map to its setter.
  Result<void> Keys(const YAML::Node& node, const std::string& what, const Setters& setters) const;
  Result<void> Items(const YAML::Node& node, const std::string& what,
                     const std::function<Result<void>(const YAML::Node&)>& item) const {
    return file_.EachItem(node, what, item);
  }

  Setter String(std::function<std::string*()> field);
  /// Any whole number from `least` to `most`.
  template <typename Number>
  Setter Whole(std::function<void(Number)> set, std::int64_t least, std::int64_t most) {
    return [this, set, least, most](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(const std::int64_t number, Integer(node, what, least, most));
      set(static_cast<Number>(number));
      return {};
    };
  }
  /// 1 to a day.
  Setter Milliseconds(std::function<void(std::uint32_t)> set);
  /// 1 to 65535.
  Setter PortNumber(std::function<void(std::uint32_t)> set);
  /// true or false.
  Setter Flag(std::function<void(bool)> set);
  /// One of a few words.
  template <typename Enum>
  Setter Choice(std::vector<std::pair<std::string_view, Enum>> words, std::function<void(Enum)> set) {
    return [this, words, set](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(const std::string text, Text(node, what));
      std::string known;
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].first == text) {
          set(words[i].second);
          return {};
        }
        known += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i].first);
      }
      return At(node, what + ": \"" + text + "\" is not " + known);
    };
  }
  /// The name of an artifact.
  Setter Artifact(std::function<v1::ArtifactRef*()> artifact);
  /// Texts to texts. Keys hold no parameters.
  Setter TextMap(google::protobuf::Map<std::string, std::string>& map);
  Setter TextList(google::protobuf::RepeatedPtrField<std::string>& list);
  /// Two ways to give one thing: `taken` says whether the other one was there before.
  Setter OneSource(std::function<bool()> taken, Setter setter);

 private:
  const YamlFile& file_;
  Parameters& parameters_;
  const std::set<std::string>& without_;
  std::size_t text_bytes_ = 0;
};

}  // namespace motley
