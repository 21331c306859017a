#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/assign/question.h"
#include "controller/registry/registry.h"
#include "controller/rollout/release_book.h"
#include "controller/rollout/wanted_columns.h"

namespace motley::controller {

/// Gathers what a plan is made from. Loop thread only.
class Questions {
 public:
  /// All outlive this object.
  Questions(Registry& registry, ReleaseBook& book, WantedColumns& wanted)
      : registry_(registry), book_(book), wanted_(wanted) {}

  /// On the fleet as it is now, without a look at each gateway; the registry's view must be pinned as long as the
  /// question is in use.
  Question Make(v1::Plan::Kind kind, std::shared_ptr<const PreparedRelease> release,
                const v1::ProposePlanRequest& request);

 private:
  /// By name.
  std::vector<OtherApplication> Others(const PreparedRelease& release);
  /// Adds the variants of one version that take something scarce.
  void AddDemands(const std::string& application, const std::string& version, std::vector<Wanted>& kinds,
                  std::vector<Demands>& demands);

  Registry& registry_;
  ReleaseBook& book_;
  WantedColumns& wanted_;
};

}  // namespace motley::controller
