#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/assign/problem.h"
#include "common/base/result.h"

namespace motley::assign {

/// `rule "canaries" (line 7)`.
std::string Describe(const Rule& rule);

/// Whether the rule is about the gateways of this class.
bool IsMember(const Rule& rule, const GatewayClass& gateway_class);
/// The value of `attribute` that its gateways have, or kNone.
std::int32_t ValueOf(const GatewayClass& gateway_class, std::int32_t attribute);
/// The variant of `application` that its gateways run now, or kNone.
std::int32_t CurrentOf(const GatewayClass& gateway_class, std::int32_t application);
/// Whether a gateway of the class has the capacities for the variant when it runs nothing else.
bool Fits(const Problem& problem, const GatewayClass& gateway_class, std::int32_t variant);
/// Whether the variant is an option of the class, and fits.
bool CanRun(const Problem& problem, const GatewayClass& gateway_class, std::int32_t variant);
/// The capacity for `resource`, or INT64_MAX.
std::int64_t CapacityOf(const GatewayClass& gateway_class, std::size_t resource);
std::int64_t DemandOf(const Variant& variant, std::size_t resource);

/// The variants that a rule names; empty for those that name an application or a condition.
const std::vector<std::int32_t>& VariantsOf(const Rule& rule);
/// The applications of the variants that it names, or the one that it names, sorted; empty for logic.
std::vector<std::int32_t> ApplicationsOf(const Problem& problem, const Rule& rule);
/// What one gateway pays at worst for a coverage, prefer or keep rule of weight 1: the priorities of its applications.
std::int64_t LinearFactor(const Problem& problem, const Rule& rule);

/// The gateways that a rule looks at together: all that it is about, or those with one value of its `within`.
struct Scope {
  std::vector<std::int32_t> classes;
  std::int64_t gateways = 0;
};
/// One, or one for each value of `within`, in their order. Classes without gateways are left out.
std::vector<Scope> ScopesOf(const Problem& problem, const Rule& rule);

/// What a count rule or a distinct or balance rule asks of each variant or set of variants in one scope.
struct Demand {
  /// Gateways that run one of these are counted; with `application` not kNone: those that run none of it.
  std::vector<std::int32_t> variants;
  std::int32_t application = kNone;
  std::int64_t low = 0;
  std::int64_t high = 0;
};
/// Empty for coverage, prefer, keep and logic.
std::vector<Demand> DemandsOf(const Problem& problem, const Rule& rule, const Scope& scope);

/// What a symbol of a condition stands for.
struct Symbol {
  enum class Kind { kGateways, kWithout, kVariant };
  Kind kind = Kind::kGateways;
  std::int32_t application = kNone;
  /// kNone for kWithout: those that run none of the application.
  std::int32_t variant = kNone;
};
/// Errors: kInvalid (unknown, or known in several applications).
Result<Symbol> ResolveSymbol(const Problem& problem, std::string_view name);

}  // namespace motley::assign
