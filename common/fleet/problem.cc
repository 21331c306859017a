#include "common/fleet/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace motley {
namespace {

// Sums of demands that a gateway's memory or disk is compared with; each can make classes of its own.
constexpr std::size_t kMaxSteps = 65'000;

}  // namespace

/// Turns applications into all of a problem but its classes.
class FleetProblem::Planner {
 public:
  explicit Planner(const std::vector<FleetApplication>& applications) : applications_(applications) {}

  Result<Plan> Make() {
    for (const FleetApplication& application : applications_) {
      if (application.variants.empty()) {
        return Error{Code::kInvalid, fmt::format("application \"{}\" has no variants; give it one", application.name)};
      }
      if (application.variants.size() > kMaxVariants) {
        return Error{Code::kInvalid, fmt::format("application \"{}\" has {} variants, over the limit of {}",
                                                 application.name, application.variants.size(), kMaxVariants)};
      }
      first_variant_.push_back(plan_.problem.variants.size());
      AddVariants(application);
    }
    for (std::size_t i = 0; i < applications_.size(); ++i) {
      for (const FleetRule& rule : applications_[i].rules) AddRule(rule, static_cast<std::int32_t>(i));
    }
    plan_.distinctions.extras = plan_.kept.size();
    TRY(AddLevel("memory_mb", Attribute::kMemoryMb, [](const Demands& demands) { return demands.memory_mb; }));
    TRY(AddLevel("disk_mb", Attribute::kDiskMb, [](const Demands& demands) { return demands.disk_mb; }));
    AddBoards();
    AddPorts();
    return std::move(plan_);
  }

 private:
  using DemandOf = std::function<std::int64_t(const Demands&)>;

  void AddVariants(const FleetApplication& application) {
    const auto place = static_cast<std::int32_t>(plan_.problem.applications.size());
    plan_.problem.applications.push_back({application.name, application.priority});
    for (const FleetVariant& variant : application.variants) {
      plan_.problem.variants.push_back({variant.name, place, {}});
      plan_.distinctions.conditions.push_back(variant.when.expression());
    }
  }

  void AddRule(const FleetRule& rule, std::int32_t application) {
    assign::Rule added = rule.rule;
    if (rule.where) added.selector = SelectorPlace(*rule.where);
    if (rule.within) added.within = AttributePlace(*rule.within);
    const auto first = static_cast<std::int32_t>(first_variant_[static_cast<std::size_t>(application)]);
    const auto shift = [&](std::vector<std::int32_t>& variants) {
      for (std::int32_t& variant : variants) variant += first;
    };
    if (auto* coverage = std::get_if<assign::Coverage>(&added.what)) coverage->application = application;
    if (auto* distinct = std::get_if<assign::Distinct>(&added.what)) distinct->application = application;
    if (auto* keep = std::get_if<assign::Keep>(&added.what)) {
      keep->application = application;
      const auto place = static_cast<std::size_t>(application);
      if (plan_.kept.empty() || plan_.kept.back() != place) plan_.kept.push_back(place);
    }
    if (auto* prefer = std::get_if<assign::Prefer>(&added.what)) shift(prefer->variants);
    if (auto* count = std::get_if<assign::Count>(&added.what)) shift(count->variants);
    if (auto* balance = std::get_if<assign::Balance>(&added.what)) shift(balance->variants);
    plan_.problem.rules.push_back(std::move(added));
  }

  std::int32_t SelectorPlace(const Selector& selector) {
    const auto next = static_cast<std::int32_t>(selectors_.size());
    const auto [found, is_new] = selectors_.try_emplace(selector.Print(), next);
    if (is_new) plan_.distinctions.conditions.push_back(selector.expression());
    return found->second;
  }

  std::int32_t AttributePlace(const AttributeRef& attribute) {
    auto& values = plan_.distinctions.values;
    const auto found = std::find(values.begin(), values.end(), attribute);
    if (found != values.end()) return static_cast<std::int32_t>(found - values.begin());
    values.push_back(attribute);
    plan_.problem.attributes.push_back({Print(attribute), {}});
    return static_cast<std::int32_t>(values.size()) - 1;
  }

  // By variant of the problem; nothing where no variant has a demand.
  std::optional<Resource> ResourceOf(Resource::Kind kind, const std::string& name, const DemandOf& demand_of) {
    Resource resource{.kind = kind};
    std::set<std::size_t> users;
    for (std::size_t a = 0; a < applications_.size(); ++a) {
      for (const FleetVariant& variant : applications_[a].variants) {
        resource.demands.push_back(demand_of(variant.demands));
        if (resource.demands.back() > 0) users.insert(a);
      }
    }
    if (users.empty()) return std::nullopt;
    // One application alone only needs that its variant fits, which is part of what is eligible.
    if (users.size() > 1) {
      resource.shared = plan_.problem.resources.size();
      plan_.problem.resources.push_back(name);
      for (std::size_t v = 0; v < resource.demands.size(); ++v) {
        plan_.problem.variants[v].demands.push_back(resource.demands[v]);
      }
    }
    return resource;
  }

  // What matters of a gateway's memory is the largest sum of demands, one of each application, that it has room for.
  Result<void> AddLevel(const std::string& name, Attribute attribute, const DemandOf& demand_of) {
    auto resource = ResourceOf(Resource::Kind::kLevel, name, demand_of);
    if (!resource) return {};
    std::set<std::int64_t> sums = {0};
    for (const FleetApplication& application : applications_) {
      std::set<std::int64_t> demands = {0};
      for (const FleetVariant& variant : application.variants) demands.insert(demand_of(variant.demands));
      std::set<std::int64_t> next;
      for (const std::int64_t sum : sums) {
        for (const std::int64_t demand : demands) next.insert(sum + demand);
        if (next.size() > kMaxSteps) {
          return Error{Code::kInvalid,
                       fmt::format("the demands of {} add up to over {} different sums; round them", name, kMaxSteps)};
        }
      }
      sums = std::move(next);
    }
    sums.erase(0);
    resource->steps.insert(resource->steps.end(), sums.begin(), sums.end());
    resource->place = plan_.distinctions.levels.size();
    plan_.distinctions.levels.push_back({{attribute, ""}, {sums.begin(), sums.end()}});
    plan_.resources.push_back(*std::move(resource));
    return {};
  }

  void AddBoards() {
    std::map<std::string, std::uint32_t> most;
    for (const FleetApplication& application : applications_) {
      std::map<std::string, std::uint32_t> own;
      for (const FleetVariant& variant : application.variants) {
        for (const auto& [type, count] : variant.demands.boards) own[type] = std::max(own[type], count);
      }
      for (const auto& [type, count] : own) most[type] += count;
    }
    for (const auto& [type, count] : most) {
      auto resource = ResourceOf(Resource::Kind::kBoards, "board " + type, [&](const Demands& demands) {
        const auto found = demands.boards.find(type);
        return found == demands.boards.end() ? std::int64_t{0} : std::int64_t{found->second};
      });
      if (!resource) continue;
      resource->place = plan_.distinctions.boards.size();
      plan_.distinctions.boards.push_back({type, count});
      plan_.resources.push_back(*std::move(resource));
    }
  }

  void AddPorts() {
    std::set<std::uint16_t> ports;
    for (const FleetApplication& application : applications_) {
      for (const FleetVariant& variant : application.variants) {
        ports.insert(variant.demands.ports.begin(), variant.demands.ports.end());
      }
    }
    for (const std::uint16_t port : ports) {
      auto resource = ResourceOf(Resource::Kind::kPort, fmt::format("port {}", port), [&](const Demands& demands) {
        return demands.ports.contains(port) ? std::int64_t{1} : std::int64_t{0};
      });
      if (resource && resource->shared) plan_.resources.push_back(*std::move(resource));
    }
  }

  const std::vector<FleetApplication>& applications_;
  Plan plan_;
  std::vector<std::size_t> first_variant_;
  std::map<std::string, std::int32_t> selectors_;
};

Result<FleetProblem> FleetProblem::Create(const FleetIndex& fleet, std::vector<FleetApplication> applications,
                                          Running running) {
  CHECK(running.size() == fleet.row_limit() * applications.size());
  TRY_ASSIGN(Plan plan, Planner(applications).Make());
  return FleetProblem(fleet, std::move(applications), std::move(plan), std::move(running));
}

FleetProblem::FleetProblem(const FleetIndex& fleet, std::vector<FleetApplication> applications, Plan plan,
                           Running running)
    : fleet_(&fleet),
      applications_(std::move(applications)),
      problem_(std::move(plan.problem)),
      resources_(std::move(plan.resources)),
      kept_(std::move(plan.kept)),
      running_(std::move(running)),
      classes_(fleet, std::move(plan.distinctions), Extras(running_)) {
  for (std::size_t v = 0, a = 0; a < applications_.size(); v += applications_[a++].variants.size()) {
    first_variant_.push_back(v);
  }
  for (const FleetClasses::Entry& entry : classes_.classes()) problem_.classes.push_back(ClassOf(entry));
  for (std::size_t i = 0; i < problem_.attributes.size(); ++i) {
    problem_.attributes[i].values = classes_.ValueTexts(i);
  }
}

// For each gateway that `running` is about, what runs of the applications that are to be kept.
std::vector<std::uint16_t> FleetProblem::Extras(std::span<const std::uint16_t> running) const {
  if (kept_.size() == applications_.size()) return {running.begin(), running.end()};
  std::vector<std::uint16_t> extras;
  if (kept_.empty()) return extras;
  extras.reserve(running.size() / applications_.size() * kept_.size());
  for (std::size_t first = 0; first < running.size(); first += applications_.size()) {
    for (const std::size_t application : kept_) extras.push_back(running[first + application]);
  }
  return extras;
}

std::int64_t FleetProblem::CapacityOf(const Resource& resource, const FleetClasses::Traits& traits) const {
  if (resource.kind == Resource::Kind::kLevel) return resource.steps[traits.levels[resource.place]];
  if (resource.kind == Resource::Kind::kBoards) return traits.boards[resource.place];
  return 1;
}

assign::GatewayClass FleetProblem::ClassOf(const FleetClasses::Entry& entry) const {
  const FleetClasses::Traits& traits = entry.traits;
  assign::GatewayClass made;
  made.name = "gateways like \"" + entry.example + "\"";
  made.count = static_cast<std::int64_t>(entry.count);
  made.capacities.resize(problem_.resources.size());
  for (const Resource& resource : resources_) {
    if (resource.shared) made.capacities[*resource.shared] = CapacityOf(resource, traits);
  }
  const auto fits = [&](std::size_t variant) {
    return std::all_of(resources_.begin(), resources_.end(), [&](const Resource& resource) {
      return resource.demands[variant] == 0 || resource.demands[variant] <= CapacityOf(resource, traits);
    });
  };
  made.options.reserve(std::min(traits.answers.Count(), problem_.variants.size()));
  for (std::size_t a = 0; a < applications_.size(); ++a) {
    const std::size_t first_option = made.options.size();
    std::int64_t best = 0;
    for (std::size_t i = 0; i < applications_[a].variants.size(); ++i) {
      const std::size_t variant = first_variant_[a] + i;
      if (!traits.answers.Get(variant) || !fits(variant)) continue;
      const std::int64_t prefer = applications_[a].variants[i].prefer;
      best = made.options.size() == first_option ? prefer : std::max(best, prefer);
      made.options.push_back({static_cast<std::int32_t>(variant), -prefer});
    }
    for (std::size_t i = first_option; i < made.options.size(); ++i) made.options[i].cost += best;
  }
  made.current.assign(kept_.empty() ? 0 : applications_.size(), assign::kNone);
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    if (traits.extras[i] == 0) continue;
    made.current[kept_[i]] = static_cast<std::int32_t>(first_variant_[kept_[i]] + traits.extras[i]) - 1;
  }
  for (const std::uint32_t value : traits.values) made.values.push_back(static_cast<std::int32_t>(value) - 1);
  for (std::size_t i = problem_.variants.size(); i < traits.answers.size(); ++i) {
    made.member.push_back(traits.answers.Get(i));
  }
  return made;
}

FleetClasses::Move FleetProblem::Update(Row row, std::span<const std::uint16_t> running) {
  const std::size_t width = applications_.size();
  CHECK(running.size() == width);
  const std::size_t end = (row + std::size_t{1}) * width;
  if (running_.capacity() < end) running_.reserve(end + end / 8);
  if (running_.size() < end) running_.resize(end);
  std::copy(running.begin(), running.end(), running_.begin() + static_cast<std::ptrdiff_t>(row * width));
  const FleetClasses::Move move = classes_.Update(row, Extras(running));
  const auto& classes = classes_.classes();
  if (move.from != FleetClasses::kNone) {
    problem_.classes[move.from].count = static_cast<std::int64_t>(classes[move.from].count);
  }
  if (move.to == problem_.classes.size()) {
    problem_.classes.push_back(ClassOf(classes[move.to]));
    for (std::size_t i = 0; i < problem_.attributes.size(); ++i) {
      auto& values = problem_.attributes[i].values;
      const auto& texts = classes_.ValueTexts(i);
      values.insert(values.end(), texts.begin() + static_cast<std::ptrdiff_t>(values.size()), texts.end());
    }
  } else if (move.to != FleetClasses::kNone) {
    problem_.classes[move.to].count = static_cast<std::int64_t>(classes[move.to].count);
  }
  return move;
}

}  // namespace motley
