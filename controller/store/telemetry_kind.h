#pragma once

#include <cstdint>

namespace motley::controller {

/// What a series of telemetry is made of, as it is stored.
enum class TelemetryKind : std::int64_t { kSample = 1, kLine = 2, kEvent = 3 };

}  // namespace motley::controller
