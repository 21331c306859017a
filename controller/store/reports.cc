#include "controller/store/reports.h"

#include "controller/store/column.h"

namespace motley::controller {
namespace {

/// An agent has one epoch in its life; a second comes when its store is lost. More are kept than a person can cause in
/// the time that a message is on its way.
constexpr std::int64_t kEpochsKept = 8;

}  // namespace

Result<std::optional<EpochRecord>> ReportStore::FindEpoch(std::int64_t gateway_number, std::string_view epoch) {
  std::optional<EpochRecord> record;
  TRY(database_.Query("SELECT telemetry_sequence, dropped FROM epoch WHERE gateway = ? AND epoch = ?",
                      {gateway_number, epoch}, [&](const SqlRow& row) {
                        record = EpochRecord{Unsigned(row.Int(0)), Unsigned(row.Int(1))};
                      }));
  return record;
}

Result<void> ReportStore::PutEpoch(std::int64_t gateway_number, std::string_view epoch, const EpochRecord& record,
                                   std::int64_t now_us) {
  TRY(database_.Run("UPDATE epoch SET telemetry_sequence = ?, dropped = ?, used_us = ? WHERE gateway = ? AND epoch = ?",
                    {Signed(record.telemetry_sequence), Signed(record.dropped), now_us, gateway_number, epoch}));
  if (database_.Changes() > 0) return {};
  TRY(database_.Run("INSERT INTO epoch VALUES (?, ?, ?, ?, ?)",
                    {gateway_number, epoch, Signed(record.telemetry_sequence), Signed(record.dropped), now_us}));
  return database_.Run(
      "DELETE FROM epoch WHERE gateway = ? AND epoch IN"
      " (SELECT epoch FROM epoch WHERE gateway = ? ORDER BY used_us DESC, epoch = ? DESC LIMIT -1 OFFSET ?)",
      {gateway_number, gateway_number, epoch, kEpochsKept});
}

Result<std::optional<ReportRecord>> ReportStore::FindReport(std::int64_t gateway_number) {
  std::optional<ReportRecord> record;
  TRY(database_.Query("SELECT epoch, sequence, reported_us FROM reported WHERE gateway = ?", {gateway_number},
                      [&](const SqlRow& row) {
                        record = ReportRecord{row.Text(0), Unsigned(row.Int(1)), row.Int(2)};
                      }));
  return record;
}

Result<void> ReportStore::PutReport(std::int64_t gateway_number, const v1::ReportedState& report) {
  const std::string summary = Summary(report).SerializeAsString();
  const std::string state = report.SerializeAsString();
  return database_.Run("INSERT OR REPLACE INTO reported VALUES (?, ?, ?, ?, ?, ?)",
                       {gateway_number, report.epoch(), Signed(report.sequence()), ToMicros(report.reported_at()),
                        Blob{summary}, Blob{state}});
}

Result<v1::ReportedState> ReportStore::LoadReport(std::int64_t gateway_number) {
  std::optional<v1::ReportedState> report;
  FirstError error;
  TRY(database_.Query("SELECT state FROM reported WHERE gateway = ?", {gateway_number},
                      [&](const SqlRow& row) { error.Add(ParseColumn(row, 0, "report", report.emplace())); }));
  TRY(std::move(error).Take());
  if (!report) return Error{Code::kNotFound, "the gateway has not reported yet"};
  return *std::move(report);
}

v1::ReportedState ReportStore::Summary(const v1::ReportedState& report) {
  v1::ReportedState summary = report;
  for (v1::ReportedApplication& application : *summary.mutable_applications()) application.clear_components();
  summary.clear_devices();
  return summary;
}

}  // namespace motley::controller
