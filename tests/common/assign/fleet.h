#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/assign/problem.h"

namespace motley::assign {

/// Problems of one application "app" with variants "a", "b", ... for tests to write down in a line or two.
inline Problem Fleet(int variants, std::vector<GatewayClass> classes, std::vector<Rule> rules) {
  Problem problem{.applications = {{.name = "app"}}};
  for (int i = 0; i < variants; ++i) problem.variants.push_back({.name = std::string(1, static_cast<char>('a' + i))});
  problem.attributes = {{"site", {"oslo", "bergen"}}};
  problem.classes = std::move(classes);
  problem.rules = std::move(rules);
  return problem;
}

inline Rule Covered(std::optional<std::int64_t> weight = 1000) {
  return {.name = "coverage", .line = 1, .weight = weight, .what = Coverage{0}};
}

inline Rule Counted(std::string name, std::optional<std::int64_t> weight, Comparison comparison, std::int64_t amount,
                    std::vector<std::int32_t> variants) {
  return {.name = std::move(name),
          .line = 2,
          .weight = weight,
          .what = Count{comparison, amount, Unit::kGateways, std::move(variants)}};
}

}  // namespace motley::assign
