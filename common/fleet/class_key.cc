#include "common/fleet/class_key.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "common/fleet/evaluate.h"

namespace motley {
namespace {

constexpr unsigned kValueBits = 32;
constexpr unsigned kExtraBits = 16;
constexpr std::size_t kListBits = 32;

unsigned WidthFor(std::size_t largest) { return std::max(1U, static_cast<unsigned>(std::bit_width(largest))); }

template <typename T>
void SortAndUnite(std::vector<T>& all) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

}  // namespace

ClassKey::ClassKey(const FleetIndex& fleet, const Distinctions& distinctions) : fleet_(&fleet) {
  for (const Expression& condition : distinctions.conditions) Collect(condition);
  AddParts(distinctions);
  read_.clear();
}

void ClassKey::Collect(const Expression& expression) {
  if (const auto* negation = std::get_if<Negation>(&expression.node)) {
    Collect(negation->term.front());
  } else if (const auto* all = std::get_if<Conjunction>(&expression.node)) {
    for (const Expression& term : all->terms) Collect(term);
  } else if (const auto* any = std::get_if<Disjunction>(&expression.node)) {
    for (const Expression& term : any->terms) Collect(term);
  } else if (const auto* comparison = std::get_if<Comparison>(&expression.node)) {
    Collect(comparison->left, comparison->right, expression);
  } else if (const auto* membership = std::get_if<Membership>(&expression.node)) {
    Collect(*membership, expression);
  } else if (const auto* has = std::get_if<HasTag>(&expression.node)) {
    AddConstant({Attribute::kTag, has->tag}, nullptr);
  }
}

void ClassKey::Collect(const Operand& one, const Operand& other, const Expression& whole) {
  const auto* left = std::get_if<AttributeRef>(&one);
  const auto* right = std::get_if<AttributeRef>(&other);
  if (left != nullptr && right != nullptr) {
    read_.try_emplace(Print(whole), Part{.kind = Kind::kPair, .attribute = *left, .condition = {whole}});
  } else if (left != nullptr) {
    AddConstant(*left, &std::get<Constant>(other));
  } else if (right != nullptr) {
    AddConstant(*right, &std::get<Constant>(one));
  }
}

void ClassKey::Collect(const Membership& membership, const Expression& whole) {
  if (const auto* list = std::get_if<AttributeRef>(&membership.list)) {
    Collect(Operand(*list), membership.element, whole);
    return;
  }
  for (const Constant& constant : std::get<std::vector<Constant>>(membership.list)) {
    Collect(membership.element, constant, whole);
  }
}

void ClassKey::AddConstant(const AttributeRef& attribute, const Constant* constant) {
  Part part{.attribute = attribute};
  const Type type = attribute.attribute == Attribute::kTag ? Type::kString : TypeOf(attribute.attribute);
  part.kind = type == Type::kNumber ? Kind::kNumber : type == Type::kList ? Kind::kList : Kind::kText;
  Part& kept = read_.try_emplace(Print(attribute), std::move(part)).first->second;
  if (constant == nullptr) return;
  if (const auto* number = std::get_if<double>(constant)) {
    kept.numbers.push_back(*number);
  } else {
    kept.texts.push_back(std::get<std::string>(*constant));
  }
}

ClassKey::Place ClassKey::NewPlace(unsigned width) {
  if (used_bits_ + width > 64) {
    ++words_;
    used_bits_ = 0;
  }
  const Place place{words_ - 1, used_bits_, width};
  used_bits_ += width;
  return place;
}

void ClassKey::AddParts(const Distinctions& distinctions) {
  for (auto& [name, part] : read_) {
    SortAndUnite(part.texts);
    SortAndUnite(part.numbers);
    if (part.kind == Kind::kList) {
      for (std::size_t first = 0; first < part.texts.size(); first += kListBits) {
        Part some{.kind = Kind::kList, .attribute = part.attribute};
        const std::size_t last = std::min(first + kListBits, part.texts.size());
        some.texts.assign(part.texts.begin() + static_cast<std::ptrdiff_t>(first),
                          part.texts.begin() + static_cast<std::ptrdiff_t>(last));
        some.place = NewPlace(static_cast<unsigned>(some.texts.size()));
        parts_.push_back(std::move(some));
      }
      continue;
    }
    if (part.kind == Kind::kText) part.place = NewPlace(WidthFor(part.texts.size() + 1));
    if (part.kind == Kind::kNumber) part.place = NewPlace(WidthFor(part.numbers.size() * 2));
    if (part.kind == Kind::kPair) part.place = NewPlace(1);
    parts_.push_back(std::move(part));
  }
  for (const Distinctions::Level& level : distinctions.levels) {
    levels_.push_back(NewPlace(WidthFor(level.steps.size())));
    parts_.push_back(
        {.kind = Kind::kLevel, .attribute = level.attribute, .steps = level.steps, .place = levels_.back()});
  }
  for (const Distinctions::BoardCount& board : distinctions.boards) {
    boards_.push_back(NewPlace(WidthFor(board.most)));
    parts_.push_back({.kind = Kind::kBoards,
                      .attribute = {Attribute::kBoards, ""},
                      .texts = {board.type},
                      .limit = board.most,
                      .place = boards_.back()});
  }
  for (const AttributeRef& attribute : distinctions.values) {
    values_.push_back(NewPlace(kValueBits));
    const auto id = static_cast<std::uint32_t>(interned_.size());
    parts_.push_back({.kind = Kind::kValue, .attribute = attribute, .limit = id, .place = values_.back()});
    interned_.emplace_back();
  }
  for (std::size_t i = 0; i < distinctions.extras; ++i) extras_.push_back(NewPlace(kExtraBits));
  words_ = std::max<std::size_t>(words_, 1);
}

// What `part` is for one value. Of a text: 1, or the place of the constant that it is and 2. Of a number: twice how
// many constants are less, and 1 if it is a constant.
std::uint32_t ClassKey::OfValue(const Part& part, std::string_view value) {
  switch (part.kind) {
    case Kind::kText: {
      const auto found = std::lower_bound(part.texts.begin(), part.texts.end(), value);
      if (found == part.texts.end() || *found != value) return 1;
      return static_cast<std::uint32_t>(found - part.texts.begin()) + 2;
    }
    case Kind::kNumber: {
      const auto number = static_cast<double>(FleetIndex::DecodeNumber(value));
      const auto found = std::lower_bound(part.numbers.begin(), part.numbers.end(), number);
      const bool is_constant = found != part.numbers.end() && *found == number;
      return static_cast<std::uint32_t>(found - part.numbers.begin()) * 2 + (is_constant ? 1 : 0);
    }
    case Kind::kLevel: {
      const std::uint64_t number = FleetIndex::DecodeNumber(value);
      return static_cast<std::uint32_t>(std::upper_bound(part.steps.begin(), part.steps.end(), number) -
                                        part.steps.begin());
    }
    case Kind::kList: {
      std::uint32_t bits = 0;
      for (const std::string_view item : FleetIndex::DecodeList(value)) {
        const auto found = std::lower_bound(part.texts.begin(), part.texts.end(), item);
        if (found != part.texts.end() && *found == item) bits |= 1U << (found - part.texts.begin());
      }
      return bits;
    }
    case Kind::kBoards: {
      const auto items = FleetIndex::DecodeList(value);
      return std::min(part.limit, static_cast<std::uint32_t>(std::count(items.begin(), items.end(), part.texts[0])));
    }
    case Kind::kValue: {
      Interned& interned = interned_[part.limit];
      const auto [found, is_new] =
          interned.ids.try_emplace(std::string(value), static_cast<std::uint32_t>(interned.texts.size()) + 1);
      if (is_new) interned.texts.emplace_back(value);
      return found->second;
    }
    case Kind::kPair:
      break;  // has no single value
  }
  return 0;
}

void ClassKey::Of(Row row, const std::uint16_t* extras, std::uint64_t* words) {
  std::fill(words, words + words_, 0);
  for (Part& part : parts_) {
    if (part.column == nullptr) part.column = fleet_->Find(part.attribute);
    std::uint64_t bits = 0;
    if (part.kind == Kind::kPair) {
      bits = ColumnEvaluator(*fleet_, {row}).Evaluate(part.condition.front()).Get(0);
    } else if (part.column != nullptr) {
      const Code code = part.column->codes.Get(row);
      if (code != 0) bits = OfValue(part, part.column->values.At(code));
    }
    words[part.place.word] |= bits << part.place.shift;
  }
  for (std::size_t i = 0; i < extras_.size(); ++i) {
    words[extras_[i].word] |= std::uint64_t{extras[i]} << extras_[i].shift;
  }
}

void ClassKey::ClearExtras(std::uint64_t* words) const {
  for (const Place& place : extras_) {
    words[place.word] &= ~(((std::uint64_t{1} << place.width) - 1) << place.shift);
  }
}

std::vector<std::uint32_t> ClassKey::ByCode(const Part& part, const FleetIndex::Column& column) {
  std::vector<std::uint32_t> by_code(column.values.limit());
  if (part.kind == Kind::kText) {
    // The constants are looked up instead of each text: there may be a million of them.
    std::fill(by_code.begin() + 1, by_code.end(), 1);
    for (std::size_t i = 0; i < part.texts.size(); ++i) {
      const Code code = column.values.Find(part.texts[i]);
      if (code != 0) by_code[code] = static_cast<std::uint32_t>(i) + 2;
    }
    return by_code;
  }
  for (Code code = 1; code < column.values.limit(); ++code) {
    if (column.values.IsUsed(code)) by_code[code] = OfValue(part, column.values.At(code));
  }
  return by_code;
}

void ClassKey::BeginBlocks() {
  for (Part& part : parts_) {
    if (part.kind == Kind::kPair) {
      part.by_row = ColumnEvaluator(*fleet_).Evaluate(part.condition.front());
      continue;
    }
    part.column = fleet_->Find(part.attribute);
    if (part.column != nullptr) part.by_code = ByCode(part, *part.column);
  }
}

void ClassKey::Block(Row first, Row last, const std::uint16_t* extras, std::uint64_t* words) {
  std::fill(words, words + words_ * (last - first), 0);
  for (const Part& part : parts_) {
    std::uint64_t* const into = words + part.place.word;
    const unsigned shift = part.place.shift;
    const std::size_t step = words_;
    if (part.kind == Kind::kPair) {
      for (Row row = first; row < last; ++row) {
        into[(row - first) * step] |= std::uint64_t{part.by_row.Get(row)} << shift;
      }
    } else if (part.column != nullptr) {
      const std::uint32_t* const by_code = part.by_code.data();
      part.column->codes.ForEach(first, last, [=](Row row, Code code) {
        into[(row - first) * step] |= std::uint64_t{by_code[code]} << shift;
      });
    }
  }
  for (std::size_t i = 0; i < extras_.size(); ++i) {
    for (Row row = first; row < last; ++row) {
      words[(row - first) * words_ + extras_[i].word] |= std::uint64_t{extras[row * extras_.size() + i]}
                                                         << extras_[i].shift;
    }
  }
}

void ClassKey::EndBlocks() {
  for (Part& part : parts_) {
    part.by_code = {};
    part.by_row = {};
  }
}

}  // namespace motley
