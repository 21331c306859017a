#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/sql/database.h"
#include "motley/v1/telemetry.pb.h"

namespace motley::controller {

/// Which telemetry is asked for.
struct TelemetryQuery {
  /// Empty: every source.
  std::string source;
  /// Empty: every metric, and lines and events too.
  std::string metric;
  /// By the gateway's clock.
  std::optional<std::int64_t> since_us;
  /// A page's `cursor`: only what was stored after that page.
  std::optional<std::string> after;
  /// Samples, lines and events together, 1 to kMaxTelemetryPage; 0: kDefaultTelemetryPage.
  std::uint32_t limit = 0;
};

inline constexpr std::uint32_t kDefaultTelemetryPage = 1000;
inline constexpr std::uint32_t kMaxTelemetryPage = 10'000;

/// Samples, lines and events. Each gets a number as it is stored, by which pages are cut: whoever follows with cursors
/// misses nothing, not even what a gateway sends late. Loop thread only. Errors of all calls: as Database.
class TelemetryStore {
 public:
  explicit TelemetryStore(Database& database) : database_(database) {}

  /// Stores all that is in `batch`; what is malformed (not a number, no metric, over a limit) is left out. Call it in
  /// the transaction that moves the queue's position.
  Result<void> Append(std::int64_t gateway_number, const v1::TelemetryBatch& batch);

  /// A page in the order of time. With `after` or `since_us` the oldest that were stored, and `more` says that there
  /// are others; with neither the newest. Reads each series of the gateway once and then about what it returns; only
  /// `since_us` without `after` also passes over an index entry for each point since then. Errors: kInvalid (cursor,
  /// limit).
  Result<v1::TelemetryPage> Query(std::int64_t gateway_number, const TelemetryQuery& query) const;

  /// Remembers how far telemetry has come at `now_us`, for Trim. Marks older than `keep_us` go.
  Result<void> Mark(std::int64_t now_us, std::int64_t keep_us);
  /// A step of deleting what was stored before `before_us` (to the precision of the marks), and all of gateways that
  /// are no more: at most `max_rows` rows, from series `*series` on, which is moved forward. Whether that was the last
  /// step.
  Result<bool> Trim(std::int64_t before_us, std::int64_t max_rows, std::int64_t* series);

 private:
  /// The number that the next point gets.
  Result<std::int64_t> NextPoint() const;

  Database& database_;
};

}  // namespace motley::controller
