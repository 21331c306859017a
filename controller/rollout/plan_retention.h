#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/loop/loop.h"
#include "controller/registry/registry.h"
#include "controller/rollout/plan_limits.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Deletes plans that are over the limits, in steps between which the loop does other work. A plan stays, however old,
/// as long as it is in force: a gateway has what it is to run by this plan and no later one. Loop thread only.
class PlanRetention {
 public:
  /// How many plans were deleted.
  using Done = std::function<void(Result<std::size_t>)>;

  /// All outlive this object.
  PlanRetention(Loop& loop, Store& store, const Registry& registry) : loop_(loop), store_(store), registry_(registry) {}

  /// `done` comes once, unless this object ends before. A call before that is in the place of the earlier one. Errors:
  /// as Database, kCorrupt.
  void Run(const PlanLimits& limits, Done done);

 private:
  /// An enacted plan.
  struct Enacted {
    std::uint64_t id = 0;
    bool over_limits = false;
  };
  /// What has to be looked at of one application.
  struct Application {
    /// Last enacted first.
    std::vector<Enacted> plans;
    /// Gateways that have something to run of it, by no plan that was looked at.
    std::unordered_set<std::int64_t> gateways;
  };

  Result<void> Begin(const PlanLimits& limits);
  void Step();
  /// A step of finding out. Whether that was the last one.
  Result<bool> Look();
  void Trim();

  Loop& loop_;
  Store& store_;
  const Registry& registry_;
  Done done_;
  /// By name; those that are left to look at.
  std::map<std::string, Application> applications_;
  /// Where the look at the first of them is: the plan, the gateway, and whether the plan is in force.
  std::size_t plan_ = 0;
  std::string after_;
  bool in_force_ = false;
  std::vector<std::uint64_t> forget_;
  Handle timer_;
};

}  // namespace motley::controller
