#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::assign {

/// A condition over counts, written as a term of SMT-LIB 2:
///
///     (=> (> canary 0) (and (>= stable (* 3 canary)) (= none 0)))
///
/// Symbols stand for numbers of gateways: a variant ("stable", or "app/stable" where two applications have it), `none`
/// (run none of the only application; "app/none" of several) and `gateways` (all that the rule is about).
/// Int: numbers, + - * (one factor at most is not constant), ite. Bool: = distinct < <= > >= (two or more operands, as
/// a chain), and or not => xor ite true false.

enum class Operator {
  kNumber,
  kSymbol,
  kAdd,
  kSubtract,
  kMultiply,
  kTrue,
  kFalse,
  kEqual,
  kDistinct,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  kNot,
  kImplies,
  kXor,
  kIfThenElse,
};

struct Term {
  Operator op = Operator::kTrue;
  bool is_bool = true;
  /// The number, or the index into Condition::symbols.
  std::int64_t value = 0;
  std::vector<Term> terms;
};

struct Condition {
  Term term;
  /// Each once, in order of appearance.
  std::vector<std::string> symbols;
};

/// The type-checked tree. At most 16 KiB, 64 levels, numbers to 1,000,000,000. Symbols are not resolved yet.
/// Errors: kInvalid, with the column.
Result<Condition> ParseCondition(std::string_view text);

/// Whether `term`, a Bool, holds when symbol i is `counts(i)`; sums are kept within 64 bits by saturation.
bool Holds(const Term& term, const std::vector<std::int64_t>& counts);

}  // namespace motley::assign
