#pragma once

#include <chrono>
#include <cstdint>
#include <set>

#include "motley/v1/release.pb.h"

namespace motley::controller {

/// How long plans are kept that were enacted or rejected.
struct PlanLimits {
  std::chrono::hours keep{90 * 24};
  /// Of each application.
  std::uint32_t most = 1000;
};

/// When a plan was enacted, or else decided or proposed; microseconds.
std::int64_t LastChangeOf(const v1::Plan& plan);

/// Ids of plans that are over the limits. `plans`: all there are, newest first. Those that wait never are, nor are the
/// newest that count for what happens next: of each application the last one enacted for the fleet, the last shuffle,
/// and the last one for gateways that joined.
std::set<std::uint64_t> PlansOverLimits(const v1::PlanList& plans, const PlanLimits& limits, std::int64_t now_us);

}  // namespace motley::controller
