#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::agent {

/// Whether `schema`, a JSON text, is of the part of JSON Schema that is understood here: type, properties, required,
/// additionalProperties, items, enum, const, minimum, maximum, minLength, maxLength, minItems, maxItems, and words that
/// check nothing (title, description, default, examples, $schema, $comment). Pure. Errors: kInvalid.
/// Source: json-schema.org, draft 2020-12.
Result<void> CheckPluginSchema(const std::string& schema);

/// What in `config`, a JSON text, is not as `schema`, which is sound, says: "config.hosts[2]: is to be a string". Never
/// quotes values: some are secrets. Pure.
std::vector<std::string> CheckPluginConfig(const std::string& schema, const std::string& config);

/// Whether a JSON text, sound or not, is nested deeper than 32: what works through it calls itself for each level.
/// Pure.
bool IsNestedTooDeep(std::string_view json);

}  // namespace motley::agent
