#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace motley {

/// The tree of a selector: plain values, made by the parser only in type-correct shapes, to be visited by evaluators.

enum class Attribute {
  kGateway,
  kArch,
  kOs,
  kOsVersion,
  kHostname,
  kMemoryMb,
  kDiskMb,
  kCpus,
  kBoards,
  kKinds,
  kContainerEngine,
  kTag,
};
enum class Type { kString, kNumber, kList };

/// An attribute of the gateway; `tag` is the tag's name for kTag and else empty.
struct AttributeRef {
  Attribute attribute;
  std::string tag;

  bool operator==(const AttributeRef&) const = default;
};

using Constant = std::variant<double, std::string>;
using Operand = std::variant<AttributeRef, Constant>;

enum class Relation { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

/// `left relation right`: both strings or both numbers, at least one an attribute; order relations on numbers only.
struct Comparison {
  Operand left;
  Relation relation;
  Operand right;
};

enum class Sense { kIn, kNotIn };

/// `element in list`: the list is the attribute `boards` or `kinds`, or constants of the element's type.
struct Membership {
  Operand element;
  Sense sense;
  std::variant<AttributeRef, std::vector<Constant>> list;
};

/// `has(tags.NAME)`.
struct HasTag {
  std::string tag;
};

struct Always {
  bool value;
};

struct Expression;

/// `!term`; holds exactly one.
struct Negation {
  std::vector<Expression> term;
};

/// `a && b && ...`, two or more.
struct Conjunction {
  std::vector<Expression> terms;
};

/// `a || b || ...`, two or more.
struct Disjunction {
  std::vector<Expression> terms;
};

struct Expression {
  std::variant<Always, Comparison, Membership, HasTag, Negation, Conjunction, Disjunction> node;
};

struct AttributeInfo {
  std::string_view name;
  Attribute attribute;
  Type type;
};

/// All attributes but tags.
const std::vector<AttributeInfo>& KnownAttributes();
Type TypeOf(Attribute attribute);

/// "memory_mb", "tags.region".
std::string Print(const AttributeRef& attribute);
/// `512`, `"eu"`.
std::string Print(const Constant& constant);
/// The canonical text: parses to the same tree again.
std::string Print(const Expression& expression);
/// "<=".
std::string_view Print(Relation relation);

}  // namespace motley
