// TelemetryStore: pages. The series of a gateway are merged by the numbers of their points.
#include <algorithm>
#include <charconv>
#include <deque>
#include <queue>
#include <tuple>
#include <vector>

#include "controller/store/column.h"
#include "controller/store/telemetry.h"
#include "controller/store/telemetry_kind.h"

namespace motley::controller {
namespace {

struct Series {
  std::int64_t id;
  TelemetryKind kind;
  std::string source;
  std::string metric;
};

/// A point of a page, before it is put into its place.
struct Point {
  std::int64_t id;
  std::int64_t time_us;
  const Series* series;
  std::int64_t severity;
  double number;
  std::string text;
};

enum class Order { kOldestFirst, kNewestFirst };

/// Where a page begins.
struct Start {
  Order order = Order::kOldestFirst;
  std::int64_t after = 0;
  std::optional<std::int64_t> since_us;
};

/// Gives the points of one series in order. It reads one first, since most series of a page give few, and then more
/// and more at a time: never more than three times what is taken, and that one.
class Reader {
 public:
  Reader(Database& database, const Series& series, const Start& start)
      : database_(&database), series_(&series), start_(start), next_(start.after + 1) {
    if (start.order == Order::kNewestFirst) next_ = INT64_MAX;
  }

  /// Reads the first points. Call it once, before all else.
  Result<void> Open() {
    TRY(Read());
    if (points_.empty() || !start_.since_us || points_.front().time_us >= *start_.since_us) return {};
    // By the index on time: what is older is not looked at.
    std::int64_t first = 0;
    TRY(database_->Query(
        "SELECT min(id) FROM point INDEXED BY point_by_time WHERE series = ? AND time_us >= ? AND id > ?",
        {series_->id, *start_.since_us, start_.after}, [&](const SqlRow& row) { first = row.Int(0); }));
    points_.clear();
    if (first == 0) return {};
    next_ = first;
    return Read();
  }

  bool empty() const { return points_.empty(); }
  std::int64_t id() const { return points_.front().id; }

  /// Takes the first point out, and sees to the next. Not when empty.
  Result<Point> Take(std::int64_t wanted) {
    Point point = std::move(points_.front());
    points_.pop_front();
    if (points_.empty() && wanted > 1) {
      chunk_ = std::min(chunk_ * 2, wanted);
      TRY(Read());
    }
    return point;
  }

 private:
  Result<void> Read() {
    const auto add = [&](const SqlRow& row) {
      Point point{row.Int(0), row.Int(1), series_, row.Int(2), 0, {}};
      if (series_->kind == TelemetryKind::kSample) {
        point.number = row.Real(3);
      } else {
        point.text = row.Text(3);
      }
      next_ = start_.order == Order::kOldestFirst ? point.id + 1 : point.id - 1;
      points_.push_back(std::move(point));
    };
    if (start_.order == Order::kNewestFirst) {
      return database_->Query(
          "SELECT id, time_us, severity, value FROM point WHERE series = ? AND id <= ? ORDER BY id DESC LIMIT ?",
          {series_->id, next_, chunk_}, add);
    }
    // The first one comes whatever its time: it tells whether to look for where to begin.
    const std::int64_t since = chunk_ == 1 ? INT64_MIN : start_.since_us.value_or(INT64_MIN);
    return database_->Query(
        "SELECT id, time_us, severity, value FROM point WHERE series = ? AND id >= ? AND time_us >= ?"
        " ORDER BY id LIMIT ?",
        {series_->id, next_, since, chunk_}, add);
  }

  Database* database_;
  const Series* series_;
  Start start_;
  std::int64_t next_;
  std::int64_t chunk_ = 1;
  std::deque<Point> points_;
};

Result<std::vector<Series>> SeriesFor(Database& database, std::int64_t gateway_number, const TelemetryQuery& query) {
  std::vector<Series> series;
  TRY(
      database.Query("SELECT id, kind, source, metric FROM series"
                     " WHERE gateway = ?1 AND (?2 = '' OR source = ?2) AND (?3 = '' OR (kind = 1 AND metric = ?3))",
                     {gateway_number, query.source, query.metric}, [&](const SqlRow& row) {
                       series.push_back({row.Int(0), static_cast<TelemetryKind>(row.Int(1)), row.Text(2), row.Text(3)});
                     }));
  return series;
}

/// Up to `limit` points of all series, in order.
Result<std::vector<Point>> Merge(Database& database, const std::vector<Series>& series, const Start& start,
                                 std::int64_t limit) {
  std::vector<Reader> readers;
  readers.reserve(series.size());
  const auto later = [&](const Reader* a, const Reader* b) {
    return start.order == Order::kOldestFirst ? a->id() > b->id() : a->id() < b->id();
  };
  std::priority_queue<Reader*, std::vector<Reader*>, decltype(later)> heads(later);
  for (const Series& one : series) {
    Reader& reader = readers.emplace_back(database, one, start);
    TRY(reader.Open());
    if (!reader.empty()) heads.push(&reader);
  }
  std::vector<Point> points;
  while (!heads.empty() && std::ssize(points) < limit) {
    Reader* reader = heads.top();
    heads.pop();
    TRY_ASSIGN(auto point, reader->Take(limit - std::ssize(points)));
    points.push_back(std::move(point));
    if (!reader->empty()) heads.push(reader);
  }
  return points;
}

Result<std::int64_t> ParseCursor(const std::string& cursor) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), id);
  if (error != std::errc() || end != cursor.data() + cursor.size() || id < 0 || id == INT64_MAX) {
    return Error{Code::kInvalid,
                 "\"" + cursor + "\" is no cursor of a telemetry page; leave `after` out to start anew"};
  }
  return id;
}

void Place(const Point& point, v1::TelemetryPage& page) {
  switch (point.series->kind) {
    case TelemetryKind::kSample: {
      v1::Sample& sample = *page.add_samples();
      sample.set_time_us(point.time_us);
      sample.set_source(point.series->source);
      sample.set_metric(point.series->metric);
      sample.set_value(point.number);
      return;
    }
    case TelemetryKind::kLine: {
      v1::DeviceLine& line = *page.add_lines();
      line.set_time_us(point.time_us);
      line.set_device(point.series->source.substr(std::string_view("device:").size()));
      line.set_text(point.text);
      return;
    }
    case TelemetryKind::kEvent: {
      v1::Event& event = *page.add_events();
      event.set_time_us(point.time_us);
      event.set_severity(static_cast<v1::Event::Severity>(point.severity));
      event.set_source(point.series->source);
      event.set_text(point.text);
      return;
    }
  }
}

}  // namespace

Result<std::int64_t> TelemetryStore::NextPoint() const {
  std::int64_t id = 0;
  TRY(database_.Query("SELECT id FROM next_point", {}, [&](const SqlRow& row) { id = row.Int(0); }));
  return id;
}

Result<v1::TelemetryPage> TelemetryStore::Query(std::int64_t gateway_number, const TelemetryQuery& query) const {
  if (query.limit > kMaxTelemetryPage) {
    return Error{Code::kInvalid, "a page of " + std::to_string(query.limit) + " is over the limit of " +
                                     std::to_string(kMaxTelemetryPage) + "; take several pages"};
  }
  const std::int64_t limit = query.limit == 0 ? kDefaultTelemetryPage : query.limit;
  Start start{.since_us = query.since_us};
  if (!query.after && !query.since_us) start.order = Order::kNewestFirst;
  if (query.after) {
    TRY_ASSIGN(start.after, ParseCursor(*query.after));
  }
  TRY_ASSIGN(const std::int64_t next, NextPoint());
  TRY_ASSIGN(const auto series, SeriesFor(database_, gateway_number, query));
  // One more, to see whether there are more.
  TRY_ASSIGN(auto points, Merge(database_, series, start, limit + 1));

  v1::TelemetryPage page;
  std::int64_t cursor = std::max(start.after, next - 1);
  const bool more = std::ssize(points) > limit;
  if (more) points.pop_back();
  if (more && start.order == Order::kOldestFirst) {
    page.set_more(true);
    cursor = points.back().id;
  }
  page.set_cursor(std::to_string(cursor));
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return std::tie(a.time_us, a.id) < std::tie(b.time_us, b.id); });
  for (const Point& point : points) Place(point, page);
  return page;
}

}  // namespace motley::controller
