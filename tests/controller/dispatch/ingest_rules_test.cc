#include "controller/dispatch/ingest_rules.h"

#include <gtest/gtest.h>

namespace motley::controller {
namespace {

struct TelemetryRow {
  const char* what;
  std::uint64_t last;
  std::uint64_t previous;
  std::uint64_t sequence;
  TelemetryVerdict verdict;
};

TEST(IngestRules, StoreABatchOnceAndInOrder) {
  constexpr TelemetryRow kRows[] = {
      {"the first of all", 0, 0, 1, TelemetryVerdict::kStore},
      {"the next", 4, 4, 5, TelemetryVerdict::kStore},
      {"the same again", 5, 4, 5, TelemetryVerdict::kStoredBefore},
      {"an old one again", 5, 1, 2, TelemetryVerdict::kStoredBefore},
      {"an old one, alone in its queue", 5, 0, 2, TelemetryVerdict::kStoredBefore},
      {"one too early", 5, 6, 7, TelemetryVerdict::kGap},
      {"one too early in a new epoch", 0, 1, 2, TelemetryVerdict::kGap},
      {"what was between was dropped, the one before is stored", 5, 3, 9, TelemetryVerdict::kStore},
      {"all before was dropped", 5, 0, 9, TelemetryVerdict::kStore},
  };
  for (const TelemetryRow& row : kRows) {
    EXPECT_EQ(JudgeTelemetry(row.last, row.previous, row.sequence), row.verdict) << row.what;
  }
}

struct ReportRow {
  const char* what;
  ReportPosition stored;
  ReportPosition received;
  EpochSeen seen;
  ReportVerdict verdict;
};

TEST(IngestRules, KeepTheLatestReport) {
  const ReportRow rows[] = {
      {"newer", {"a", 3, 100}, {"a", 4, 90}, EpochSeen::kBefore, ReportVerdict::kStore},
      {"the same", {"a", 3, 100}, {"a", 3, 100}, EpochSeen::kBefore, ReportVerdict::kStoredBefore},
      {"older, whatever its clock says",
       {"a", 3, 100},
       {"a", 2, 200},
       EpochSeen::kBefore,
       ReportVerdict::kStoredBefore},
      {"a new epoch", {"a", 30, 100}, {"b", 1, 50}, EpochSeen::kNever, ReportVerdict::kStore},
      {"late, from a replaced epoch", {"b", 1, 100}, {"a", 31, 90}, EpochSeen::kBefore, ReportVerdict::kStale},
      {"an old store was put back", {"b", 1, 100}, {"a", 31, 110}, EpochSeen::kBefore, ReportVerdict::kStore},
  };
  for (const ReportRow& row : rows) EXPECT_EQ(JudgeReport(row.stored, row.received, row.seen), row.verdict) << row.what;
}

}  // namespace
}  // namespace motley::controller
