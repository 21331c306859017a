#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

namespace motley {

/// A list of rules as YAML by itself: without anchors, and with each item on the line that it has in its file, so that
/// whoever reads it names the right ones.
std::string RulesText(const YAML::Node& rules);

}  // namespace motley
