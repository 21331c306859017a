#pragma once

#include <map>
#include <string>

#include "controller/catalog/catalog.h"
#include "controller/secrets/secrets.h"
#include "motley/v1/api.pb.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// Gathers what a release's plan would do, gateway by gateway, so that gateways with the same steps stand together.
class StepGroups {
 public:
  StepGroups(const Catalog& catalog, const Secrets& secrets, const v1::Release& release)
      : catalog_(catalog), secrets_(secrets), release_(release) {}

  /// `gateway` would get `variant`. Errors: of Catalog::Release.
  Result<void> Add(const v1::Gateway& gateway, const std::string& variant);
  v1::PlanSteps Take() { return std::move(steps_); }

 private:
  Result<const v1::Release*> ReleaseOf(const std::string& version);

  const Catalog& catalog_;
  const Secrets& secrets_;
  const v1::Release& release_;
  /// Other versions of the application, as they were needed.
  std::map<std::string, v1::Release> releases_;
  /// Index of the group with these very steps.
  std::map<std::string, int> groups_;
  v1::PlanSteps steps_;
};

}  // namespace motley::controller
