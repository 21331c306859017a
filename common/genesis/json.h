#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace motley::genesis {

using Json = nlohmann::json;

/// Text read as JSON, or why it is none.
struct ParsedJson {
  Json value;
  /// "not JSON: ..."; empty if it is. Holds nothing of the text, in which passwords may stand.
  std::string error;
  /// Where, and the way out: "line 8, column 13: ...".
  std::string place;
};

/// Errors: no JSON, more than 8 MiB, or more than 64 levels.
ParsedJson ParseJson(std::string_view text);

/// The member of an object; null if there is none, if it is JSON's null, or if `value` is no object.
const Json* Member(const Json& value, const char* name);

/// A string, number or truth value as text; empty for anything else and for null.
std::string TextOf(const Json* value);
std::string TextOf(const Json& object, const char* name);

/// Whether a member is true, or the text "true".
bool FlagOf(const Json& object, const char* name);

/// From 1 to 65535; 0 if it is none.
std::uint32_t PortNumberOf(std::string_view text);

/// One line, whatever is in it.
std::string Dump(const Json& value);

/// Without empty texts, lists and objects, and nulls.
Json Pruned(const Json& value);

}  // namespace motley::genesis
