#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/selector/ast.h"

namespace motley {

/// The type-checked tree of a selector; an empty text is Always{true}.
///
/// `||` binds weaker than `&&`, and that weaker than `!`. At most 4 KiB and 32 levels of nesting.
/// Errors: kInvalid, with the column and the way out.
Result<Expression> ParseExpression(std::string_view text);

/// One attribute: `arch`, `tags.site`. Errors: kInvalid, with the nearest known one.
Result<AttributeRef> ParseAttribute(std::string_view text);

}  // namespace motley
