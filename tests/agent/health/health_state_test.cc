#include "agent/health/health_state.h"

#include <gmock/gmock.h>

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using Verdict = HealthState::Verdict;

constexpr HealthState::Time kStart{std::chrono::hours(1000)};

v1::HealthCheck Check(std::uint32_t start_period_ms, std::uint32_t interval_ms, std::uint32_t retries) {
  v1::HealthCheck check;
  check.set_start_period_ms(start_period_ms);
  check.set_interval_ms(interval_ms);
  check.set_retries(retries);
  return check;
}

// "+" and "-" are checks that succeed and fail, each when it is due and taking no time. The verdicts after each: "?",
// "h", "u".
std::string Verdicts(const v1::HealthCheck& check, const std::string& results) {
  HealthState state(check, kStart);
  std::string verdicts;
  for (const char result : results) {
    const auto now = state.next();
    state.Checked(result == '+' ? Result<void>() : Error{Code::kUnavailable, "no"}, now, now);
    verdicts += state.verdict() == Verdict::kHealthy ? 'h' : state.verdict() == Verdict::kUnhealthy ? 'u' : '?';
  }
  return verdicts;
}

TEST(HealthStateTest, FollowsItsTable) {
  const struct {
    const char* why;
    v1::HealthCheck check;
    const char* results;
    const char* verdicts;
  } rows[] = {
      {"one success is enough", Check(0, 0, 0), "+", "h"},
      {"three failures in a row, unless told", Check(0, 0, 0), "---", "??u"},
      {"as many as told", Check(0, 0, 1), "-", "u"},
      {"a success starts the count anew", Check(0, 1000, 2), "-+-+--", "?hhhhu"},
      {"it recovers", Check(0, 1000, 2), "+--+", "hhuh"},
      {"it stays unhealthy", Check(0, 1000, 1), "---", "uuu"},
      {"failures in the start period do not count", Check(3500, 1000, 2), "-----", "????? "},
      {"they do after it", Check(3500, 1000, 2), "------", "?????u"},
      {"a success ends the start period", Check(60'000, 1000, 2), "-+--", "?hhu"},
  };
  for (const auto& row : rows) {
    std::string expected = row.verdicts;
    if (expected.ends_with(' ')) expected.pop_back();
    EXPECT_EQ(Verdicts(row.check, row.results), expected) << row.why;
  }
}

TEST(HealthStateTest, IsImpatientUntilTheFirstSuccess) {
  HealthState state(Check(0, 30'000, 5), kStart);
  EXPECT_EQ(state.next(), kStart);
  state.Checked(Error{Code::kUnavailable, "no"}, kStart, kStart + milliseconds(200));
  EXPECT_EQ(state.next(), kStart + milliseconds(1200));
  state.Checked({}, state.next(), kStart + milliseconds(1300));
  EXPECT_EQ(state.next(), kStart + milliseconds(31'300));
}

TEST(HealthStateTest, IsCheckedAsOftenAsTold) {
  HealthState state(Check(0, 200, 5), kStart);
  state.Checked(Error{Code::kUnavailable, "no"}, kStart, kStart);
  EXPECT_EQ(state.next(), kStart + milliseconds(200));
  HealthState unset(Check(0, 0, 0), kStart);
  unset.Checked({}, kStart, kStart);
  EXPECT_EQ(unset.next(), kStart + milliseconds(10'000));
}

TEST(HealthStateTest, SpareACheckThatBeganInTheStartPeriodAndEndedAfterIt) {
  HealthState state(Check(1000, 200, 1), kStart);
  state.Checked(Error{Code::kTimeout, "slow"}, kStart + milliseconds(900), kStart + milliseconds(1400));
  EXPECT_EQ(state.verdict(), Verdict::kUndecided);
}

TEST(HealthStateTest, SaysWhatFailedAndHowOften) {
  HealthState state(Check(0, 0, 2), kStart);
  state.Checked(Error{Code::kUnavailable, "nobody there"}, kStart, kStart);
  EXPECT_EQ(state.Reason(), "nobody there");
  state.Checked(Error{Code::kUnavailable, "nobody there"}, kStart, kStart);
  EXPECT_EQ(state.Reason(), "nobody there, 2 times in a row");
}

}  // namespace
}  // namespace motley::agent
