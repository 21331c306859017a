#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace motley {

/// Any value as YAML for people, ending with a line feed: keys in their order, short lists on one line, long texts as
/// they are. A string is never written so that it reads as something else.
std::string YamlText(const nlohmann::ordered_json& value);

}  // namespace motley
