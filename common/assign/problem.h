#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Which variant for how many gateways of each class: the question, as plain values. All numbers are integers; indices
/// count from 0 into the vectors of Problem. docs/assignment.md has the formulas.
namespace motley::assign {

/// "No index": no variant, no current variant, no value of an attribute, all gateways, not within anything.
inline constexpr std::int32_t kNone = -1;
/// The greatest weight, option cost and priority.
inline constexpr std::int64_t kMaxWeight = 1'000'000'000;
/// The greatest number of gateways.
inline constexpr std::int64_t kMaxGateways = 1'000'000'000;
/// The greatest total cost that the worst assignment of a problem may have (2^52: a double still holds every integer).
inline constexpr std::int64_t kMaxCost = std::int64_t{1} << 52;

struct Application {
  std::string name;
  /// 1 to kMaxWeight. What coverage, preference and keep of this application cost is multiplied by it: where two
  /// applications compete for a gateway, the one with more at stake gets it.
  std::int64_t priority = 1;
};

struct Variant {
  std::string name;
  std::int32_t application = 0;
  /// By resource, not negative; resources past the end: 0.
  std::vector<std::int64_t> demands;
};

/// An attribute whose values split the fleet for rules that say `within`.
struct Attribute {
  std::string name;
  std::vector<std::string> values;
};

/// A variant that the gateways of a class can run, and what each gateway pays that does.
struct Option {
  std::int32_t variant = 0;
  /// 0 to kMaxWeight.
  std::int64_t cost = 0;
};

/// Gateways that no rule can tell apart.
struct GatewayClass {
  /// For messages.
  std::string name;
  std::int64_t count = 0;
  /// Eligible variants of all applications, each at most once.
  std::vector<Option> options;
  /// By application: the variant that runs now, or kNone; past the end: kNone. It need not be among `options`.
  std::vector<std::int32_t> current;
  /// By attribute: index of the value, or kNone; past the end: kNone.
  std::vector<std::int32_t> values;
  /// By selector: whether its gateways match; past the end: no.
  std::vector<bool> member;
  /// By resource: what one gateway has; past the end: no limit. A thing that only one may use (a port, a board) is a
  /// resource of capacity 1.
  std::vector<std::int64_t> capacities;
};

/// What a soft rule costs when it does not hold: its weight for each gateway too many or too few, or its weight once
/// (with `within`: once for each value).
enum class Charge { kPerGateway, kOnce };

/// Every gateway gets a variant of `application`. Soft: the weight for each gateway without, also where none is
/// eligible. Hard: only a gateway with an eligible variant must have one.
struct Coverage {
  std::int32_t application = 0;
};

/// A gateway that runs another variant of the same applications pays the weight (for each application); one that runs
/// none does not. Hard: gateways that could run one of `variants` run one of them or none.
struct Prefer {
  std::vector<std::int32_t> variants;
};

enum class Comparison { kAtLeast, kAtMost, kExactly };
enum class Unit { kGateways, kPercent };

/// How many gateways run one of `variants`.
struct Count {
  Comparison comparison = Comparison::kAtLeast;
  /// Gateways, or percent (0 to 100) of the gateways that the rule is about (in each value of `within`); see Quota.
  std::int64_t amount = 0;
  Unit unit = Unit::kGateways;
  std::vector<std::int32_t> variants;
};

/// Gateways without a variant are equal to each other, or are left out.
enum class WithoutVariant { kLeftOut, kEqual };

/// The gateways run different variants of `application`. Violation: sum over variants of (gateways - 1) above 0.
struct Distinct {
  std::int32_t application = 0;
  WithoutVariant without = WithoutVariant::kLeftOut;
};

/// Each of the k `variants` runs on floor(n/k) to ceil(n/k) of the n gateways that could run one of them. Violation:
/// sum over variants of what is above ceil or below floor.
struct Balance {
  std::vector<std::int32_t> variants;
};

/// A gateway whose current variant of `application` changes (also to none) pays the weight. Hard: it stays if it is
/// still eligible.
struct Keep {
  std::int32_t application = 0;
};

/// A condition over counts, in the language of logic.h; soft: the weight once when it is false.
struct Logic {
  std::string condition;
};

struct Rule {
  std::string name;
  /// Of the release file, for messages; 0: unknown.
  std::int32_t line = 0;
  /// 0 to kMaxWeight; nothing: a hard rule.
  std::optional<std::int64_t> weight;
  /// Index into GatewayClass::member: the rule is about these gateways; kNone: about all.
  std::int32_t selector = kNone;
  /// Attribute: count, distinct, balance and logic hold for the gateways of each of its values on their own; gateways
  /// without a value are left out. Must be kNone for the others.
  std::int32_t within = kNone;
  /// Count, distinct and balance only.
  Charge charge = Charge::kPerGateway;
  std::variant<Coverage, Prefer, Count, Distinct, Balance, Keep, Logic> what;
};

/// Several applications are solved together when they share gateways.
struct Problem {
  std::vector<Application> applications;
  std::vector<Variant> variants;
  std::vector<Attribute> attributes;
  /// Names, for messages.
  std::vector<std::string> resources;
  std::vector<GatewayClass> classes;
  std::vector<Rule> rules;
};

/// `percent` of `gateways` as a number of gateways: at least rounds up, at most rounds down, exactly rounds to the
/// nearest (half up).
std::int64_t Quota(Comparison comparison, std::int64_t percent, std::int64_t gateways);

/// How many gateways of a class get the same.
struct Share {
  std::int32_t gateway_class = 0;
  /// One application, or several that compete for the resources of this class's gateways.
  std::vector<std::int32_t> applications;
  /// For each of `applications` its variant, or kNone.
  std::vector<std::int32_t> variants;
  /// At least 1.
  std::int64_t gateways = 0;
};

struct Solution {
  /// By class, then by application. For each class and application the gateways add up to the class's count.
  std::vector<Share> shares;
  std::int64_t cost = 0;
  /// By rule.
  std::vector<std::int64_t> cost_by_rule;
  /// What the options cost.
  std::int64_t preference_cost = 0;
  /// No assignment costs less.
  std::int64_t lower_bound = 0;
  /// cost == lower_bound.
  bool proven = false;
  /// By application: gateways without a variant of it.
  std::vector<std::int64_t> unassigned;
  /// By variant: gateways that run it.
  std::vector<std::int64_t> gateways_by_variant;
  /// "flow", "branch", "ilp" or "z3".
  std::string solver;
  double seconds = 0;

  std::int64_t gap() const { return cost - lower_bound; }
};

}  // namespace motley::assign
