#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/release/read_model.h"

namespace motley {
namespace {

using Json = nlohmann::json;

// Aliases can make a small text large, and one that holds itself endless.
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxValues = 10'000;

/// YAML of any shape as JSON. Plain scalars are null, true, false or decimal numbers as in YAML 1.2's core schema;
/// parameters are filled in before that. Source: yaml.org/spec/1.2.2, section 10.3.2.
class JsonConverter {
 public:
  explicit JsonConverter(Reader& reader) : reader_(reader) {}

  Result<Json> Convert(const YAML::Node& node, const std::string& what, int depth = 0) {
    if (depth > kMaxDepth) return reader_.At(node, what + ": is nested more than 32 deep; make it flatter");
    if (++values_ > kMaxValues) {
      return reader_.At(node, what + ": has more than 10,000 values; put them into an artifact");
    }
    if (node.IsMap()) return Object(node, what, depth);
    if (node.IsSequence()) return Array(node, what, depth);
    if (node.IsNull()) return Json(nullptr);
    return Scalar(node, what);
  }

 private:
  Result<Json> Object(const YAML::Node& node, const std::string& what, int depth) {
    Json object = Json::object();
    TRY(reader_.file().EachEntry(
        node, what, [&](const std::string& key, const YAML::Node&, const YAML::Node& value) -> Result<void> {
          TRY_ASSIGN(object[key], Convert(value, what + "." + key, depth + 1));
          return {};
        }));
    return object;
  }

  Result<Json> Array(const YAML::Node& node, const std::string& what, int depth) {
    Json array = Json::array();
    TRY(reader_.Items(node, what, [&](const YAML::Node& item) -> Result<void> {
      TRY_ASSIGN(Json value, Convert(item, what, depth + 1));
      array.push_back(std::move(value));
      return {};
    }));
    return array;
  }

  Result<Json> Scalar(const YAML::Node& node, const std::string& what) {
    TRY_ASSIGN(const std::string text, reader_.Text(node, what));
    // "?" is how the library tags what stands there plain, "!" what is quoted.
    if (node.Tag() != "?" && !node.Tag().empty()) return Json(text);
    if (text == "null" || text == "Null" || text == "NULL" || text == "~") return Json(nullptr);
    if (text == "true" || text == "True" || text == "TRUE") return Json(true);
    if (text == "false" || text == "False" || text == "FALSE") return Json(false);
    return Number(node, text, what);
  }

  /// `text` itself where it is no number.
  Result<Json> Number(const YAML::Node& node, const std::string& text, const std::string& what) {
    const std::string_view digits = std::string_view(text).substr(text.starts_with('+') ? 1 : 0);
    const char* const end = digits.data() + digits.size();
    if (IsDecimal(digits)) {
      std::int64_t number = 0;
      if (std::from_chars(digits.data(), end, number).ec == std::errc()) return Json(number);
      std::uint64_t large = 0;
      if (std::from_chars(digits.data(), end, large).ec == std::errc()) return Json(large);
      return reader_.At(node, what + ": " + text + " is too large for a number; write it in quotes");
    }
    if (!IsFloat(digits)) return Json(text);
    double number = 0;
    const auto [stop, fault] = std::from_chars(digits.data(), end, number);
    if (fault == std::errc() && stop == end && std::isfinite(number)) return Json(number);
    return reader_.At(node, what + ": " + text + " is too large for a number; write it in quotes");
  }

  static bool IsDecimal(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  }

  /// -?( . digits | digits ( . digits* )? ) ( [eE] [-+]? digits )?
  static bool IsFloat(std::string_view text) {
    const auto take_digits = [&text] {
      const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
      text.remove_prefix(end);
      return end;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    std::size_t digits = take_digits();
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      digits += take_digits();
    }
    if (digits == 0) return false;
    if (text.empty()) return true;
    if (text.front() != 'e' && text.front() != 'E') return false;
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    return take_digits() > 0 && text.empty();
  }

  Reader& reader_;
  std::size_t values_ = 0;
};

}  // namespace

void AddPluginKeys(Reader& reader, v1::PluginSpec& plugin, Reader::Setters& setters) {
  plugin.set_config("{}");
  setters["plugin"] = reader.String([&] { return plugin.mutable_plugin(); });
  setters["config"] = [&](const YAML::Node& node, const std::string& what) -> Result<void> {
    if (!node.IsMap()) return reader.At(node, what + ": expected keys and values");
    TRY_ASSIGN(const Json config, JsonConverter(reader).Convert(node, what));
    plugin.set_config(config.dump(-1, ' ', false, Json::error_handler_t::replace));
    return {};
  };
  setters["artifacts"] = [&](const YAML::Node& node, const std::string& what) {
    return reader.Items(node, what, [&](const YAML::Node& item) -> Result<void> {
      TRY_ASSIGN(std::string name, reader.Text(item, what));
      plugin.add_artifacts()->set_name(std::move(name));
      return {};
    });
  };
}

}  // namespace motley
