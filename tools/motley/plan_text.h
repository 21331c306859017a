#pragma once

#include <string>

#include "motley/v1/release.pb.h"
#include "tools/motley/terminal.h"
#include "tools/motley/times.h"

namespace motley::cli {

/// "proposed", "approved", "enacted" or "rejected".
std::string_view StateName(v1::Plan::State state);

/// "production", "preview", "safe mode", "shuffle" or "join".
std::string_view KindName(v1::Plan::Kind kind);

std::string RenderPlans(const v1::PlanList& list, const Terminal& terminal, Clock::time_point now);

/// The plan with what it costs by each rule, and a line for each gateway: variant, what it has now, and the reason.
std::string RenderPlan(const v1::Plan& plan, const Terminal& terminal, Clock::time_point now);

/// What the plan would do, step by step; gateways with the same steps stand together.
std::string RenderSteps(const v1::PlanSteps& steps, const Terminal& terminal);

/// Why a gateway gets what it gets, and why not each of the others.
std::string RenderExplanation(const v1::Assignment& assignment, const Terminal& terminal);

}  // namespace motley::cli
