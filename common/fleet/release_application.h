#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fleet/application.h"
#include "motley/v1/model.pb.h"
#include "motley/v1/release.pb.h"

namespace motley {

/// What a gateway pays that gets no variant of a release whose rules say nothing about coverage.
inline constexpr std::int64_t kImpliedCoverage = 10'000'000;
/// The name of that rule.
inline constexpr std::string_view kImpliedCoverageName = "coverage (implied)";

/// A release as the assignment sees it.
struct ReleaseApplication {
  /// `when` of its variants is what the release says, and besides that the gateway's agent has the kinds that the model
  /// needs; a gateway that says nothing about kinds is believed to have them. Rules without one about coverage have
  /// kImpliedCoverage at their end.
  FleetApplication application;
  /// By variant: `when` as the release has it.
  std::vector<Selector> written;
};

/// What a model takes from its gateway: memory and disk of all components, ports that components on the gateway itself
/// listen at or publish, and boards; one that is named by its serial number counts as nothing, since its type may not
/// be known.
Demands DemandsOf(const v1::DeploymentModel& model);

/// `file_name` is for messages about rules. Errors: kInvalid (selectors, rules; beginning with "FILE:LINE: " where it
/// is a rule).
Result<ReleaseApplication> ApplicationOf(const v1::Release& release, const std::string& file_name);

}  // namespace motley
