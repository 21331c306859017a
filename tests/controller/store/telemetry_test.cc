#include "controller/store/telemetry.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "common/sql/database.h"
#include "controller/dispatch/retention.h"
#include "controller/store/schema.h"
#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using controller::TelemetryQuery;

class TelemetryTest : public testing::Test {
 protected:
  TelemetryTest() {
    core_.Enrol("g1");
    number_ = core_.registry->Find("g1")->record.number;
  }
  void Append(std::initializer_list<std::int64_t> times, const std::string& metric = "load") {
    v1::TelemetryBatch batch;
    for (const std::int64_t time : times) {
      v1::Sample& sample = *batch.add_samples();
      sample.set_time_us(time);
      sample.set_source("gateway");
      sample.set_metric(metric);
      sample.set_value(static_cast<double>(time));
    }
    core_.store->telemetry().Append(number_, batch).value();
  }
  v1::TelemetryPage Query(const TelemetryQuery& query) {
    return core_.store->telemetry().Query(number_, query).value();
  }
  static std::vector<std::int64_t> Times(const v1::TelemetryPage& page) {
    std::vector<std::int64_t> times;
    for (const v1::Sample& sample : page.samples()) times.push_back(sample.time_us());
    return times;
  }
  using Times_ = std::vector<std::int64_t>;
  Core core_;
  std::int64_t number_ = 0;
};

TEST_F(TelemetryTest, GivesBackWhatWasStoredInTheOrderOfTime) {
  v1::TelemetryBatch batch;
  v1::DeviceLine& line = *batch.add_lines();
  line.set_time_us(5);
  line.set_device("uno-1");
  line.set_text("hello");
  v1::Event& event = *batch.add_events();
  event.set_time_us(6);
  event.set_severity(v1::Event::SEVERITY_ERROR);
  event.set_source("component:greeter");
  event.set_text("it died");
  core_.store->telemetry().Append(number_, batch).value();
  Append({30, 10, 20});
  const auto page = Query({});
  EXPECT_EQ(Times(page), (Times_{10, 20, 30}));
  ASSERT_EQ(page.lines_size(), 1);
  EXPECT_EQ(page.lines(0).SerializeAsString(), line.SerializeAsString());
  ASSERT_EQ(page.events_size(), 1);
  EXPECT_EQ(page.events(0).SerializeAsString(), event.SerializeAsString());
  EXPECT_EQ(Query({.source = "device:uno-1"}).lines_size(), 1);
  EXPECT_EQ(Query({.source = "device:uno-1"}).samples_size(), 0);
  EXPECT_EQ(Query({.metric = "load"}).samples_size(), 3);
  EXPECT_EQ(Query({.metric = "load"}).events_size(), 0);
}

TEST_F(TelemetryTest, FollowsWithACursorAndMissesNothingThatComesLate) {
  Append({100, 200});
  const auto first = Query({});
  Append({50}, "late");
  Append({300});
  const auto next = Query({.after = first.cursor()});
  EXPECT_EQ(Times(next), (Times_{50, 300}));
  EXPECT_TRUE(Query({.after = next.cursor()}).samples().empty());
}

TEST_F(TelemetryTest, CutsPagesThatTogetherHoldEverythingOnce) {
  for (std::int64_t i = 0; i < 10; ++i) Append({100 + i}, i % 2 == 0 ? "even" : "odd");
  Times_ seen;
  TelemetryQuery query{.since_us = 102, .limit = 3};
  for (int pages = 0; pages < 4; ++pages) {
    const auto page = Query(query);
    const auto times = Times(page);
    seen.insert(seen.end(), times.begin(), times.end());
    query.after = page.cursor();
    EXPECT_EQ(page.more(), pages < 2) << pages;
  }
  EXPECT_EQ(seen, (Times_{102, 103, 104, 105, 106, 107, 108, 109}));
}

TEST_F(TelemetryTest, ShowsTheNewestWhereNothingElseIsAsked) {
  for (std::int64_t i = 0; i < 10; ++i) Append({100 + i}, i % 2 == 0 ? "even" : "odd");
  const auto page = Query({.limit = 3});
  EXPECT_EQ(Times(page), (Times_{107, 108, 109}));
  EXPECT_FALSE(page.more());
  EXPECT_TRUE(Query({.after = page.cursor()}).samples().empty());
}

TEST_F(TelemetryTest, LeavesOutWhatIsMalformedAndCutsWhatIsTooLong) {
  v1::TelemetryBatch batch;
  for (int i = 0; i < 3; ++i) {
    v1::Sample& sample = *batch.add_samples();
    sample.set_source(i == 0 ? std::string(1000, 's') : "gateway");
    sample.set_metric(i == 1 ? "" : "load");
    sample.set_value(i == 2 ? std::numeric_limits<double>::quiet_NaN() : 1);
  }
  v1::DeviceLine& line = *batch.add_lines();
  line.set_device("d");
  for (int i = 0; i < 3000; ++i) line.mutable_text()->append("ä");
  line.mutable_text()->insert(0, "x");
  core_.store->telemetry().Append(number_, batch).value();
  const auto page = Query({});
  EXPECT_EQ(page.samples_size(), 0);
  EXPECT_EQ(page.lines(0).text().size(), 4095u);
}

TEST_F(TelemetryTest, BoundsTheSeriesOfOneGateway) {
  v1::TelemetryBatch batch;
  for (int i = 0; i < 2500; ++i) {
    v1::Sample& sample = *batch.add_samples();
    sample.set_source("gateway");
    sample.set_metric("m" + std::to_string(i));
  }
  core_.store->telemetry().Append(number_, batch).value();
  EXPECT_EQ(Query({.limit = 10'000}).samples_size(), 2000);
}

TEST_F(TelemetryTest, GivesWhatCameOutOfOrderSinceAMomentOnce) {
  Append({100, 900, 200, 800, 300});
  Append({50, 700, 60, 600}, "late");
  Times_ seen;
  TelemetryQuery query{.since_us = 550, .limit = 1};
  for (int pages = 0; pages < 4; ++pages) {
    const auto page = Query(query);
    EXPECT_EQ(page.more(), pages < 3) << pages;
    const auto times = Times(page);
    seen.insert(seen.end(), times.begin(), times.end());
    query.after = page.cursor();
  }
  EXPECT_EQ(seen, (Times_{900, 800, 700, 600}));
}

/// Counts the rows that statements give.
class CountingDatabase final : public Database {
 public:
  explicit CountingDatabase(const std::string& path)
      : database_(Database::Open(path, controller::Migrations()).value()) {}
  Result<void> Run(std::string_view sql, std::span<const SqlValue> values, const RowFunction& row) override {
    return database_->Run(sql, values, [&](const SqlRow& one) {
      ++rows;
      row(one);
    });
  }
  std::int64_t LastInsertId() const override { return database_->LastInsertId(); }
  std::int64_t Changes() const override { return database_->Changes(); }

  std::size_t rows = 0;

 private:
  std::unique_ptr<Database> database_;
};

TEST(TelemetryPages, ReadWhatTheyReturnAndNotAPageOfEachSeries) {
  const TemporaryFolder folder;
  CountingDatabase database(folder / "telemetry.db");
  controller::TelemetryStore telemetry(database);
  constexpr std::size_t kSeries = 200;
  constexpr std::size_t kPage = 100;
  // Early series have the oldest points, as when components come and go: the order that costs most in each direction.
  for (std::size_t series = 0; series < kSeries; ++series) {
    v1::TelemetryBatch batch;
    for (int i = 0; i < 50; ++i) {
      v1::Sample& sample = *batch.add_samples();
      sample.set_time_us(static_cast<std::int64_t>(series) * 50 + i);
      sample.set_source("gateway");
      sample.set_metric("m" + std::to_string(series));
    }
    telemetry.Append(1, batch).value();
  }
  TelemetryQuery newest{.limit = kPage};
  TelemetryQuery oldest{.after = "0", .limit = kPage};
  TelemetryQuery since{.since_us = 5000, .limit = kPage};
  for (const auto& query : {newest, oldest, since}) {
    database.rows = 0;
    const auto page = telemetry.Query(1, query).value();
    EXPECT_EQ(page.samples_size(), static_cast<int>(kPage));
    // The series, the first of each (twice with `since_us`), and the page with what is read ahead.
    EXPECT_LT(database.rows, 4 * kSeries + 3 * kPage);
  }
}

TEST_F(TelemetryTest, RefusesCursorsAndLimitsThatAreNone) {
  for (const char* cursor : {"", "x", "-1", "1x", "9223372036854775807", "99999999999999999999"}) {
    EXPECT_EQ(core_.store->telemetry().Query(number_, {.after = cursor}).error().code, Code::kInvalid) << cursor;
  }
  EXPECT_EQ(core_.store->telemetry().Query(number_, {.limit = 10'001}).error().code, Code::kInvalid);
}

TEST_F(TelemetryTest, DeletesWhatWasStoredLongAgoWhateverItsClockSaid) {
  controller::Retention retention(core_.loop, *core_.store, std::chrono::hours(24));
  Append({1, 2});  // by the gateway's clock it is 1970
  core_.loop.Advance(std::chrono::hours(23));
  Append({3});
  EXPECT_EQ(Times(Query({})), (Times_{1, 2, 3}));
  core_.loop.Advance(std::chrono::hours(3));
  EXPECT_EQ(Times(Query({})), (Times_{3}));
  core_.loop.Advance(std::chrono::hours(24));
  EXPECT_EQ(Times(Query({})), (Times_{}));
}

TEST_F(TelemetryTest, DeletesInBoundedStepsAndAllOfARemovedGateway) {
  Append({1, 2, 3, 4, 5});
  Append({1, 2, 3}, "other");
  core_.registry->Remove("g1").value();
  std::int64_t series = 0;
  int steps = 0;
  while (!core_.store->telemetry().Trim(0, 2, &series).value()) ASSERT_LT(++steps, 20);
  EXPECT_GE(steps, 4);
  EXPECT_TRUE(Query({}).samples().empty());
}

TEST_F(TelemetryTest, ForgetsMetricsThatNobodySendsAnyMoreAndHasRoomForOthers) {
  controller::Retention retention(core_.loop, *core_.store, std::chrono::hours(24));
  v1::TelemetryBatch batch;
  for (int i = 0; i < 2000; ++i) {
    v1::Sample& sample = *batch.add_samples();
    sample.set_source("component:old");
    sample.set_metric(std::to_string(i));
  }
  core_.store->telemetry().Append(number_, batch).value();
  Append({1}, "new");
  EXPECT_TRUE(Query({.metric = "new"}).samples().empty());
  core_.loop.Advance(std::chrono::hours(48));
  Append({2}, "new");
  EXPECT_EQ(Times(Query({.metric = "new"})), (Times_{2}));
}

}  // namespace
}  // namespace motley::tests
