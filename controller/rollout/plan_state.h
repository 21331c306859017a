#pragma once

#include <optional>
#include <string_view>

#include "motley/v1/release.pb.h"

namespace motley::controller {

enum class PlanEvent { kApprove, kEnact, kReject };

/// The state of a plan after `event`; nothing where that is not allowed.
std::optional<v1::Plan::State> Next(v1::Plan::State state, PlanEvent event);

/// "proposed", "approved", ...
std::string_view PlanStateName(v1::Plan::State state);
/// "approved", "enacted", "rejected".
std::string_view PlanEventName(PlanEvent event);
/// What a person can do with a plan in this state: "approve or reject it".
std::string_view WayOut(v1::Plan::State state);

}  // namespace motley::controller
