#pragma once

#include <chrono>
#include <string>

#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley::agent {

/// What the checks of one component have shown so far: when the next one is due, and what they amount to. Pure.
class HealthState {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Verdict {
    kUndecided,  ///< Not enough was seen since it was started.
    kHealthy,
    kUnhealthy,
  };

  /// The component was started at `now`, and the first check is due then.
  HealthState(const v1::HealthCheck& check, Time now);

  /// A check that began at `began` has ended at `now`. A failure counts unless the check began within the start period;
  /// `retries` of them in a row make it unhealthy, and one success makes it healthy.
  void Checked(const Result<void>& result, Time began, Time now);

  Verdict verdict() const { return verdict_; }
  /// When the next check is due.
  Time next() const { return next_; }
  /// Of the last check that failed, with how often; for people.
  std::string Reason() const;

 private:
  const std::chrono::milliseconds interval_;
  const std::uint32_t retries_;
  const Time start_period_end_;
  Time next_;
  Verdict verdict_ = Verdict::kUndecided;
  std::uint32_t failures_in_a_row_ = 0;
  std::string last_failure_;
};

/// How long one check may take.
std::chrono::milliseconds TimeoutOf(const v1::HealthCheck& check);

/// Whether there is something to check.
bool HasCheck(const v1::HealthCheck& check);

}  // namespace motley::agent
