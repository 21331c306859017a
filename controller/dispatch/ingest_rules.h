#pragma once

#include <cstdint>
#include <string>

namespace motley::controller {

enum class TelemetryVerdict {
  kStore,
  kStoredBefore,  ///< Acknowledge again.
  kGap,           ///< One before it is missing and will be sent again: leave it, and acknowledge what is there.
};

/// What to do with batch `sequence` of an epoch of which everything up to `last` is stored. `previous` is the batch
/// before it that the agent still keeps, 0 for none.
TelemetryVerdict JudgeTelemetry(std::uint64_t last, std::uint64_t previous, std::uint64_t sequence);

/// Which report: the stored one, or one that has come.
struct ReportPosition {
  std::string epoch;
  std::uint64_t sequence = 0;
  /// By the agent's clock.
  std::int64_t reported_us = 0;
};

enum class ReportVerdict {
  kStore,
  kStoredBefore,  ///< This one or a later one of its epoch is stored: acknowledge that.
  kStale,         ///< From an epoch that was replaced: leave it.
};

enum class EpochSeen { kNever, kBefore };

/// Within an epoch the highest sequence wins. Another epoch wins when it was never seen (the agent's store is new), or
/// when its report was made later (an old store was put back).
ReportVerdict JudgeReport(const ReportPosition& stored, const ReportPosition& received, EpochSeen seen);

}  // namespace motley::controller
