#include <algorithm>
#include <map>
#include <unordered_map>

#include "common/assign/evaluate.h"
#include "common/assign/rules.h"
#include "controller/assign/nearest.h"
#include "controller/assign/question.h"
#include "controller/assign/reasons.h"
#include "controller/assign/scene.h"

namespace motley::controller {
namespace {

/// How many gateways of each class run which variant of the release, where one of them may be tried elsewhere.
class Shares {
 public:
  Shares(const Scene& scene, const std::vector<v1::Assignment>& assignments) : scene_(scene) {
    std::unordered_map<std::string_view, const v1::Assignment*> planned;
    for (const v1::Assignment& assignment : assignments) planned[assignment.gateway()] = &assignment;
    scene.fleet().Rows().ForEach([&](std::size_t i) {
      const auto row = static_cast<FleetIndex::Row>(i);
      std::string_view variant;
      const auto found = planned.find(scene.fleet().Name(row));
      if (found != planned.end()) {
        variant = found->second->variant();
      } else if (const Wanted* before = scene.Before(row)) {
        variant = before->variant;
      }
      ++counts_[{ClassOf(row), scene.PlaceOf(variant) - 1}];
    });
  }

  /// What all rules cost if the gateway of `row` changed from one variant to another.
  Result<assign::Bill> BillAfter(FleetIndex::Row row, std::int32_t from, std::int32_t to) const {
    auto counts = counts_;
    --counts[{ClassOf(row), from}];
    ++counts[{ClassOf(row), to}];
    std::vector<assign::Share> shares;
    for (const auto& [key, gateways] : counts) {
      if (gateways > 0) shares.push_back({key.first, {0}, {key.second}, gateways});
    }
    return assign::Evaluate(scene_.problem(), shares);
  }

 private:
  std::int32_t ClassOf(FleetIndex::Row row) const {
    return static_cast<std::int32_t>(scene_.fleet_problem().classes().Of(row));
  }

  const Scene& scene_;
  std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> counts_;
};

void AddCost(const std::string& name, std::int32_t line, bool hard, std::int64_t cost, v1::VariantVerdict& verdict) {
  v1::RuleCost& added = *verdict.add_costs();
  added.set_name(name);
  added.set_line(static_cast<std::uint32_t>(line));
  added.set_hard(hard);
  added.set_cost(cost);
}

void Compare(const Scene& scene, const assign::Bill& now, const assign::Bill& then, v1::VariantVerdict& verdict) {
  if (then.preference_cost != now.preference_cost) {
    AddCost("preference", 0, false, then.preference_cost - now.preference_cost, verdict);
  }
  const auto& rules = scene.application().rules;
  std::int64_t extra = then.preference_cost - now.preference_cost;
  for (std::size_t i = 0; i < rules.size() && i < then.cost_by_rule.size(); ++i) {
    const std::int64_t cost = then.cost_by_rule[i] - now.cost_by_rule[i];
    if (cost != 0) AddCost(rules[i].rule.name, rules[i].rule.line, false, cost, verdict);
    extra += cost;
  }
  verdict.set_extra_cost(extra);
  for (const std::int32_t broken : then.broken) {
    if (std::find(now.broken.begin(), now.broken.end(), broken) != now.broken.end()) continue;
    verdict.add_broken(assign::Describe(scene.problem().rules[static_cast<std::size_t>(broken)]));
  }
}

std::string InWords(const v1::VariantVerdict& verdict) {
  std::string text;
  for (const std::string& broken : verdict.broken()) text += (text.empty() ? "fits, but would break " : ", ") + broken;
  if (!text.empty()) return text;
  if (verdict.costs_size() == 0) return "fits, at the same cost";
  for (const v1::RuleCost& cost : verdict.costs()) {
    text += (text.empty() ? "fits, and would change the cost by " : ", ") + std::string(cost.cost() > 0 ? "+" : "") +
            std::to_string(cost.cost()) + " (" + cost.name() + ")";
  }
  return text;
}

/// What other applications leave of something.
std::uint64_t Left(std::uint64_t all, std::uint64_t taken) { return all > taken ? all - taken : 0; }

/// Why it does not fit beside what else the gateway is to run.
std::optional<std::string> WhyNotBeside(const Question& question, FleetIndex::Row row, std::size_t variant,
                                        Attributes attributes) {
  const Demands& demands = question.release->parsed.application.variants[variant].demands;
  std::string names;
  for (const OtherApplication& other : question.others) {
    const Wanted* wanted = other.wanted.At(row);
    if (wanted == nullptr) continue;
    const Demands& taken = other.demands[other.wanted.PlaceAt(row) - 1];
    attributes.memory_mb = Left(attributes.memory_mb, taken.memory_mb);
    attributes.disk_mb = Left(attributes.disk_mb, taken.disk_mb);
    for (const auto& [type, count] : taken.boards) {
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto board = std::find(attributes.boards.begin(), attributes.boards.end(), type);
        if (board != attributes.boards.end()) attributes.boards.erase(board);
      }
    }
    names += (names.empty() ? "" : " and ") + other.name + " " + wanted->Text();
    for (const std::uint16_t port : demands.ports) {
      if (taken.ports.contains(port)) return "port " + std::to_string(port) + " is taken by " + names;
    }
  }
  if (names.empty()) return std::nullopt;
  const std::string beside = "no room beside " + names + ": ";
  if (demands.memory_mb > attributes.memory_mb) {
    return beside + std::to_string(demands.memory_mb) + " MB of memory are needed, and " +
           std::to_string(attributes.memory_mb) + " are left";
  }
  if (demands.disk_mb > attributes.disk_mb) {
    return beside + std::to_string(demands.disk_mb) + " MB of disk are needed, and " +
           std::to_string(attributes.disk_mb) + " are left";
  }
  for (const auto& [type, needed] : demands.boards) {
    if (std::count(attributes.boards.begin(), attributes.boards.end(), type) < needed) {
      return beside + "the boards of type " + type + " are taken";
    }
  }
  return std::nullopt;
}

/// Asks for each variant, for one gateway.
class Explainer {
 public:
  Explainer(const Scene& scene, const Shares& shares, FleetIndex::Row row)
      : scene_(scene), shares_(shares), row_(row), attributes_(scene.fleet().AttributesOf(row)) {}

  Result<void> Add(v1::Assignment& assignment) const {
    const Question& question = scene_.question();
    const std::int32_t chosen = scene_.PlaceOf(assignment.variant()) - 1;
    TRY_ASSIGN(const assign::Bill now, shares_.BillAfter(row_, chosen, chosen));
    // A preview has rows of its own.
    const auto row = question.fleet->Find(assignment.gateway()).value_or(0);
    bool any_fits = false;
    for (std::size_t i = 0; i < scene_.application().variants.size(); ++i) {
      const FleetVariant& variant = scene_.application().variants[i];
      v1::VariantVerdict& verdict = *assignment.add_verdicts();
      verdict.set_variant(variant.name);
      verdict.set_prefer(static_cast<std::int32_t>(variant.prefer));
      const auto misfit = WhyNot(*question.release, i, attributes_);
      any_fits = any_fits || !misfit;
      const auto failed = misfit ? misfit : WhyNotBeside(question, row, i, attributes_);
      verdict.set_fits(!failed);
      verdict.set_reason(failed.value_or("fits"));
      if (failed || static_cast<std::int32_t>(i) == chosen) continue;
      TRY_ASSIGN(const assign::Bill then, shares_.BillAfter(row_, chosen, static_cast<std::int32_t>(i)));
      Compare(scene_, now, then, verdict);
      verdict.set_reason(InWords(verdict));
    }
    if (!any_fits) assignment.set_nearest_change(NearestChange(*question.release, attributes_));
    return {};
  }

 private:
  const Scene& scene_;
  const Shares& shares_;
  const FleetIndex::Row row_;
  const Attributes attributes_;
};

}  // namespace

Result<v1::Assignment> Explain(const Question& question, const std::vector<v1::Assignment>& assignments,
                               const std::string& gateway) {
  const auto found = std::find_if(assignments.begin(), assignments.end(),
                                  [&](const v1::Assignment& assignment) { return assignment.gateway() == gateway; });
  CHECK(found != assignments.end());
  v1::Assignment assignment = *found;
  TRY_ASSIGN(const Scene scene, Scene::Create(question, HardRules::kAll));
  const auto row = scene.fleet().Find(gateway);
  if (!row) return assignment;
  TRY(Explainer(scene, Shares(scene, assignments), *row).Add(assignment));
  return assignment;
}

}  // namespace motley::controller
