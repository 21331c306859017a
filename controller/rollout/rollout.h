#pragma once

#include <cstdint>
#include <string>

#include "common/loop/loop.h"
#include "controller/catalog/catalog.h"
#include "controller/registry/registry.h"
#include "controller/rollout/plan_state.h"
#include "controller/secrets/secrets.h"
#include "controller/store/store.h"

namespace motley::controller {

class SecretNames;

/// Plans, from proposal to desired states. Loop thread only.
class Rollout {
 public:
  Rollout(Loop& loop, Store& store, Catalog& catalog, Registry& registry, Secrets& secrets)
      : loop_(loop), store_(store), catalog_(catalog), registry_(registry), secrets_(secrets) {}

  /// Decides for every gateway of the fleet as it is now. The plan, with assignments. Errors: kNotFound (release).
  Result<v1::Plan> Propose(const v1::ProposePlanRequest& request);
  /// Newest first, without assignments.
  Result<v1::PlanList> List() const;
  /// With assignments. Errors: kNotFound.
  Result<v1::Plan> Show(std::uint64_t plan) const;
  /// The gateway's assignment with a verdict for each variant, on the facts of now; none for a gateway that was removed
  /// since. Errors: kNotFound (plan, or gateway not in it).
  Result<v1::Assignment> Explain(std::uint64_t plan, const std::string& gateway) const;

  /// What the plan would do on each gateway that has a variant in it, by what the gateways report now. Errors:
  /// kNotFound.
  Result<v1::PlanSteps> Steps(std::uint64_t plan) const;

  /// The plan in its new state, without assignments. Errors: kNotFound, kConflict (the plan's state).
  Result<v1::Plan> Approve(std::uint64_t plan);
  Result<v1::Plan> Reject(std::uint64_t plan, const std::string& reason);
  /// Gives each assigned gateway a new desired state, unless it has the same already; other applications of a gateway
  /// stay, and gateways that were removed since are left out. Stored in one transaction with the plan's new state.
  /// Errors beside those above: kNotFound (secrets that are not set; nothing has changed).
  Result<v1::Plan> Enact(std::uint64_t plan);

 private:
  Result<v1::Plan> Get(std::uint64_t plan) const;
  Result<v1::Plan> GetFor(std::uint64_t plan, PlanEvent event) const;
  Result<std::vector<v1::DesiredState>> DesiredBy(const v1::Plan& plan) const;
  Result<void> FillInSecretVersions(const Twin& twin, SecretNames& names, v1::DesiredState& state) const;

  Loop& loop_;
  Store& store_;
  Catalog& catalog_;
  Registry& registry_;
  Secrets& secrets_;
};

}  // namespace motley::controller
