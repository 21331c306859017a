#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/assign/problem.h"
#include "common/base/result.h"
#include "common/release/yaml.h"
#include "common/selector/ast.h"
#include "common/selector/selector.h"

namespace motley {

/// A rule of one application, not yet tied to a fleet.
struct FleetRule {
  /// Variants are places in the application's list, and the application is 0. `selector` and `within` are kNone: they
  /// stand here.
  assign::Rule rule;
  std::optional<Selector> where;
  std::optional<AttributeRef> within;
};

/// Reads the list under `rules` (docs/rules.md), strictly. `variants` are the names of the application's variants.
/// `of: each` becomes one rule for each variant. Errors: kInvalid, beginning with "FILE:LINE: ".
Result<std::vector<FleetRule>> ParseRules(const YamlFile& file, const YAML::Node& node,
                                          const std::vector<std::string>& variants);

}  // namespace motley
