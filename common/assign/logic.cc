#include "common/assign/logic.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>

namespace motley::assign {
namespace {

constexpr std::size_t kMaxText = 16 * 1024;
constexpr int kMaxDepth = 64;
constexpr std::int64_t kMaxNumber = 1'000'000'000;

enum class Operands { kInt, kBool, kBranch };

struct OperatorInfo {
  std::string_view name;
  Operator op;
  Operands operands;
  bool gives_bool;
  std::size_t least;
  std::size_t most;
};

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
constexpr std::array kOperators{
    OperatorInfo{"+", Operator::kAdd, Operands::kInt, false, 2, kAny},
    OperatorInfo{"-", Operator::kSubtract, Operands::kInt, false, 1, kAny},
    OperatorInfo{"*", Operator::kMultiply, Operands::kInt, false, 2, kAny},
    OperatorInfo{"=", Operator::kEqual, Operands::kInt, true, 2, kAny},
    OperatorInfo{"distinct", Operator::kDistinct, Operands::kInt, true, 2, kAny},
    OperatorInfo{"<", Operator::kLess, Operands::kInt, true, 2, kAny},
    OperatorInfo{"<=", Operator::kLessOrEqual, Operands::kInt, true, 2, kAny},
    OperatorInfo{">", Operator::kGreater, Operands::kInt, true, 2, kAny},
    OperatorInfo{">=", Operator::kGreaterOrEqual, Operands::kInt, true, 2, kAny},
    OperatorInfo{"and", Operator::kAnd, Operands::kBool, true, 1, kAny},
    OperatorInfo{"or", Operator::kOr, Operands::kBool, true, 1, kAny},
    OperatorInfo{"not", Operator::kNot, Operands::kBool, true, 1, 1},
    OperatorInfo{"=>", Operator::kImplies, Operands::kBool, true, 2, kAny},
    OperatorInfo{"xor", Operator::kXor, Operands::kBool, true, 2, kAny},
    OperatorInfo{"ite", Operator::kIfThenElse, Operands::kBranch, false, 3, 3},
};

bool IsConstant(const Term& term) {
  if (term.op == Operator::kSymbol) return false;
  return std::all_of(term.terms.begin(), term.terms.end(), IsConstant);
}

/// Reads a term by recursive descent.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Condition> Read() {
    if (text_.size() > kMaxText) {
      return Error{Code::kInvalid, "the condition has " + std::to_string(text_.size()) + " characters; at most " +
                                       std::to_string(kMaxText) + " are allowed"};
    }
    SkipSpace();
    TRY_ASSIGN(condition_.term, ReadTerm(0));
    SkipSpace();
    if (at_ < text_.size()) return Fail("there is more after the end of the condition; join conditions with (and ...)");
    if (!condition_.term.is_bool) return Fail("the condition is a number; compare it, for example (> ... 0)");
    return std::move(condition_);
  }

 private:
  Error Fail(const std::string& what) const {
    return {Code::kInvalid, what + " (column " + std::to_string(at_ + 1) + ")"};
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  std::string_view ReadWord() {
    const std::size_t start = at_;
    while (at_ < text_.size() && !std::isspace(static_cast<unsigned char>(text_[at_])) && text_[at_] != '(' &&
           text_[at_] != ')') {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  Result<Term> ReadTerm(int depth) {
    if (depth > kMaxDepth) return Fail("terms are nested more than " + std::to_string(kMaxDepth) + " deep");
    if (at_ == text_.size()) return Fail("a term is missing at the end");
    if (text_[at_] == ')') return Fail("a term is missing before \")\"");
    if (text_[at_] != '(') return ReadAtom();
    ++at_;
    SkipSpace();
    const std::string_view name = ReadWord();
    const auto* info = std::find_if(kOperators.begin(), kOperators.end(),
                                    [&](const OperatorInfo& candidate) { return candidate.name == name; });
    if (info == kOperators.end()) return Fail("unknown operator \"" + std::string(name) + "\"; known are " + Names());
    Term term{.op = info->op, .is_bool = info->gives_bool};
    for (SkipSpace(); at_ < text_.size() && text_[at_] != ')'; SkipSpace()) {
      TRY_ASSIGN(Term operand, ReadTerm(depth + 1));
      term.terms.push_back(std::move(operand));
    }
    if (at_ == text_.size()) return Fail("\"(" + std::string(name) + "\" is not closed; add \")\"");
    TRY(Check(*info, term));
    ++at_;
    return term;
  }

  Result<Term> ReadAtom() {
    const std::string_view word = ReadWord();
    if (word == "true") return Term{.op = Operator::kTrue, .is_bool = true};
    if (word == "false") return Term{.op = Operator::kFalse, .is_bool = true};
    if (std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) {
      std::int64_t number = 0;
      for (const char digit : word) {
        number = number * 10 + (digit - '0');
        if (number > kMaxNumber) return Fail("a number is greater than " + std::to_string(kMaxNumber));
      }
      return Term{.op = Operator::kNumber, .is_bool = false, .value = number};
    }
    auto& symbols = condition_.symbols;
    const auto found = std::find(symbols.begin(), symbols.end(), word);
    const auto index = found - symbols.begin();
    if (found == symbols.end()) symbols.emplace_back(word);
    return Term{.op = Operator::kSymbol, .is_bool = false, .value = index};
  }

  Result<void> Check(const OperatorInfo& info, Term& term) const {
    const std::string name = "\"" + std::string(info.name) + "\"";
    if (term.terms.size() < info.least || term.terms.size() > info.most) {
      return Fail(name + " has " + std::to_string(term.terms.size()) + " operands; it needs " +
                  (info.most == info.least ? "" : "at least ") + std::to_string(info.least));
    }
    if (info.operands == Operands::kBranch) {
      if (!term.terms[0].is_bool || term.terms[1].is_bool != term.terms[2].is_bool) {
        return Fail(name + " needs a condition and two terms of the same kind");
      }
      term.is_bool = term.terms[1].is_bool;
      return {};
    }
    for (const Term& operand : term.terms) {
      if (operand.is_bool == (info.operands == Operands::kBool)) continue;
      return Fail(name + " needs " + (operand.is_bool ? "numbers and has a condition" : "conditions and has a number"));
    }
    if (info.op == Operator::kMultiply && std::count_if(term.terms.begin(), term.terms.end(),
                                                        [](const Term& factor) { return !IsConstant(factor); }) > 1) {
      return Fail("\"*\" multiplies two counts; one factor at most may depend on counts");
    }
    return {};
  }

  static std::string Names() {
    std::string names;
    for (const OperatorInfo& info : kOperators) names += (names.empty() ? "" : " ") + std::string(info.name);
    return names;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Condition condition_;
};

/// Within 64 bits.
std::int64_t Clamp(__int128 value) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<__int128>(value, -kMost, kMost));
}

std::int64_t ValueOf(const Term& term, const std::vector<std::int64_t>& counts) {
  if (term.op == Operator::kNumber) return term.value;
  if (term.op == Operator::kSymbol) return counts[term.value];
  if (term.op == Operator::kIfThenElse) return ValueOf(term.terms[Holds(term.terms[0], counts) ? 1 : 2], counts);
  std::int64_t value = ValueOf(term.terms[0], counts);
  if (term.op == Operator::kSubtract && term.terms.size() == 1) return -value;
  for (std::size_t i = 1; i < term.terms.size(); ++i) {
    const __int128 operand = ValueOf(term.terms[i], counts);
    if (term.op == Operator::kAdd) value = Clamp(value + operand);
    if (term.op == Operator::kSubtract) value = Clamp(value - operand);
    if (term.op == Operator::kMultiply) value = Clamp(value * operand);
  }
  return value;
}

bool Related(Operator op, std::int64_t left, std::int64_t right) {
  switch (op) {
    case Operator::kEqual:
      return left == right;
    case Operator::kLess:
      return left < right;
    case Operator::kLessOrEqual:
      return left <= right;
    case Operator::kGreater:
      return left > right;
    case Operator::kGreaterOrEqual:
      return left >= right;
    default:
      return left != right;
  }
}

/// Comparisons are chains, but `distinct` looks at all pairs.
bool Compare(const Term& term, const std::vector<std::int64_t>& counts) {
  std::vector<std::int64_t> values;
  for (const Term& operand : term.terms) values.push_back(ValueOf(operand, counts));
  if (term.op == Operator::kDistinct) {
    std::sort(values.begin(), values.end());
    return std::adjacent_find(values.begin(), values.end()) == values.end();
  }
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (!Related(term.op, values[i - 1], values[i])) return false;
  }
  return true;
}

}  // namespace

Result<Condition> ParseCondition(std::string_view text) { return Parser(text).Read(); }

bool Holds(const Term& term, const std::vector<std::int64_t>& counts) {
  const auto holds = [&](const Term& operand) { return Holds(operand, counts); };
  const auto& terms = term.terms;
  switch (term.op) {
    case Operator::kTrue:
      return true;
    case Operator::kFalse:
      return false;
    case Operator::kAnd:
      return std::all_of(terms.begin(), terms.end(), holds);
    case Operator::kOr:
      return std::any_of(terms.begin(), terms.end(), holds);
    case Operator::kNot:
      return !holds(terms[0]);
    case Operator::kXor:
      return std::count_if(terms.begin(), terms.end(), holds) % 2 == 1;
    case Operator::kImplies:  // Right associative: a => (b => c) fails only when a and b hold and c does not.
      return !std::all_of(terms.begin(), terms.end() - 1, holds) || holds(terms.back());
    case Operator::kIfThenElse:
      return holds(terms[0]) ? holds(terms[1]) : holds(terms[2]);
    default:
      return Compare(term, counts);
  }
}

}  // namespace motley::assign
