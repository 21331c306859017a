#include "controller/api/rate_limit.h"

#include <algorithm>

namespace motley::controller {
namespace {

constexpr double kBurst = 20;
constexpr double kForgivenPerSecond = 1;
// Bounds the memory, whoever calls from how many addresses.
constexpr std::size_t kMaxCallers = 4096;

}  // namespace

double FailureLimit::FailuresOf(const std::string& caller, Time now) const {
  const auto found = entries_.find(caller);
  if (found == entries_.end()) return 0;
  const std::chrono::duration<double> passed = now - found->second.at;
  return std::max(0.0, found->second.failures - passed.count() * kForgivenPerSecond);
}

bool FailureLimit::IsExhausted(const std::string& caller, Time now) const {
  return FailuresOf(caller, now) > kBurst - 1;
}

void FailureLimit::Count(const std::string& caller, Time now) {
  const double failures = FailuresOf(caller, now) + 1;
  if (entries_.size() >= kMaxCallers) Forget(now);
  entries_[caller] = {failures, now};
}

void FailureLimit::Forget(Time now) {
  std::erase_if(entries_, [&](const auto& item) { return FailuresOf(item.first, now) == 0; });
  if (entries_.size() < kMaxCallers) return;
  const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                       [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
  entries_.erase(oldest);
}

}  // namespace motley::controller
