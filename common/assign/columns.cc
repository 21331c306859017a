#include "common/assign/columns.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "common/assign/rules.h"

namespace motley::assign {
namespace {

constexpr std::int32_t kMaxColumns = 100'000;

class ColumnBuilder {
 public:
  ColumnBuilder(const Problem& problem, Model& model) : problem_(problem), model_(model) {
    const std::size_t applications = problem.applications.size();
    linear_.resize(applications);
    options_.resize(applications);
    parent_.resize(applications);
    for (const Rule& rule : problem.rules) {
      if (std::holds_alternative<Coverage>(rule.what) || std::holds_alternative<Prefer>(rule.what) ||
          std::holds_alternative<Keep>(rule.what)) {
        for (const std::int32_t application : ApplicationsOf(problem, rule)) linear_[application].push_back(&rule);
      }
      if (std::holds_alternative<Count>(rule.what) && ApplicationsOf(problem, rule).size() > 1)
        spanning_.push_back(&rule);
    }
  }

  Result<void> Add(std::int32_t index) {
    const GatewayClass& gateway_class = problem_.classes[index];
    if (gateway_class.count == 0) return {};
    for (auto& options : options_) options.clear();
    for (const Option& option : gateway_class.options) {
      if (!Fits(problem_, gateway_class, option.variant)) continue;
      options_[problem_.variants[option.variant].application].push_back(option);
    }
    FindGroups(gateway_class);
    for (std::size_t root = 0; root < parent_.size(); ++root) {
      if (Root(root) != root) continue;
      Supply supply{.gateway_class = index, .gateways = gateway_class.count};
      for (std::size_t i = root; i < parent_.size(); ++i) {
        if (Root(i) == root) supply.applications.push_back(static_cast<std::int32_t>(i));
      }
      TRY(AddSupply(gateway_class, std::move(supply)));
    }
    return {};
  }

 private:
  /// The least application of the group; union-find with the least as root.
  std::size_t Root(std::size_t application) const {
    while (parent_[application] != application) application = parent_[application];
    return application;
  }

  void Join(const std::vector<std::int32_t>& applications) {
    for (const std::int32_t application : applications) {
      const auto [low, high] = std::minmax({Root(application), Root(applications[0])});
      parent_[high] = low;
    }
  }

  void FindGroups(const GatewayClass& gateway_class) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    if (parent_.size() < 2) return;
    for (std::size_t resource = 0; resource < gateway_class.capacities.size(); ++resource) {
      std::vector<std::int32_t> users;
      __int128 together = 0;
      for (std::size_t i = 0; i < options_.size(); ++i) {
        std::int64_t most = 0;
        for (const Option& option : options_[i]) {
          most = std::max(most, DemandOf(problem_.variants[option.variant], resource));
        }
        if (most > 0) users.push_back(static_cast<std::int32_t>(i));
        together += most;
      }
      if (together > gateway_class.capacities[resource]) Join(users);
    }
    for (const Rule* rule : spanning_) {
      std::vector<std::int32_t> involved = ApplicationsOf(problem_, *rule);
      std::erase_if(involved, [&](std::int32_t application) { return options_[application].empty(); });
      if (IsMember(*rule, gateway_class) && involved.size() > 1) Join(involved);
    }
  }

  Result<void> AddSupply(const GatewayClass& gateway_class, Supply supply) {
    supply.first_column = static_cast<std::int32_t>(model_.columns.size());
    supply.last_column = supply.first_column;
    variants_.assign(supply.applications.size(), kNone);
    left_ = gateway_class.capacities;
    const auto index = static_cast<std::int32_t>(model_.supplies.size());
    model_.supplies.push_back(std::move(supply));
    TRY(Combine(gateway_class, index, 0, 0));
    Supply& added = model_.supplies[index];
    added.last_column = static_cast<std::int32_t>(model_.columns.size());
    if (added.first_column == added.last_column) model_.impossible = true;
    return {};
  }

  /// Adds all columns that go on from the variants chosen for the supply's first `chosen` applications.
  Result<void> Combine(const GatewayClass& gateway_class, std::int32_t index, std::size_t chosen, std::int64_t cost) {
    const Supply& supply = model_.supplies[index];
    if (chosen == supply.applications.size()) {
      if (model_.columns.size() - supply.first_column == kMaxColumns) {
        return Error{Code::kInvalid, "class \"" + gateway_class.name + "\": its " + std::to_string(chosen) +
                                         " applications that share a gateway combine in more than " +
                                         std::to_string(kMaxColumns) + " ways; offer it fewer variants"};
      }
      model_.columns.push_back({index, static_cast<std::int32_t>(model_.column_variants.size()), cost});
      model_.column_variants.insert(model_.column_variants.end(), variants_.begin(), variants_.end());
      return {};
    }
    const std::int32_t application = supply.applications[chosen];
    for (const Option& option : options_[application]) {
      if (!Take(option.variant)) continue;
      variants_[chosen] = option.variant;
      const std::int64_t own = option.cost * problem_.applications[application].priority;
      const auto rest = CostOfRules(gateway_class, application, option.variant);
      if (rest) TRY(Combine(gateway_class, index, chosen + 1, cost + own + *rest));
      GiveBack(option.variant);
    }
    variants_[chosen] = kNone;
    const auto rest = CostOfRules(gateway_class, application, kNone);
    if (rest) TRY(Combine(gateway_class, index, chosen + 1, cost + *rest));
    return {};
  }

  bool Take(std::int32_t variant) {
    const Variant& taken = problem_.variants[variant];
    for (std::size_t i = 0; i < left_.size(); ++i) {
      if (DemandOf(taken, i) > left_[i]) return false;
    }
    for (std::size_t i = 0; i < left_.size(); ++i) left_[i] -= DemandOf(taken, i);
    return true;
  }

  void GiveBack(std::int32_t variant) {
    for (std::size_t i = 0; i < left_.size(); ++i) left_[i] += DemandOf(problem_.variants[variant], i);
  }

  /// Nothing: a hard rule forbids it.
  std::optional<std::int64_t> CostOfRules(const GatewayClass& gateway_class, std::int32_t application,
                                          std::int32_t variant) const {
    std::int64_t cost = 0;
    for (const Rule* rule : linear_[application]) {
      if (!IsMember(*rule, gateway_class) || Pleases(*rule, gateway_class, application, variant)) continue;
      if (rule->weight) {
        cost += *rule->weight * problem_.applications[application].priority;
      } else if (CouldPlease(*rule, gateway_class, application)) {
        return std::nullopt;
      }
    }
    return cost;
  }

  static bool Pleases(const Rule& rule, const GatewayClass& gateway_class, std::int32_t application,
                      std::int32_t variant) {
    if (std::holds_alternative<Coverage>(rule.what)) return variant != kNone;
    if (std::holds_alternative<Keep>(rule.what)) {
      const std::int32_t current = CurrentOf(gateway_class, application);
      return current == kNone || current == variant;
    }
    const std::vector<std::int32_t>& preferred = VariantsOf(rule);
    return variant == kNone || std::find(preferred.begin(), preferred.end(), variant) != preferred.end();
  }

  /// Whether some option of the class fulfils the rule.
  bool CouldPlease(const Rule& rule, const GatewayClass& gateway_class, std::int32_t application) const {
    return std::any_of(options_[application].begin(), options_[application].end(),
                       [&](const Option& option) { return Pleases(rule, gateway_class, application, option.variant); });
  }

  const Problem& problem_;
  Model& model_;
  /// By application: its coverage, prefer and keep rules.
  std::vector<std::vector<const Rule*>> linear_;
  /// Count rules about variants of several applications.
  std::vector<const Rule*> spanning_;
  // Of the class at hand:
  std::vector<std::vector<Option>> options_;
  std::vector<std::size_t> parent_;
  // Of the column at hand:
  std::vector<std::int32_t> variants_;
  std::vector<std::int64_t> left_;
};

}  // namespace

Result<void> AddColumns(const Problem& problem, Model& model) {
  ColumnBuilder builder(problem, model);
  for (std::size_t i = 0; i < problem.classes.size(); ++i) TRY(builder.Add(static_cast<std::int32_t>(i)));
  return {};
}

}  // namespace motley::assign
