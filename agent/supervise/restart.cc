#include "agent/supervise/restart.h"

namespace motley::agent {

const char* RestartPolicyName(RestartPolicy policy) {
  switch (policy) {
    case RestartPolicy::kAlways:
      return "always";
    case RestartPolicy::kOnFailure:
      return "on-failure";
    case RestartPolicy::kNever:
      return "never";
  }
  return "always";
}

bool ParseRestartPolicy(std::string_view name, RestartPolicy* policy) {
  for (const auto candidate : {RestartPolicy::kAlways, RestartPolicy::kOnFailure, RestartPolicy::kNever}) {
    if (name != RestartPolicyName(candidate)) continue;
    *policy = candidate;
    return true;
  }
  return false;
}

bool ShouldRestart(RestartPolicy policy, bool succeeded) {
  return policy == RestartPolicy::kAlways || (policy == RestartPolicy::kOnFailure && !succeeded);
}

std::int64_t BackoffMs(std::uint32_t ends_in_a_row, std::int64_t initial_ms, std::int64_t max_ms) {
  std::int64_t delay = initial_ms;
  for (std::uint32_t i = 1; i < ends_in_a_row && delay < max_ms; ++i) delay *= 2;
  return delay < max_ms ? delay : max_ms;
}

std::uint32_t EndsInARow(std::uint32_t before, std::int64_t up_ms, std::int64_t max_ms) {
  return up_ms >= max_ms ? 1 : before + 1;
}

}  // namespace motley::agent
