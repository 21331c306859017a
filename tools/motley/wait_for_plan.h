#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/motley/session.h"

namespace motley::cli {

/// A week: longer than anybody waits.
constexpr std::int64_t kMaxWaitSeconds = 7 * 86400;

/// How the gateways of a plan stand.
struct PlanProgress {
  std::vector<std::string> done;
  /// "gw-1: flash board: no answer".
  std::vector<std::string> failed;
  /// "gw-1 (offline)".
  std::vector<std::string> pending;
};

/// Reads from `status` how far the gateways are that `plan` has a variant for. Pure.
PlanProgress ProgressOf(const v1::Plan& plan, const v1::FleetStatus& status);

/// Asks the controller again and again until every gateway of the enacted plan is done or failed, with a progress line,
/// and prints the outcome (the status as JSON with --json). A controller that is away for a while is waited for.
///
/// Errors: kUnavailable (some failed), kTimeout (some are not through after `seconds`, at most kMaxWaitSeconds), and
/// what the controller answers.
Result<void> WaitForPlan(Session& session, const v1::Plan& plan, std::int64_t seconds);

}  // namespace motley::cli
