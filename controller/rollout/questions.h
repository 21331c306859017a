#pragma once

#include <map>
#include <memory>
#include <string>

#include "controller/assign/question.h"
#include "controller/registry/registry.h"
#include "controller/rollout/release_book.h"
#include "controller/rollout/safe_modes.h"

namespace motley::controller {

/// Gathers what a plan is made from. Loop thread only.
class Questions {
 public:
  /// All outlive this object.
  Questions(Registry& registry, ReleaseBook& book, const SafeModes& safe_modes)
      : registry_(registry), book_(book), safe_modes_(safe_modes) {}

  /// On the fleet as it is now; the registry's view must be pinned as long as the question is in use.
  Question Make(v1::Plan::Kind kind, std::shared_ptr<const PreparedRelease> release,
                const v1::ProposePlanRequest& request);

 private:
  /// By application: what some gateways have of it.
  std::map<std::string, OtherApplication> Others(const PreparedRelease& release);
  void AddDemands(const std::string& application, const std::string& version, OtherApplication& other);

  Registry& registry_;
  ReleaseBook& book_;
  const SafeModes& safe_modes_;
};

}  // namespace motley::controller
