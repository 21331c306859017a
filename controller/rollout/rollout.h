#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/loop/loop.h"
#include "controller/catalog/catalog.h"
#include "controller/registry/registry.h"
#include "controller/rollout/living.h"
#include "controller/rollout/plan_state.h"
#include "controller/rollout/proposals.h"
#include "controller/rollout/release_book.h"
#include "controller/rollout/safe_modes.h"
#include "controller/rollout/wanted_columns.h"
#include "controller/secrets/secrets.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Plans, from proposal to desired states. What has to be solved is solved on a worker, and the answer comes later.
/// Loop thread only.
class Rollout final : private PlanCarrier {
 public:
  using PlanDone = std::function<void(Result<v1::Plan>)>;
  using ExplainDone = std::function<void(Result<v1::Assignment>)>;

  /// All outlive this object. It listens to the registry, and looks at once after gateways that have nothing to run.
  /// Errors: as Database, kCorrupt.
  static Result<std::unique_ptr<Rollout>> Create(Loop& loop, Store& store, Catalog& catalog, Registry& registry,
                                                 Secrets& secrets);
  ~Rollout();

  /// Decides on the fleet as it is now. `done` gets the plan, with assignments. Safe mode is enacted at once.
  /// Errors: kNotFound (release, gateways), kInvalid (the request), kConflict (hard rules that can not hold together),
  /// kTimeout.
  void Propose(const v1::ProposePlanRequest& request, PlanDone done);
  /// Newest first, without assignments.
  Result<v1::PlanList> List() const;
  /// With assignments. Errors: kNotFound.
  Result<v1::Plan> Show(std::uint64_t plan) const;
  /// `done` gets the gateway's assignment with a verdict for each variant, on the facts of now; none for a gateway that
  /// was removed since. Errors: kNotFound (plan, or gateway not in it).
  void Explain(std::uint64_t plan, const std::string& gateway, ExplainDone done);

  /// What the plan would do on each gateway that has a variant in it, by what the gateways report now. Errors:
  /// kNotFound.
  Result<v1::PlanSteps> Steps(std::uint64_t plan) const;

  /// `done` gets the plan in its new state, without assignments. Where what it was made from has changed so that it
  /// would be another plan, that one is proposed and this one rejected. Errors: kNotFound, kConflict (the plan's state;
  /// or what differs, and the other plan's id).
  void Approve(std::uint64_t plan, PlanDone done);
  /// The plan in its new state, without assignments. Errors: kNotFound, kConflict (the plan's state).
  Result<v1::Plan> Reject(std::uint64_t plan, const std::string& reason);
  /// Gives each assigned gateway a new desired state, unless it has the same already; other applications of a gateway
  /// stay, and gateways that were removed since are left out. One in safe mode gets it when that ends. Stored in one
  /// transaction with the plan's new state. Errors beside those above: kNotFound (secrets that are not set; nothing has
  /// changed).
  Result<v1::Plan> Enact(std::uint64_t plan);

  /// Errors: kNotFound, kConflict (who needs it).
  Result<void> DeleteRelease(const std::string& application, const std::string& version);
  /// Application and version of releases that nobody needs and that came before `before_us`, without the `kept` newest
  /// of each application. Errors: as Database.
  Result<std::vector<std::pair<std::string, std::string>>> NeedlessReleases(std::size_t kept,
                                                                            std::int64_t before_us) const;

 private:
  Rollout(Loop& loop, Store& store, Catalog& catalog, Registry& registry, Secrets& secrets, ReleaseBook book,
          SafeModes safe_modes);

  Result<v1::Plan> CarryOut(std::uint64_t plan) override;
  Result<void> Supersede(std::uint64_t plan, std::uint64_t by, const std::string& reason) override;

  Result<v1::Plan> Get(std::uint64_t plan) const;
  Result<v1::Plan> GetFor(std::uint64_t plan, PlanEvent event) const;
  Result<v1::Plan> Decided(std::uint64_t plan, PlanEvent event, const std::string& by) const;
  Result<v1::Plan> StoreApproval(std::uint64_t plan, const std::string& by);
  Result<std::vector<v1::Assignment>> AssignmentsOf(std::uint64_t plan) const;
  void ApproveIfSame(const Order& order, std::uint64_t plan, std::optional<Decision> decision, const PlanDone& done);
  /// What to tell who wanted to approve `plan`, since `other` takes its place.
  Error Replaced(std::uint64_t plan, const v1::Plan& other, const std::string& difference);
  /// `plan` is enacted, and its assignments are `records`.
  Result<void> Effect(v1::Plan& plan, const std::vector<AssignmentRecord>& records,
                      const std::function<Result<void>()>& also);

  Result<v1::Plan> ChangeSafeMode(const Order& order);

  Loop& loop_;
  Store& store_;
  Catalog& catalog_;
  Registry& registry_;
  Secrets& secrets_;
  ReleaseBook book_;
  SafeModes safe_modes_;
  WantedColumns wanted_;
  Proposals proposals_;
  Living living_;
};

}  // namespace motley::controller
