#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/kinds/kind.h"
#include "agent/supervise/status.h"
#include "common/base/result.h"

namespace motley::agent {

/// What was seen; of what could not be looked at nothing but why.
Observed UnknownUnlessSeen(Result<Observed> seen);

/// What Confirm says where there is nothing to wait for. Errors: kConflict (it is not as it was made; names `what`).
Result<void> ConfirmSeen(const Observed& observed, const std::string& what);

/// What a supervisor says about the very instance that was asked for. `now_ms`: since its host's boot; `place`: what is
/// said after its pid.
Observed ObservedOf(const SupervisorStatus& status, std::int64_t now_ms, std::string_view place);

/// How the program ended last, and how often in a row.
std::string EndText(const SupervisorStatus& status);

}  // namespace motley::agent
