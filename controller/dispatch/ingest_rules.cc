#include "controller/dispatch/ingest_rules.h"

namespace motley::controller {

TelemetryVerdict JudgeTelemetry(std::uint64_t last, std::uint64_t previous, std::uint64_t sequence) {
  if (sequence <= last) return TelemetryVerdict::kStoredBefore;
  // Also with previous == 0: what is missing before this one will never come.
  return previous <= last ? TelemetryVerdict::kStore : TelemetryVerdict::kGap;
}

ReportVerdict JudgeReport(const ReportPosition& stored, const ReportPosition& received, EpochSeen seen) {
  if (stored.epoch == received.epoch) {
    return received.sequence > stored.sequence ? ReportVerdict::kStore : ReportVerdict::kStoredBefore;
  }
  if (seen == EpochSeen::kNever || received.reported_us > stored.reported_us) return ReportVerdict::kStore;
  return ReportVerdict::kStale;
}

}  // namespace motley::controller
