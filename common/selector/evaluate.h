#pragma once

#include <string>

#include "common/selector/ast.h"
#include "common/selector/attributes.h"

namespace motley {

/// Whether the gateway is meant.
bool Evaluate(const Expression& expression, const Attributes& attributes);

/// What made `expression` false, with the gateway's value: "memory_mb >= 512 failed: memory_mb is 256". Of several that
/// must hold, the first that does not; of several of which one must hold, all.
std::string ExplainFailure(const Expression& expression, const Attributes& attributes);

}  // namespace motley
