#include "controller/store/telemetry.h"

#include <cmath>
#include <map>
#include <tuple>

#include "controller/store/column.h"
#include "controller/store/telemetry_kind.h"

namespace motley::controller {
namespace {

/// Names and lines are cut or left out above these: one gateway must not fill the store with rubbish.
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxText = 4096;
/// Samples of 500 components with four metrics each.
constexpr std::int64_t kMaxSeries = 2000;

/// At most `limit` bytes of `text`, cut between characters.
std::string_view Cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t size = limit;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

/// Writes the points of one batch; looks each series up once.
class Writer {
 public:
  Writer(Database& database, std::int64_t gateway_number, std::int64_t first_id)
      : database_(database), gateway_number_(gateway_number), next_id_(first_id) {}

  Result<void> Write(TelemetryKind kind, const std::string& source, const std::string& metric, std::int64_t time_us,
                     std::int64_t severity, SqlValue value) {
    if (source.empty() || source.size() > kMaxName || metric.size() > kMaxName) return {};
    auto found = series_.find(std::tie(kind, source, metric));
    if (found == series_.end()) {
      TRY_ASSIGN(const std::int64_t id, SeriesOf(kind, source, metric));
      found = series_.emplace(std::tuple(kind, source, metric), id).first;
    }
    if (found->second == 0) return {};
    return database_.Run("INSERT INTO point VALUES (?, ?, ?, ?, ?)",
                         {found->second, next_id_++, time_us, severity, value});
  }
  std::int64_t next_id() const { return next_id_; }

 private:
  /// 0 when the gateway has too many.
  Result<std::int64_t> SeriesOf(TelemetryKind kind, const std::string& source, const std::string& metric) {
    std::int64_t id = 0;
    TRY(database_.Query("SELECT id FROM series WHERE gateway = ? AND kind = ? AND source = ? AND metric = ?",
                        {gateway_number_, static_cast<std::int64_t>(kind), source, metric},
                        [&](const SqlRow& row) { id = row.Int(0); }));
    if (id != 0) return id;
    std::int64_t count = 0;
    TRY(database_.Query("SELECT count(*) FROM series WHERE gateway = ?", {gateway_number_},
                        [&](const SqlRow& row) { count = row.Int(0); }));
    if (count >= kMaxSeries) return 0;
    TRY(database_.Run("INSERT INTO series (gateway, kind, source, metric) VALUES (?, ?, ?, ?)",
                      {gateway_number_, static_cast<std::int64_t>(kind), source, metric}));
    return database_.LastInsertId();
  }

  Database& database_;
  const std::int64_t gateway_number_;
  std::int64_t next_id_;
  std::map<std::tuple<TelemetryKind, std::string, std::string>, std::int64_t, std::less<>> series_;
};

}  // namespace

Result<void> TelemetryStore::Append(std::int64_t gateway_number, const v1::TelemetryBatch& batch) {
  return database_.Atomically([&]() -> Result<void> {
    TRY_ASSIGN(const std::int64_t first, NextPoint());
    Writer writer(database_, gateway_number, first);
    for (const v1::Sample& sample : batch.samples()) {
      if (sample.metric().empty() || !std::isfinite(sample.value())) continue;
      TRY(writer.Write(TelemetryKind::kSample, sample.source(), sample.metric(), sample.time_us(), 0, sample.value()));
    }
    for (const v1::DeviceLine& line : batch.lines()) {
      TRY(writer.Write(TelemetryKind::kLine, "device:" + line.device(), "", line.time_us(), 0,
                       Cut(line.text(), kMaxText)));
    }
    for (const v1::Event& event : batch.events()) {
      TRY(writer.Write(TelemetryKind::kEvent, event.source(), "", event.time_us(), event.severity(),
                       Cut(event.text(), kMaxText)));
    }
    if (writer.next_id() == first) return {};
    return database_.Run("UPDATE next_point SET id = ?", {writer.next_id()});
  });
}

}  // namespace motley::controller
