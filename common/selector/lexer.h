#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley {

enum class TokenKind { kWord, kString, kNumber, kSymbol, kEnd };

/// A piece of a selector's text.
struct Token {
  TokenKind kind;
  /// A word or symbol as written, a string without its quotes and escapes; empty at the end.
  std::string text;
  double number = 0;
  /// Where it starts, in characters from 1.
  std::size_t column = 1;
};

/// The tokens of `text`, with one kEnd at the end. Symbols: == != < <= > >= && || ! ( ) [ ] ,
///
/// Errors: kInvalid, with the column.
Result<std::vector<Token>> Tokenize(std::string_view text);

}  // namespace motley
