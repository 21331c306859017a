#include "controller/assign/nearest.h"

#include <algorithm>
#include <optional>

#include "common/selector/evaluate.h"
#include "controller/assign/reasons.h"

namespace motley::controller {
namespace {

constexpr int kTag = 1;
constexpr int kHardware = 4;
constexpr int kOther = 8;
constexpr int kImpossible = 1000;

int EffortFor(const AttributeRef* attribute) {
  if (attribute == nullptr) return 0;
  switch (attribute->attribute) {
    case Attribute::kTag:
      return kTag;
    case Attribute::kMemoryMb:
    case Attribute::kDiskMb:
    case Attribute::kCpus:
    case Attribute::kBoards:
    case Attribute::kKinds:
    case Attribute::kContainerEngine:
      return kHardware;
    default:
      return kOther;
  }
}

/// "memory_mb >= 512 failed: memory_mb is 256" as "memory_mb >= 512 (memory_mb is 256)".
std::string StepFor(const Expression& leaf, const Attributes& attributes) {
  constexpr std::string_view kFailed = " failed: ";
  std::string text = ExplainFailure(leaf, attributes);
  const auto place = text.rfind(kFailed);
  if (place == std::string::npos) return Print(leaf);
  return text.replace(place, kFailed.size(), " (") + ")";
}

/// Finds the smallest changes that make an expression what it should be.
struct Finder {
  const Attributes& attributes;
  bool wanted;

  Changes Find(const Expression& expression) const {
    if (Evaluate(expression, attributes) == wanted) return {};
    return std::visit([&](const auto& node) { return (*this)(node, expression); }, expression.node);
  }

  Changes All(const std::vector<Expression>& terms) const {
    Changes all;
    for (const Expression& term : terms) {
      const Changes changes = Find(term);
      all.steps.insert(all.steps.end(), changes.steps.begin(), changes.steps.end());
      all.effort += changes.effort;
    }
    return all;
  }

  Changes Cheapest(const std::vector<Expression>& terms) const {
    std::optional<Changes> best;
    for (const Expression& term : terms) {
      Changes changes = Find(term);
      if (!best || changes.effort < best->effort) best = std::move(changes);
    }
    return best.value_or(Changes{});
  }

  Changes Leaf(const Expression& leaf, int effort) const {
    return {{wanted ? StepFor(leaf, attributes) : "not " + Print(leaf)}, std::max(effort, kTag)};
  }

  Changes operator()(const Always&, const Expression& leaf) const { return Leaf(leaf, kImpossible); }
  Changes operator()(const Comparison& comparison, const Expression& leaf) const {
    return Leaf(leaf, EffortFor(std::get_if<AttributeRef>(&comparison.left)) +
                          EffortFor(std::get_if<AttributeRef>(&comparison.right)));
  }
  Changes operator()(const Membership& membership, const Expression& leaf) const {
    return Leaf(leaf, EffortFor(std::get_if<AttributeRef>(&membership.element)) +
                          EffortFor(std::get_if<AttributeRef>(&membership.list)));
  }
  Changes operator()(const HasTag&, const Expression& leaf) const { return Leaf(leaf, kTag); }
  Changes operator()(const Negation& negation, const Expression&) const {
    return Finder{attributes, !wanted}.Find(negation.term.front());
  }
  Changes operator()(const Conjunction& all, const Expression&) const {
    return wanted ? All(all.terms) : Cheapest(all.terms);
  }
  Changes operator()(const Disjunction& any, const Expression&) const {
    return wanted ? Cheapest(any.terms) : All(any.terms);
  }
};

}  // namespace

Changes NearestChanges(const Expression& expression, const Attributes& attributes) {
  return Finder{attributes, true}.Find(expression);
}

std::string NearestChange(const PreparedRelease& release, const Attributes& attributes) {
  const auto& variants = release.parsed.application.variants;
  std::optional<std::size_t> nearest;
  Changes best;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    Changes changes = NearestChanges(release.parsed.written[i].expression(), attributes);
    // `when` is the first thing that WhyNot looks at; behind it stands what the model needs.
    if (auto misfit = changes.steps.empty() ? WhyNot(release, i, attributes) : std::nullopt) {
      changes.steps.push_back(*std::move(misfit));
      changes.effort += kHardware;
    }
    const bool better = !nearest || changes.effort < best.effort ||
                        (changes.effort == best.effort && variants[i].prefer > variants[*nearest].prefer);
    if (!better) continue;
    nearest = i;
    best = std::move(changes);
  }
  if (!nearest || best.steps.empty() || best.effort >= kImpossible) return "";
  std::string text = "variant \"" + variants[*nearest].name + "\" needs ";
  for (std::size_t i = 0; i < best.steps.size(); ++i) text += (i > 0 ? ", and " : "") + best.steps[i];
  return text;
}

}  // namespace motley::controller
