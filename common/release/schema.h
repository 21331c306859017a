#pragma once

#include <string_view>

namespace motley {

/// JSON Schema (draft 2020-12) of model files and of release files, for editors: docs/schema. It tells what can be told
/// of one value at a time; whether a model is sound says ProblemsOf.
std::string_view ModelSchema();
std::string_view ReleaseSchema();

}  // namespace motley
