#include "common/selector/ast.h"

#include <fmt/format.h>

namespace motley {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

std::string Print(const Operand& operand) {
  return std::visit([](const auto& value) { return motley::Print(value); }, operand);
}

// A term inside && or ! stands in parentheses where it binds weaker.
std::string PrintTerm(const Expression& term, bool parenthesised) {
  return parenthesised ? "(" + Print(term) + ")" : Print(term);
}

bool IsJoined(const Expression& expression) {
  return std::holds_alternative<Conjunction>(expression.node) || std::holds_alternative<Disjunction>(expression.node);
}

bool IsCondition(const Expression& expression) {
  return std::holds_alternative<Comparison>(expression.node) || std::holds_alternative<Membership>(expression.node);
}

std::string Join(const std::vector<Expression>& terms, std::string_view separator) {
  std::string text;
  for (const Expression& term : terms) {
    if (!text.empty()) text += separator;
    text += PrintTerm(term, IsJoined(term));
  }
  return text;
}

std::string PrintList(const Membership& membership) {
  if (const auto* attribute = std::get_if<AttributeRef>(&membership.list)) return Print(*attribute);
  std::string text;
  for (const Constant& constant : std::get<std::vector<Constant>>(membership.list)) {
    if (!text.empty()) text += ", ";
    text += Print(constant);
  }
  return "[" + text + "]";
}

}  // namespace

const std::vector<AttributeInfo>& KnownAttributes() {
  static const std::vector<AttributeInfo> known = {
      {"gateway", Attribute::kGateway, Type::kString},
      {"arch", Attribute::kArch, Type::kString},
      {"os", Attribute::kOs, Type::kString},
      {"os_version", Attribute::kOsVersion, Type::kString},
      {"hostname", Attribute::kHostname, Type::kString},
      {"memory_mb", Attribute::kMemoryMb, Type::kNumber},
      {"disk_mb", Attribute::kDiskMb, Type::kNumber},
      {"cpus", Attribute::kCpus, Type::kNumber},
      {"boards", Attribute::kBoards, Type::kList},
      {"kinds", Attribute::kKinds, Type::kList},
      {"container_engine", Attribute::kContainerEngine, Type::kString},
  };
  return known;
}

Type TypeOf(Attribute attribute) {
  for (const AttributeInfo& info : KnownAttributes()) {
    if (info.attribute == attribute) return info.type;
  }
  return Type::kString;  // tags
}

std::string Print(const AttributeRef& attribute) {
  if (attribute.attribute == Attribute::kTag) return "tags." + attribute.tag;
  for (const AttributeInfo& info : KnownAttributes()) {
    if (info.attribute == attribute.attribute) return std::string(info.name);
  }
  return {};
}

std::string Print(const Constant& constant) {
  if (const auto* number = std::get_if<double>(&constant)) return fmt::format("{}", *number);
  std::string text = "\"";
  for (char c : std::get<std::string>(constant)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

std::string_view Print(Relation relation) {
  switch (relation) {
    case Relation::kEqual:
      return "==";
    case Relation::kNotEqual:
      return "!=";
    case Relation::kLess:
      return "<";
    case Relation::kLessOrEqual:
      return "<=";
    case Relation::kGreater:
      return ">";
    case Relation::kGreaterOrEqual:
      return ">=";
  }
  return {};
}

std::string Print(const Expression& expression) {
  return std::visit(Overloaded{
                        [](const Always& always) { return std::string(always.value ? "true" : "false"); },
                        [](const Comparison& comparison) {
                          return fmt::format("{} {} {}", Print(comparison.left), Print(comparison.relation),
                                             Print(comparison.right));
                        },
                        [](const Membership& membership) {
                          return fmt::format("{} {} {}", Print(membership.element),
                                             membership.sense == Sense::kIn ? "in" : "not in", PrintList(membership));
                        },
                        [](const HasTag& has) { return "has(tags." + has.tag + ")"; },
                        [](const Negation& negation) {
                          const Expression& term = negation.term.front();
                          return "!" + PrintTerm(term, IsJoined(term) || IsCondition(term));
                        },
                        [](const Conjunction& conjunction) { return Join(conjunction.terms, " && "); },
                        [](const Disjunction& disjunction) { return Join(disjunction.terms, " || "); },
                    },
                    expression.node);
}

}  // namespace motley
