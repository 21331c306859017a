#include "common/selector/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace motley {
namespace {

/// A value of one gateway; nothing for a tag that it does not have.
using Value = std::optional<Constant>;

Value ValueOf(const AttributeRef& attribute, const Attributes& attributes) {
  switch (attribute.attribute) {
    case Attribute::kGateway:
      return attributes.gateway;
    case Attribute::kArch:
      return attributes.arch;
    case Attribute::kOs:
      return attributes.os;
    case Attribute::kOsVersion:
      return attributes.os_version;
    case Attribute::kHostname:
      return attributes.hostname;
    case Attribute::kMemoryMb:
      return static_cast<double>(attributes.memory_mb);
    case Attribute::kDiskMb:
      return static_cast<double>(attributes.disk_mb);
    case Attribute::kCpus:
      return static_cast<double>(attributes.cpus);
    case Attribute::kContainerEngine:
      return attributes.container_engine;
    case Attribute::kTag: {
      const auto tag = attributes.tags.find(attribute.tag);
      if (tag == attributes.tags.end()) return std::nullopt;
      return tag->second;
    }
    case Attribute::kBoards:
    case Attribute::kKinds:
      break;  // the parser lets lists stand only behind "in"
  }
  return std::nullopt;
}

Value ValueOf(const Operand& operand, const Attributes& attributes) {
  if (const auto* constant = std::get_if<Constant>(&operand)) return *constant;
  return ValueOf(std::get<AttributeRef>(operand), attributes);
}

const std::vector<std::string>& ListOf(const AttributeRef& attribute, const Attributes& attributes) {
  return attribute.attribute == Attribute::kKinds ? attributes.kinds : attributes.boards;
}

std::vector<Constant> ListOf(const Membership& membership, const Attributes& attributes) {
  if (const auto* constants = std::get_if<std::vector<Constant>>(&membership.list)) return *constants;
  const std::vector<std::string>& list = ListOf(std::get<AttributeRef>(membership.list), attributes);
  return {list.begin(), list.end()};
}

bool Holds(const Comparison& comparison, const Attributes& attributes) {
  const Value left = ValueOf(comparison.left, attributes);
  const Value right = ValueOf(comparison.right, attributes);
  if (!left || !right) return comparison.relation == Relation::kNotEqual;
  switch (comparison.relation) {
    case Relation::kEqual:
      return *left == *right;
    case Relation::kNotEqual:
      return *left != *right;
    case Relation::kLess:
      return *left < *right;
    case Relation::kLessOrEqual:
      return *left <= *right;
    case Relation::kGreater:
      return *left > *right;
    case Relation::kGreaterOrEqual:
      return *left >= *right;
  }
  return false;
}

bool Holds(const Membership& membership, const Attributes& attributes) {
  const Value element = ValueOf(membership.element, attributes);
  const std::vector<Constant> list = ListOf(membership, attributes);
  const bool in = element && std::find(list.begin(), list.end(), *element) != list.end();
  return in == (membership.sense == Sense::kIn);
}

struct Evaluator {
  const Attributes& attributes;
  bool operator()(const Always& always) const { return always.value; }
  bool operator()(const Comparison& comparison) const { return Holds(comparison, attributes); }
  bool operator()(const Membership& membership) const { return Holds(membership, attributes); }
  bool operator()(const HasTag& has) const { return attributes.tags.contains(has.tag); }
  bool operator()(const Negation& negation) const { return !Evaluate(negation.term.front(), attributes); }
  bool operator()(const Conjunction& all) const {
    return std::all_of(all.terms.begin(), all.terms.end(),
                       [&](const Expression& term) { return Evaluate(term, attributes); });
  }
  bool operator()(const Disjunction& any) const {
    return std::any_of(any.terms.begin(), any.terms.end(),
                       [&](const Expression& term) { return Evaluate(term, attributes); });
  }
};

/// "memory_mb is 256"; "" for a constant.
std::string Shown(const Operand& operand, const Attributes& attributes) {
  const auto* attribute = std::get_if<AttributeRef>(&operand);
  if (attribute == nullptr) return "";
  const Value value = ValueOf(*attribute, attributes);
  if (!value) return "there is no tag \"" + attribute->tag + "\"";
  return Print(*attribute) + " is " + Print(*value);
}

std::string ShownList(const AttributeRef& attribute, const Attributes& attributes) {
  const std::vector<std::string>& list = ListOf(attribute, attributes);
  if (list.empty()) return "there are no " + Print(attribute);
  std::string text = Print(attribute) + " are ";
  for (std::size_t i = 0; i < list.size(); ++i) text += (i > 0 ? ", " : "") + list[i];
  return text;
}

std::string Joined(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + ", " + b; }

struct Explainer {
  const Attributes& attributes;
  const Expression& expression;

  std::string Failed(const std::string& values) const {
    return Print(expression) + " failed" + (values.empty() ? "" : ": " + values);
  }
  std::string operator()(const Always&) const { return Failed(""); }
  std::string operator()(const Comparison& comparison) const {
    return Failed(Joined(Shown(comparison.left, attributes), Shown(comparison.right, attributes)));
  }
  std::string operator()(const Membership& membership) const {
    const auto* list = std::get_if<AttributeRef>(&membership.list);
    return Failed(Joined(Shown(membership.element, attributes), list != nullptr ? ShownList(*list, attributes) : ""));
  }
  std::string operator()(const HasTag& has) const { return Failed("there is no tag \"" + has.tag + "\""); }
  std::string operator()(const Negation&) const { return Failed(""); }
  std::string operator()(const Conjunction& all) const {
    for (const Expression& term : all.terms) {
      if (!Evaluate(term, attributes)) return ExplainFailure(term, attributes);
    }
    return "";
  }
  std::string operator()(const Disjunction& any) const {
    std::string text;
    for (const Expression& term : any.terms) text += (text.empty() ? "" : "; and ") + ExplainFailure(term, attributes);
    return text;
  }
};

}  // namespace

bool Evaluate(const Expression& expression, const Attributes& attributes) {
  return std::visit(Evaluator{attributes}, expression.node);
}

std::string ExplainFailure(const Expression& expression, const Attributes& attributes) {
  return std::visit(Explainer{attributes, expression}, expression.node);
}

}  // namespace motley
