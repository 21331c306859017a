#include "common/release/yaml.h"

#include <charconv>
#include <set>

#include "common/selector/spelling.h"

namespace motley {
namespace {
constexpr std::size_t kMaxBytes = 1024 * 1024;
}

Result<YamlFile> YamlFile::Parse(const std::string& name, const std::string& text) {
  if (text.size() > kMaxBytes) {
    return Error{Code::kInvalid, name + ": " + std::to_string(text.size()) + " bytes are over the limit of 1 MiB"};
  }
  try {
    YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) return Error{Code::kInvalid, name + ":1: expected keys and values, as in `application: blinky`"};
    return YamlFile(name, std::move(root));
  } catch (const YAML::Exception& error) {
    return Error{Code::kInvalid, name + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg};
  }
}

Error YamlFile::At(const YAML::Node& node, std::string_view problem) const {
  return Error{Code::kInvalid, name_ + ":" + std::to_string(node.Mark().line + 1) + ": " + std::string(problem)};
}

Result<void> YamlFile::EachEntry(const YAML::Node& node, std::string_view what, const EntryFunction& entry) const {
  if (!node.IsMap()) return At(node, std::string(what) + ": expected keys and values");
  std::set<std::string> seen;
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) return At(pair.first, std::string(what) + ": a key must be a word");
    const std::string& key = pair.first.Scalar();
    if (!seen.insert(key).second) return At(pair.first, std::string(what) + ": \"" + key + "\" is there twice");
    TRY(entry(key, pair.first, pair.second));
  }
  return {};
}

Result<void> YamlFile::EachItem(const YAML::Node& node, std::string_view what,
                                const std::function<Result<void>(const YAML::Node&)>& item) const {
  if (!node.IsSequence()) return At(node, std::string(what) + ": expected a list");
  for (const auto& child : node) TRY(item(child));
  return {};
}

Error YamlFile::UnknownKey(const YAML::Node& key_node, std::string_view key, std::string_view what,
                           const std::vector<std::string_view>& known) const {
  std::string problem = std::string(what) + ": unknown key \"" + std::string(key) + "\"" + DidYouMean(key, known);
  if (NearestWord(key, known).empty()) {
    problem += "; known are";
    for (std::size_t i = 0; i < known.size(); ++i) problem += (i == 0 ? " " : ", ") + std::string(known[i]);
  }
  return At(key_node, problem);
}

Result<std::string> YamlFile::Text(const YAML::Node& node, std::string_view what) const {
  if (node.IsNull())
    return At(node, std::string(what) + ": expected a text, found nothing; write \"\" for an empty one");
  if (!node.IsScalar()) return At(node, std::string(what) + ": expected a text or a number");
  return node.Scalar();
}

Result<std::int64_t> YamlFile::Integer(const YAML::Node& node, const std::string& text, std::string_view what,
                                       std::int64_t least, std::int64_t most) const {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return At(node, std::string(what) + ": \"" + text + "\" is not a whole number from " + std::to_string(least) +
                        " to " + std::to_string(most));
  }
  return number;
}

}  // namespace motley
