#include "common/selector/selector.h"

#include "common/selector/evaluate.h"
#include "common/selector/parser.h"

namespace motley {

Result<Selector> Selector::Parse(std::string_view text) {
  TRY_ASSIGN(Expression expression, ParseExpression(text));
  return Selector(std::move(expression));
}

bool Selector::Matches(const Attributes& attributes) const { return Evaluate(expression_, attributes); }

std::optional<std::string> Selector::Explain(const Attributes& attributes) const {
  if (Matches(attributes)) return std::nullopt;
  return ExplainFailure(expression_, attributes);
}

std::string Selector::Print() const { return motley::Print(expression_); }

}  // namespace motley
