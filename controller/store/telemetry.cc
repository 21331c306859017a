#include "controller/store/telemetry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "controller/store/column.h"

namespace motley::controller {
namespace {

enum class Kind : std::int64_t { kSample = 1, kLine = 2, kEvent = 3 };

/// Names and lines are cut or left out above these: one gateway must not fill the store with rubbish.
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxText = 4096;
/// Samples of 500 components with four metrics each.
constexpr std::int64_t kMaxSeries = 2000;

struct Series {
  std::int64_t id;
  Kind kind;
  std::string source;
  std::string metric;
};

/// A point of a page, before it is put into its place.
struct Point {
  std::int64_t id;
  std::int64_t time_us;
  std::int64_t severity;
  const Series* series;
  double number;
  std::string text;
};

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

  Result<void> Write(Kind kind, const std::string& source, const std::string& metric, std::int64_t time_us,
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
  Result<std::int64_t> SeriesOf(Kind kind, const std::string& source, const std::string& metric) {
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
  std::map<std::tuple<Kind, std::string, std::string>, std::int64_t, std::less<>> series_;
};

Result<std::int64_t> NextPoint(Database& database) {
  std::int64_t id = 0;
  TRY(database.Query("SELECT id FROM next_point", {}, [&](const SqlRow& row) { id = row.Int(0); }));
  return id;
}

Result<std::vector<Series>> SeriesFor(Database& database, std::int64_t gateway_number, const TelemetryQuery& query) {
  std::vector<Series> series;
  TRY(
      database.Query("SELECT id, kind, source, metric FROM series"
                     " WHERE gateway = ?1 AND (?2 = '' OR source = ?2) AND (?3 = '' OR (kind = 1 AND metric = ?3))",
                     {gateway_number, query.source, query.metric}, [&](const SqlRow& row) {
                       series.push_back({row.Int(0), static_cast<Kind>(row.Int(1)), row.Text(2), row.Text(3)});
                     }));
  return series;
}

Result<std::int64_t> ParseCursor(const std::string& cursor) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), id);
  if (error != std::errc() || end != cursor.data() + cursor.size() || id < 0) {
    return Error{Code::kInvalid,
                 "\"" + cursor + "\" is no cursor of a telemetry page; leave `after` out to start anew"};
  }
  return id;
}

void Place(const Point& point, v1::TelemetryPage& page) {
  switch (point.series->kind) {
    case Kind::kSample: {
      v1::Sample& sample = *page.add_samples();
      sample.set_time_us(point.time_us);
      sample.set_source(point.series->source);
      sample.set_metric(point.series->metric);
      sample.set_value(point.number);
      return;
    }
    case Kind::kLine: {
      v1::DeviceLine& line = *page.add_lines();
      line.set_time_us(point.time_us);
      line.set_device(point.series->source.substr(std::string_view("device:").size()));
      line.set_text(point.text);
      return;
    }
    case Kind::kEvent: {
      v1::Event& event = *page.add_events();
      event.set_time_us(point.time_us);
      event.set_severity(static_cast<v1::Event::Severity>(point.severity));
      event.set_source(point.series->source);
      event.set_text(point.text);
      return;
    }
  }
}

/// Adds up to `limit` points of a series, the oldest after `after` or else the newest.
Result<void> Collect(Database& database, const Series& series, const TelemetryQuery& query, std::int64_t after,
                     bool newest, std::int64_t limit, std::vector<Point>& points) {
  const auto add = [&](const SqlRow& row) {
    Point point{row.Int(0), row.Int(1), row.Int(2), &series, 0, {}};
    if (series.kind == Kind::kSample) {
      point.number = row.Real(3);
    } else {
      point.text = row.Text(3);
    }
    points.push_back(std::move(point));
  };
  if (newest) {
    return database.Query("SELECT id, time_us, severity, value FROM point WHERE series = ? ORDER BY id DESC LIMIT ?",
                          {series.id, limit}, add);
  }
  std::int64_t from = after + 1;
  if (query.since_us) {
    // By the index on time: what is older is not looked at.
    std::int64_t first = 0;
    TRY(database.Query("SELECT min(id) FROM point INDEXED BY point_by_time WHERE series = ? AND time_us >= ?",
                       {series.id, *query.since_us}, [&](const SqlRow& row) { first = row.Int(0); }));
    if (first == 0) return {};
    from = std::max(from, first);
  }
  return database.Query(
      "SELECT id, time_us, severity, value FROM point WHERE series = ? AND id >= ? AND time_us >= ? ORDER BY id LIMIT "
      "?",
      {series.id, from, query.since_us.value_or(INT64_MIN), limit}, add);
}

}  // namespace

Result<void> TelemetryStore::Append(std::int64_t gateway_number, const v1::TelemetryBatch& batch) {
  return database_.Atomically([&]() -> Result<void> {
    TRY_ASSIGN(const std::int64_t first, NextPoint(database_));
    Writer writer(database_, gateway_number, first);
    for (const v1::Sample& sample : batch.samples()) {
      if (sample.metric().empty() || !std::isfinite(sample.value())) continue;
      TRY(writer.Write(Kind::kSample, sample.source(), sample.metric(), sample.time_us(), 0, sample.value()));
    }
    for (const v1::DeviceLine& line : batch.lines()) {
      TRY(writer.Write(Kind::kLine, "device:" + line.device(), "", line.time_us(), 0, Cut(line.text(), kMaxText)));
    }
    for (const v1::Event& event : batch.events()) {
      TRY(writer.Write(Kind::kEvent, event.source(), "", event.time_us(), event.severity(),
                       Cut(event.text(), kMaxText)));
    }
    if (writer.next_id() == first) return {};
    return database_.Run("UPDATE next_point SET id = ?", {writer.next_id()});
  });
}

Result<v1::TelemetryPage> TelemetryStore::Query(std::int64_t gateway_number, const TelemetryQuery& query) const {
  if (query.limit > kMaxTelemetryPage) {
    return Error{Code::kInvalid, "a page of " + std::to_string(query.limit) + " is over the limit of " +
                                     std::to_string(kMaxTelemetryPage) + "; take several pages"};
  }
  const std::int64_t limit = query.limit == 0 ? kDefaultTelemetryPage : query.limit;
  const bool newest = !query.after && !query.since_us;
  std::int64_t after = 0;
  if (query.after) {
    TRY_ASSIGN(after, ParseCursor(*query.after));
  }
  TRY_ASSIGN(const std::int64_t next, NextPoint(database_));
  TRY_ASSIGN(const auto series, SeriesFor(database_, gateway_number, query));
  std::vector<Point> points;
  for (const Series& one : series) TRY(Collect(database_, one, query, after, newest, limit + 1, points));

  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.id < b.id; });
  v1::TelemetryPage page;
  std::int64_t cursor = std::max(after, next - 1);
  if (std::ssize(points) > limit) {
    if (newest) {
      points.erase(points.begin(), points.end() - limit);
    } else {
      points.erase(points.begin() + limit, points.end());
      page.set_more(true);
      cursor = points.back().id;
    }
  }
  page.set_cursor(std::to_string(cursor));
  std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.time_us < b.time_us; });
  for (const Point& point : points) Place(point, page);
  return page;
}

}  // namespace motley::controller
