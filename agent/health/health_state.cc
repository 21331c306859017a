#include "agent/health/health_state.h"

#include <algorithm>

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDefaultInterval{10'000};
// Until it is healthy for the first time: somebody waits for it.
constexpr milliseconds kImpatientInterval{1'000};
constexpr milliseconds kDefaultTimeout{5'000};
constexpr std::uint32_t kDefaultRetries = 3;

milliseconds OrDefault(std::uint32_t value_ms, milliseconds otherwise) {
  return value_ms != 0 ? milliseconds(value_ms) : otherwise;
}

}  // namespace

HealthState::HealthState(const v1::HealthCheck& check, Time now)
    : interval_(OrDefault(check.interval_ms(), kDefaultInterval)),
      retries_(check.retries() != 0 ? check.retries() : kDefaultRetries),
      start_period_end_(now + milliseconds(check.start_period_ms())),
      next_(now) {}

void HealthState::Checked(const Result<void>& result, Time began, Time now) {
  if (result) {
    verdict_ = Verdict::kHealthy;
    failures_in_a_row_ = 0;
  } else {
    last_failure_ = result.error().message;
    // The start period is for a component that is on its way up, so its first success ends it.
    if (began >= start_period_end_ || verdict_ != Verdict::kUndecided) ++failures_in_a_row_;
    if (failures_in_a_row_ >= retries_) verdict_ = Verdict::kUnhealthy;
  }
  next_ = now + (verdict_ == Verdict::kUndecided ? std::min(interval_, kImpatientInterval) : interval_);
}

std::string HealthState::Reason() const {
  if (failures_in_a_row_ < 2) return last_failure_;
  return last_failure_ + ", " + std::to_string(failures_in_a_row_) + " times in a row";
}

milliseconds TimeoutOf(const v1::HealthCheck& check) { return OrDefault(check.timeout_ms(), kDefaultTimeout); }

bool HasCheck(const v1::HealthCheck& check) { return check.check_case() != v1::HealthCheck::CHECK_NOT_SET; }

}  // namespace motley::agent
