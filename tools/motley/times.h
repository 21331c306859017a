#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace motley::cli {

using Clock = std::chrono::system_clock;

/// "now", "12 s ago", "in 5 min", "3 h ago", "2 d ago"; empty for a time that is not set.
std::string Ago(const google::protobuf::Timestamp& time, Clock::time_point now);

/// Microseconds since 1970 as local time: "2026-01-31 12:00:00".
std::string LocalTime(std::int64_t time_us);

/// "500ms", "30s", "10m", "2h" or "7d". Errors: kInvalid.
Result<std::chrono::milliseconds> ParseDuration(const std::string& text);

/// The time that `text` means, as RFC 3339 has it: a duration before `now`, or such a time itself. Errors: kInvalid.
Result<std::string> ParseSince(const std::string& text, Clock::time_point now);

/// "512 B", "1.5 KiB", "3.0 MiB".
std::string SizeText(double bytes);

}  // namespace motley::cli
