#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/supervise/text.h"

namespace motley::agent {

enum class SupervisedState {
  kStarting,  ///< The supervisor is up, the program not yet.
  kRunning,
  kBackoff,   ///< It ended and will be started again at `next_start_ms`.
  kStopping,  ///< It was told to end, or its descendants were.
  kStopped,   ///< It was stopped on request; the supervisor is gone.
  kEnded,     ///< It ended and is not to be started again; the supervisor sees to descendants, or is gone.
};

/// What a supervisor says about its program in RUN_DIR/status. Plain arrays: the supervisor allocates nothing.
struct SupervisorStatus {
  SupervisedState state = SupervisedState::kStarting;
  /// As given with --instance: which version of the component this is.
  char instance[96] = {};
  /// Process id of the supervisor, which is also the id of its session.
  std::int32_t supervisor = 0;
  /// Of the program; 0 when it does not run.
  std::int32_t pid = 0;
  /// Starts after the first.
  std::uint32_t restarts = 0;
  /// Ends with no long run between them.
  std::uint32_t ends_in_a_row = 0;
  /// Last start of the program, microseconds since 1970 UTC.
  std::int64_t started_us = 0;
  /// The same in milliseconds since the machine's boot, and when the next start is due.
  std::int64_t started_ms = 0;
  std::int64_t next_start_ms = 0;
  /// How long the program has to end when it is stopped.
  std::int64_t stop_timeout_ms = 0;
  /// Of the last end: the exit code, or -1 when a signal ended it or it could not be started.
  std::int32_t exit_code = -1;
  std::int32_t exit_signal = 0;
  /// Of the last end, for people: "exited with code 1". Empty before the first.
  char reason[256] = {};
};

/// Copies as much of `text` as fits, ended by NUL, with line ends made blanks.
void CopyText(std::string_view text, char* target, std::size_t size);
template <std::size_t kSize>
void CopyText(std::string_view text, char (&target)[kSize]) {
  CopyText(text, target, kSize);
}

/// Longest form of a status.
inline constexpr std::size_t kMaxStatusBytes = 1024;

/// "key=value" lines.
using StatusText = Text<kMaxStatusBytes>;
StatusText FormatStatus(const SupervisorStatus& status);

/// Reads them back; unknown keys are skipped. False if `text` is cut off or is no status.
bool ParseStatus(std::string_view text, SupervisorStatus* status);

enum class Durability { kPowerLoss, kCrashOnly };

/// Replaces the file "status" in `folder_fd`; readers see the old one or the new one. On a full disk the old one is
/// overwritten in place. False, with errno, if that failed too.
bool WriteStatus(int folder_fd, const SupervisorStatus& status, Durability durability);

/// Reads the file "status" in `folder_fd`. False if there is none, or no valid one.
bool ReadStatus(int folder_fd, SupervisorStatus* status);

/// Milliseconds since the machine's boot, sleep included: what the times in a status count in.
std::int64_t BootMs();

}  // namespace motley::agent
