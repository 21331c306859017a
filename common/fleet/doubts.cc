#include <fmt/format.h>

#include <algorithm>

#include "common/fleet/problem.h"
#include "common/selector/spelling.h"

namespace motley {
namespace {

// The names of all tags that an expression reads.
void CollectTags(const Expression& expression, std::vector<std::string>& tags) {
  const auto add = [&](const AttributeRef* attribute) {
    if (attribute != nullptr && attribute->attribute == Attribute::kTag) tags.push_back(attribute->tag);
  };
  if (const auto* negation = std::get_if<Negation>(&expression.node)) {
    CollectTags(negation->term.front(), tags);
  } else if (const auto* all = std::get_if<Conjunction>(&expression.node)) {
    for (const Expression& term : all->terms) CollectTags(term, tags);
  } else if (const auto* any = std::get_if<Disjunction>(&expression.node)) {
    for (const Expression& term : any->terms) CollectTags(term, tags);
  } else if (const auto* comparison = std::get_if<Comparison>(&expression.node)) {
    add(std::get_if<AttributeRef>(&comparison->left));
    add(std::get_if<AttributeRef>(&comparison->right));
  } else if (const auto* membership = std::get_if<Membership>(&expression.node)) {
    add(std::get_if<AttributeRef>(&membership->element));
  } else if (const auto* has = std::get_if<HasTag>(&expression.node)) {
    tags.push_back(has->tag);
  }
}

}  // namespace

void FleetProblem::DoubtTags(const std::vector<std::string>& tags, const std::string& where,
                             std::vector<std::string>& doubts) const {
  const std::vector<std::string_view> known = fleet_->TagNames();
  for (const std::string& tag : tags) {
    if (std::find(known.begin(), known.end(), tag) != known.end()) continue;
    doubts.push_back(fmt::format("{}: no gateway has a tag \"{}\"{}", where, tag, DidYouMean(tag, known)));
  }
}

std::vector<std::string> FleetProblem::Doubts() const {
  std::vector<std::string> doubts;
  if (fleet_->size() == 0) return {"the fleet is empty: there is nothing to assign"};
  std::vector<bool> can_run(problem_.variants.size());
  std::vector<bool> matched(problem_.rules.size());
  for (const assign::GatewayClass& gateways : problem_.classes) {
    if (gateways.count == 0) continue;
    for (const assign::Option& option : gateways.options) can_run[static_cast<std::size_t>(option.variant)] = true;
    for (std::size_t r = 0; r < matched.size(); ++r) {
      const std::int32_t selector = problem_.rules[r].selector;
      if (selector == assign::kNone || gateways.member[static_cast<std::size_t>(selector)]) matched[r] = true;
    }
  }
  for (std::size_t a = 0, v = 0, r = 0; a < applications_.size(); ++a) {
    for (const FleetVariant& variant : applications_[a].variants) {
      const std::string where = fmt::format("variant \"{}\"", variant.name);
      std::vector<std::string> tags;
      CollectTags(variant.when.expression(), tags);
      DoubtTags(tags, where, doubts);
      if (!can_run[v++]) doubts.push_back(where + ": no gateway fits it");
    }
    for (const FleetRule& rule : applications_[a].rules) {
      const std::string where = fmt::format("rule \"{}\" (line {})", rule.rule.name, rule.rule.line);
      std::vector<std::string> tags;
      if (rule.where) CollectTags(rule.where->expression(), tags);
      if (rule.within && rule.within->attribute == Attribute::kTag) tags.push_back(rule.within->tag);
      DoubtTags(tags, where, doubts);
      if (!matched[r++]) doubts.push_back(where + ": is about no gateway");
    }
  }
  return doubts;
}

}  // namespace motley
