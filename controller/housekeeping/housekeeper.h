#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/loop/loop.h"
#include "controller/catalog/collection.h"
#include "controller/registry/registry.h"
#include "controller/rollout/plan_retention.h"
#include "controller/rollout/rollout.h"
#include "controller/store/store.h"

namespace motley::controller {

/// What the controller deletes by itself, besides telemetry.
struct HousekeepingOptions {
  /// 0: never by itself.
  std::chrono::hours every{24};
  /// How long artifacts stay that no release and no template refers to, since somebody last pushed or asked for them.
  /// Uploads for a release that is still to come are safe for so long.
  std::chrono::hours artifact_grace{7 * 24};
  /// The newest releases of each application that stay though nobody needs them; 0: all stay.
  std::uint32_t releases_kept = 0;
  PlanLimits plans;
};

/// Deletes, from time to time, old plans, then releases that nobody needs, then artifacts that nothing refers to. Each
/// is tried again the next time if it fails. Loop thread only.
class Housekeeper {
 public:
  /// Long enough that a controller that is looked at after a start is not busy with itself.
  static constexpr std::chrono::minutes kFirst{1};

  /// All outlive this object.
  Housekeeper(Loop& loop, Store& store, Catalog& catalog, const Registry& registry, Rollout& rollout,
              HousekeepingOptions options);

  /// At once, and artifacts alone. Errors: as Collection::Run, kInvalid (the request).
  void CollectArtifacts(const v1::CollectArtifactsRequest& request, Collection::Done done);

 private:
  void Begin();
  void DeletePlans();
  void FindReleases();
  void DeleteReleases();
  void DeleteArtifacts();

  Loop& loop_;
  Rollout& rollout_;
  const HousekeepingOptions options_;
  PlanRetention plans_;
  Collection artifacts_;
  /// Those that are left to delete; application and version.
  std::vector<std::pair<std::string, std::string>> needless_;
  Handle timer_;
  Handle step_;
};

}  // namespace motley::controller
