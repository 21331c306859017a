#pragma once

#include <string>
#include <vector>

#include "common/selector/ast.h"
#include "common/selector/attributes.h"
#include "controller/assign/question.h"

namespace motley::controller {

/// What would have to change for a condition to hold.
struct Changes {
  /// Each with the value of now: `memory_mb >= 512 (memory_mb is 256)`.
  std::vector<std::string> steps;
  /// Tags are easily set, boards and memory have to be bought, and another architecture is another gateway.
  int effort = 0;
};

/// The smallest; empty if it holds.
Changes NearestChanges(const Expression& expression, const Attributes& attributes);

/// One sentence: which variant of the release would fit after the smallest change of the gateway, and what change.
std::string NearestChange(const PreparedRelease& release, const Attributes& attributes);

}  // namespace motley::controller
