#pragma once

#include <string>

namespace motley {

/// JSON Schemas (draft 2020-12) of the files that people write, for editors. Each holds all that it refers to. They
/// tell what can be told of one value at a time; whether a model is sound says ProblemsOf.
///
/// Source: docs/schema, where what several kinds of files have stands once and is referred to from the others.
std::string ModelSchema();
std::string ReleaseSchema();
std::string TemplateSchema();
std::string VariantSchema();

}  // namespace motley
