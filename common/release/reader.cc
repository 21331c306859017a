#include "common/release/reader.h"

namespace motley {
namespace {

constexpr std::int64_t kMaxMs = 24ll * 3600 * 1000;
constexpr std::int64_t kMaxPort = 65535;
// Aliases and parameters let a small file say much.
constexpr std::size_t kMaxModelBytes = 16 * 1024 * 1024;

}  // namespace

Result<std::string> Reader::Text(const YAML::Node& node, const std::string& what) {
  TRY_ASSIGN(const std::string text, file_.Text(node, what));
  auto substituted = parameters_.Substitute(text);
  if (!substituted) return At(node, what + ": " + substituted.error().message);
  text_bytes_ += substituted->size();
  if (text_bytes_ > kMaxModelBytes) {
    return At(node, what + ": the model grows to more than 16 MiB here; put long texts into artifacts");
  }
  return substituted;
}

Result<std::int64_t> Reader::Integer(const YAML::Node& node, const std::string& what, std::int64_t least,
                                     std::int64_t most) {
  TRY_ASSIGN(const std::string text, Text(node, what));
  return file_.Integer(node, text, what, least, most);
}

Result<void> Reader::Keys(const YAML::Node& node, const std::string& what, const Setters& setters) const {
  return file_.EachEntry(
      node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
        const auto setter = setters.find(key);
        if (setter != setters.end()) return setter->second(value, what + ": " + key);
        std::vector<std::string_view> known;
        for (const auto& [other, ignored] : setters) known.push_back(other);
        return file_.UnknownKey(key_node, key, what, known);
      });
}

Reader::Setter Reader::String(std::function<std::string*()> field) {
  return [this, field](const YAML::Node& node, const std::string& what) -> Result<void> {
    TRY_ASSIGN(std::string text, Text(node, what));
    *field() = std::move(text);
    return {};
  };
}

Reader::Setter Reader::Milliseconds(std::function<void(std::uint32_t)> set) { return Whole(std::move(set), 1, kMaxMs); }

Reader::Setter Reader::PortNumber(std::function<void(std::uint32_t)> set) { return Whole(std::move(set), 1, kMaxPort); }

Reader::Setter Reader::Flag(std::function<void(bool)> set) {
  return Choice<bool>({{"true", true}, {"false", false}}, std::move(set));
}

Reader::Setter Reader::Artifact(std::function<v1::ArtifactRef*()> artifact) {
  return [this, artifact](const YAML::Node& node, const std::string& what) -> Result<void> {
    TRY_ASSIGN(std::string name, Text(node, what));
    artifact()->set_name(std::move(name));
    return {};
  };
}

Reader::Setter Reader::TextMap(google::protobuf::Map<std::string, std::string>& map) {
  return [this, &map](const YAML::Node& node, const std::string& what) {
    return file_.EachEntry(node, what,
                           [&](const std::string& key, const YAML::Node&, const YAML::Node& value) -> Result<void> {
                             TRY_ASSIGN(map[key], Text(value, what + "." + key));
                             return {};
                           });
  };
}

Reader::Setter Reader::TextList(google::protobuf::RepeatedPtrField<std::string>& list) {
  return [this, &list](const YAML::Node& node, const std::string& what) {
    return Items(node, what, [&](const YAML::Node& item) -> Result<void> {
      TRY_ASSIGN(*list.Add(), Text(item, what));
      return {};
    });
  };
}

Reader::Setter Reader::OneSource(std::function<bool()> taken, Setter setter) {
  return [this, taken, setter](const YAML::Node& node, const std::string& what) -> Result<void> {
    if (taken()) return At(node, what + ": the text stands here and in an artifact; keep one");
    return setter(node, what);
  };
}

}  // namespace motley
