#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"
#include "common/selector/ast.h"
#include "common/selector/attributes.h"

namespace motley {

/// A type-checked condition over the attributes of a gateway: the `when` of a variant. README.md has the language.
class Selector {
 public:
  /// An empty text fits every gateway. Errors: kInvalid, with the column and the way out:
  /// `unknown attribute "arhc" (did you mean "arch"?) (column 1)`.
  static Result<Selector> Parse(std::string_view text);

  /// Of a tree that is type-correct.
  static Selector Of(Expression expression) { return Selector(std::move(expression)); }

  bool Matches(const Attributes& attributes) const;
  /// Nothing if it matches; else the part that failed, with the gateway's value.
  std::optional<std::string> Explain(const Attributes& attributes) const;
  /// The canonical text.
  std::string Print() const;
  const Expression& expression() const { return expression_; }

 private:
  explicit Selector(Expression expression) : expression_(std::move(expression)) {}
  Expression expression_;
};

}  // namespace motley
