#include "agent/kinds/plugin_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace motley::agent {
namespace {

using Json = nlohmann::json;

constexpr int kDepthLimit = 16;
constexpr std::size_t kProblemLimit = 10;
constexpr std::string_view kTypes[] = {"object", "array", "string", "number", "integer", "boolean", "null"};
constexpr std::string_view kIgnored[] = {"title", "description", "default", "examples", "$schema", "$comment"};
constexpr std::string_view kCounts[] = {"minLength", "maxLength", "minItems", "maxItems"};

template <typename List>
bool Contains(const List& list, std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

/// Discarded where it is none, or nested too deep.
Json Parse(const std::string& text) {
  if (IsNestedTooDeep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

Error Bad(const std::string& place, const std::string& why) { return Error{Code::kInvalid, place + ": " + why}; }

bool IsType(const Json& value) {
  const auto* name = value.get_ptr<const std::string*>();
  return name != nullptr && Contains(kTypes, *name);
}

Result<void> CheckSchema(const Json& schema, const std::string& place, int depth);

Result<void> CheckProperties(const Json& properties, const std::string& place, int depth) {
  if (!properties.is_object()) return Bad(place, "properties is to be an object");
  for (const auto& [name, value] : properties.items()) TRY(CheckSchema(value, place + "." + name, depth + 1));
  return {};
}

Result<void> CheckKeyword(const std::string& key, const Json& value, const std::string& place, int depth) {
  if (key == "type") {
    const bool list = value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), IsType);
    return IsType(value) || list ? Result<void>() : Bad(place, "type is to be a name of a type, or a list of them");
  }
  if (key == "properties") return CheckProperties(value, place, depth);
  if (key == "items") return CheckSchema(value, place + "[]", depth + 1);
  if (key == "additionalProperties") {
    return value.is_boolean() ? Result<void>() : CheckSchema(value, place + ".*", depth + 1);
  }
  if (key == "required") {
    const bool names =
        value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_string(); });
    return names ? Result<void>() : Bad(place, "required is to be a list of names");
  }
  if (key == "enum") return value.is_array() ? Result<void>() : Bad(place, "enum is to be a list");
  if (key == "minimum" || key == "maximum") {
    return value.is_number() ? Result<void>() : Bad(place, key + " is to be a number");
  }
  if (Contains(kCounts, key)) {
    return value.is_number_unsigned() ? Result<void>() : Bad(place, key + " is to be a whole number from 0");
  }
  if (key == "const" || Contains(kIgnored, key)) return {};
  return Bad(place, "has the keyword \"" + key.substr(0, 60) + "\", which is not understood here");
}

Result<void> CheckSchema(const Json& schema, const std::string& place, int depth) {
  if (depth > kDepthLimit) return Bad(place, "is nested more than 16 deep");
  if (!schema.is_object()) return Bad(place, "is to be an object");
  for (const auto& [key, value] : schema.items()) TRY(CheckKeyword(key, value, place, depth));
  return {};
}

bool HasType(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  return value.is_number_integer();
}

/// Characters, not bytes.
std::size_t LengthOf(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Collects what a config has wrong, by a schema that is sound.
class Checker {
 public:
  std::vector<std::string> Take() { return std::move(problems_); }

  void Check(const Json& schema, const Json& value, const std::string& place) {
    if (!CheckType(schema, value, place)) return;
    if (const auto list = schema.find("enum"); list != schema.end()) {
      if (std::find(list->begin(), list->end(), value) == list->end()) Add(place, "is to be one of " + list->dump());
    }
    if (const auto only = schema.find("const"); only != schema.end() && *only != value) {
      Add(place, "is to be " + only->dump());
    }
    if (value.is_number()) CheckNumber(schema, value, place);
    if (value.is_object()) CheckObject(schema, value, place);
    if (value.is_array()) {
      CheckCount(schema, "minItems", "maxItems", value.size(), "values", place);
      const auto items = schema.find("items");
      for (std::size_t i = 0; items != schema.end() && i < value.size(); ++i) {
        Check(*items, value[i], place + "[" + std::to_string(i) + "]");
      }
    }
    if (const auto* text = value.get_ptr<const std::string*>(); text != nullptr) {
      CheckCount(schema, "minLength", "maxLength", LengthOf(*text), "characters", place);
    }
  }

 private:
  void Add(const std::string& place, const std::string& what) {
    if (problems_.size() < kProblemLimit) problems_.push_back(place + ": " + what);
  }

  bool CheckType(const Json& schema, const Json& value, const std::string& place) {
    const auto type = schema.find("type");
    if (type == schema.end()) return true;
    const Json types = type->is_array() ? *type : Json::array({*type});
    std::string names;
    for (const auto& one : types) {
      const auto& name = one.get_ref<const std::string&>();
      if (HasType(value, name)) return true;
      names += (names.empty() ? "" : " or ") + name;
    }
    Add(place, "is to be of type " + names);
    return false;
  }

  void CheckNumber(const Json& schema, const Json& value, const std::string& place) {
    if (const auto least = schema.find("minimum"); least != schema.end() && value < *least) {
      Add(place, "is to be at least " + least->dump());
    }
    if (const auto most = schema.find("maximum"); most != schema.end() && value > *most) {
      Add(place, "is to be at most " + most->dump());
    }
  }

  void CheckCount(const Json& schema, const char* minimum, const char* maximum, std::size_t count,
                  const std::string& what, const std::string& place) {
    if (const auto least = schema.find(minimum); least != schema.end() && count < least->get<std::size_t>()) {
      Add(place, "is to have at least " + least->dump() + " " + what);
    }
    if (const auto most = schema.find(maximum); most != schema.end() && count > most->get<std::size_t>()) {
      Add(place, "is to have at most " + most->dump() + " " + what);
    }
  }

  void CheckObject(const Json& schema, const Json& value, const std::string& place) {
    const auto required = schema.find("required");
    for (std::size_t i = 0; required != schema.end() && i < required->size(); ++i) {
      const auto& name = (*required)[i].get_ref<const std::string&>();
      if (!value.contains(name)) Add(place + "." + name, "is missing");
    }
    const auto properties = schema.find("properties");
    const auto more = schema.find("additionalProperties");
    for (const auto& [name, part] : value.items()) {
      const auto inner = place + "." + name.substr(0, 60);
      const bool known = properties != schema.end() && properties->contains(name);
      if (known) {
        Check((*properties)[name], part, inner);
      } else if (more != schema.end() && *more == false) {
        Add(inner, "is not known");
      } else if (more != schema.end() && more->is_object()) {
        Check(*more, part, inner);
      }
    }
  }

  std::vector<std::string> problems_;
};

}  // namespace

bool IsNestedTooDeep(std::string_view json) {
  constexpr int kNestingLimit = 32;
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') ++i;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kNestingLimit) return true;
  }
  return false;
}

Result<void> CheckPluginSchema(const std::string& schema) {
  const Json parsed = Parse(schema);
  if (parsed.is_discarded()) return Bad("schema", "is no JSON");
  return CheckSchema(parsed, "config", 0);
}

std::vector<std::string> CheckPluginConfig(const std::string& schema, const std::string& config) {
  const Json value = Parse(config);
  // A secret with a quote or line break in it, put into a place that is not a string of its own, say.
  if (value.is_discarded()) return {"config: is no JSON once its secrets are filled in, or nested more than 32 deep"};
  if (!value.is_object()) return {"config: is to be an object"};
  if (schema.empty()) return {};
  Checker checker;
  checker.Check(Parse(schema), value, "config");
  return checker.Take();
}

}  // namespace motley::agent
