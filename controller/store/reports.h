#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/sql/database.h"
#include "motley/v1/reported.pb.h"

namespace motley::controller {

/// How far one epoch of a gateway's agent has come.
struct EpochRecord {
  std::uint64_t telemetry_sequence = 0;
  /// Batches that the agent dropped in this epoch.
  std::uint64_t dropped = 0;
};

/// Which report of a gateway is stored.
struct ReportRecord {
  std::string epoch;
  std::uint64_t sequence = 0;
  std::int64_t reported_us = 0;
};

/// Reported states, and the positions of telemetry queues. Loop thread only. Errors of all calls: as Database.
class ReportStore {
 public:
  explicit ReportStore(Database& database) : database_(database) {}

  Result<std::optional<EpochRecord>> FindEpoch(std::int64_t gateway_number, std::string_view epoch);
  /// Of the epochs of a gateway, those that were used last are kept.
  Result<void> PutEpoch(std::int64_t gateway_number, std::string_view epoch, const EpochRecord& record,
                        std::int64_t now_us);

  Result<std::optional<ReportRecord>> FindReport(std::int64_t gateway_number);
  /// Replaces what is there.
  Result<void> PutReport(std::int64_t gateway_number, const v1::ReportedState& report);
  /// The whole report. Errors: kNotFound (none yet), kCorrupt.
  Result<v1::ReportedState> LoadReport(std::int64_t gateway_number);

  /// What is kept in memory and shown in lists: the report without components and devices.
  static v1::ReportedState Summary(const v1::ReportedState& report);

 private:
  Database& database_;
};

}  // namespace motley::controller
