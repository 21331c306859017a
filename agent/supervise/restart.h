#pragma once

#include <cstdint>
#include <string_view>

namespace motley::agent {

/// When a program that ended is started again.
enum class RestartPolicy {
  kAlways,
  kOnFailure,  ///< Not after exit code 0.
  kNever,
};

/// "always", "on-failure", "never": the form on the command line.
const char* RestartPolicyName(RestartPolicy policy);
/// The reverse; false for anything else.
bool ParseRestartPolicy(std::string_view name, RestartPolicy* policy);

/// Whether a program is started again after it ended; `succeeded` means with exit code 0.
bool ShouldRestart(RestartPolicy policy, bool succeeded);

/// How long to wait before the next start after `ends_in_a_row` ends (1 or more): `initial_ms`, then twice as long each
/// time, at most `max_ms`.
std::int64_t BackoffMs(std::uint32_t ends_in_a_row, std::int64_t initial_ms, std::int64_t max_ms);

/// How many ends in a row an end makes, after `before` of them, when the program had been up for `up_ms`. Being up for
/// as long as the longest wait starts the count anew: what runs that long is not in a crash loop.
std::uint32_t EndsInARow(std::uint32_t before, std::int64_t up_ms, std::int64_t max_ms);

}  // namespace motley::agent
