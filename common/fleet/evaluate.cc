#include "common/fleet/evaluate.h"

#include <algorithm>
#include <utility>

#include "common/selector/evaluate.h"

namespace motley {
namespace {

bool Holds(double left, Relation relation, double right) {
  switch (relation) {
    case Relation::kEqual:
      return left == right;
    case Relation::kNotEqual:
      return left != right;
    case Relation::kLess:
      return left < right;
    case Relation::kLessOrEqual:
      return left <= right;
    case Relation::kGreater:
      return left > right;
    case Relation::kGreaterOrEqual:
      return left >= right;
  }
  return false;
}

// What the relation is with the operands changed over.
Relation Mirrored(Relation relation) {
  switch (relation) {
    case Relation::kLess:
      return Relation::kGreater;
    case Relation::kLessOrEqual:
      return Relation::kGreaterOrEqual;
    case Relation::kGreater:
      return Relation::kLess;
    case Relation::kGreaterOrEqual:
      return Relation::kLessOrEqual;
    case Relation::kEqual:
    case Relation::kNotEqual:
      break;
  }
  return relation;
}

double NumberAt(const FleetIndex::Column& column, Dictionary::Code code) {
  return static_cast<double>(FleetIndex::DecodeNumber(column.values.At(code)));
}

bool ListHas(std::string_view list, std::string_view item) {
  const auto items = FleetIndex::DecodeList(list);
  return std::find(items.begin(), items.end(), item) != items.end();
}

template <typename F>
std::vector<std::uint8_t> ByValue(const FleetIndex::Column& column, F holds) {
  std::vector<std::uint8_t> truth(column.values.limit());
  for (Dictionary::Code code = 1; code < column.values.limit(); ++code) {
    if (column.values.IsUsed(code)) truth[code] = holds(code);
  }
  return truth;
}

// For texts, without a look at each of them: `equal` for the wanted ones, the opposite for all others and for none.
std::vector<std::uint8_t> ByText(const FleetIndex::Column& column, const std::vector<Constant>& wanted, bool equal) {
  std::vector<std::uint8_t> truth(column.values.limit(), !equal);
  for (const Constant& constant : wanted) {
    const Dictionary::Code code = column.values.Find(std::get<std::string>(constant));
    if (code != 0) truth[code] = equal;
  }
  return truth;
}

std::vector<std::uint8_t> ByPresence(const FleetIndex::Column& column) {
  std::vector<std::uint8_t> truth(column.values.limit(), true);
  truth[0] = false;
  return truth;
}

}  // namespace

ColumnEvaluator::ColumnEvaluator(const FleetIndex& fleet)
    : fleet_(fleet), size_(fleet.row_limit()), with_gateway_(fleet.Rows()) {}

ColumnEvaluator::ColumnEvaluator(const FleetIndex& fleet, std::vector<FleetIndex::Row> rows)
    : fleet_(fleet), rows_(std::move(rows)), size_(rows_->size()), with_gateway_(size_, true) {}

Bitmap ColumnEvaluator::Evaluate(const Expression& expression) {
  Bitmap answer = Any(expression);
  answer &= with_gateway_;
  return answer;
}

Bitmap ColumnEvaluator::Any(const Expression& expression) {
  if (const auto* always = std::get_if<Always>(&expression.node)) return All(always->value);
  if (const auto* negation = std::get_if<Negation>(&expression.node)) {
    Bitmap answer = Any(negation->term.front());
    answer.Flip();
    return answer;
  }
  if (const auto* all = std::get_if<Conjunction>(&expression.node)) {
    Bitmap answer = Any(all->terms.front());
    for (std::size_t i = 1; i < all->terms.size(); ++i) answer &= Any(all->terms[i]);
    return answer;
  }
  if (const auto* any = std::get_if<Disjunction>(&expression.node)) {
    Bitmap answer = Any(any->terms.front());
    for (std::size_t i = 1; i < any->terms.size(); ++i) answer |= Any(any->terms[i]);
    return answer;
  }
  return Condition(expression);
}

const Bitmap& ColumnEvaluator::Condition(const Expression& expression) {
  const auto [found, is_new] = conditions_.try_emplace(Print(expression));
  if (!is_new) return found->second;
  if (const auto* comparison = std::get_if<Comparison>(&expression.node)) {
    found->second = Compared(*comparison);
  } else if (const auto* membership = std::get_if<Membership>(&expression.node)) {
    found->second = Contained(*membership);
  } else {
    const Column* column = fleet_.Find(AttributeRef{Attribute::kTag, std::get<HasTag>(expression.node).tag});
    found->second = column == nullptr ? All(false) : LookUp(*column, ByPresence(*column));
  }
  return found->second;
}

Bitmap ColumnEvaluator::Compared(const Comparison& comparison) {
  const auto* left = std::get_if<AttributeRef>(&comparison.left);
  const auto* right = std::get_if<AttributeRef>(&comparison.right);
  if (left == nullptr && right == nullptr) return All(motley::Evaluate(Expression{comparison}, {}));
  if (left != nullptr && right != nullptr) {
    const Column* a = fleet_.Find(*left);
    const Column* b = fleet_.Find(*right);
    return ByPair(a, b, [&](Code x, Code y) {
      if (x == 0 || y == 0) return comparison.relation == Relation::kNotEqual;
      if (a->type == Type::kNumber) return Holds(NumberAt(*a, x), comparison.relation, NumberAt(*b, y));
      return (a->values.At(x) == b->values.At(y)) == (comparison.relation == Relation::kEqual);
    });
  }
  const Relation relation = left != nullptr ? comparison.relation : Mirrored(comparison.relation);
  const Constant& constant = std::get<Constant>(left != nullptr ? comparison.right : comparison.left);
  const Column* column = fleet_.Find(left != nullptr ? *left : *right);
  if (column == nullptr) return All(relation == Relation::kNotEqual);
  if (column->type == Type::kNumber) {
    return LookUp(*column, ByValue(*column, [&, number = std::get<double>(constant)](Code code) {
      return Holds(NumberAt(*column, code), relation, number);
    }));
  }
  return LookUp(*column, ByText(*column, {constant}, relation == Relation::kEqual));
}

Bitmap ColumnEvaluator::Contained(const Membership& membership) {
  const bool in = membership.sense == Sense::kIn;
  const auto* element = std::get_if<AttributeRef>(&membership.element);
  if (const auto* list = std::get_if<AttributeRef>(&membership.list)) {
    const Column* lists = fleet_.Find(*list);
    if (element == nullptr) {
      const std::string& item = std::get<std::string>(std::get<Constant>(membership.element));
      return LookUp(*lists, ByValue(*lists, [&](Code code) { return ListHas(lists->values.At(code), item) == in; }));
    }
    const Column* items = fleet_.Find(*element);
    return ByPair(items, lists, [&](Code item, Code code) {
      return (item != 0 && code != 0 && ListHas(lists->values.At(code), items->values.At(item))) == in;
    });
  }
  const auto& constants = std::get<std::vector<Constant>>(membership.list);
  if (element == nullptr) return All(motley::Evaluate(Expression{membership}, {}));
  const Column* column = fleet_.Find(*element);
  if (column == nullptr) return All(!in);
  if (column->type != Type::kNumber) return LookUp(*column, ByText(*column, constants, in));
  return LookUp(*column, ByValue(*column, [&](Code code) {
    const Constant number = NumberAt(*column, code);
    return (std::find(constants.begin(), constants.end(), number) != constants.end()) == in;
  }));
}

Bitmap ColumnEvaluator::LookUp(const Column& column, const Truth& truth) const {
  Bitmap answer(size_);
  if (rows_) {
    for (std::size_t i = 0; i < size_; ++i) answer.SetIf(i, truth[column.codes.Get((*rows_)[i])] != 0);
  } else {
    // 64 rows at a time, so that each word is written once.
    for (FleetIndex::Row first = 0; first < size_; first += 64) {
      const auto last = static_cast<FleetIndex::Row>(std::min<std::size_t>(size_, first + std::size_t{64}));
      std::uint64_t word = 0;
      column.codes.ForEach(first, last, [&](FleetIndex::Row row, Code code) {
        word |= static_cast<std::uint64_t>(truth[code]) << (row - first);
      });
      answer.SetWord(first / 64, word);
    }
  }
  return answer;
}

template <typename F>
Bitmap ColumnEvaluator::ByPair(const Column* left, const Column* right, F holds) const {
  Bitmap answer(size_);
  for (std::size_t i = 0; i < size_; ++i) {
    const auto row = rows_ ? (*rows_)[i] : static_cast<FleetIndex::Row>(i);
    const Code a = left == nullptr ? 0 : left->codes.Get(row);
    const Code b = right == nullptr ? 0 : right->codes.Get(row);
    answer.SetIf(i, holds(a, b));
  }
  return answer;
}

}  // namespace motley
