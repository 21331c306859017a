#include "tools/motley/times.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <array>
#include <charconv>
#include <ctime>

namespace motley::cli {
namespace {

using google::protobuf::util::TimeUtil;
using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds length;
};
constexpr std::array<Unit, 5> kUnits = {{{"ms", milliseconds(1)},
                                         {"s", std::chrono::seconds(1)},
                                         {"m", std::chrono::minutes(1)},
                                         {"h", std::chrono::hours(1)},
                                         {"d", std::chrono::hours(24)}}};
// Ten years: keeps all arithmetic far from overflow.
constexpr milliseconds kLongest = std::chrono::hours(24 * 3650);

std::string SpanText(std::int64_t seconds) {
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 120 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86400);
}

}  // namespace

std::string Ago(const google::protobuf::Timestamp& time, Clock::time_point now) {
  if (time.seconds() == 0) return {};
  const std::int64_t seconds = Clock::to_time_t(now) - time.seconds();
  if (seconds == 0) return "now";
  return seconds > 0 ? SpanText(seconds) + " ago" : "in " + SpanText(-seconds);
}

std::string LocalTime(std::int64_t time_us) {
  const std::time_t seconds = time_us / 1'000'000;
  std::tm fields{};
  if (localtime_r(&seconds, &fields) == nullptr) return fmt::format("{} us", time_us);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields));
}

Result<milliseconds> ParseDuration(const std::string& text) {
  const char* const stop = text.data() + text.size();
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), stop, number);
  const std::string_view unit_name(end, static_cast<std::size_t>(stop - end));
  for (const Unit& unit : kUnits) {
    if (problem == std::errc{} && number >= 0 && unit.name == unit_name && number <= kLongest / unit.length)
      return number * unit.length;
  }
  return Error{Code::kInvalid, fmt::format("\"{}\" is not a duration; write one such as 30s, 10m, 2h or 7d", text)};
}

Result<std::string> ParseSince(const std::string& text, Clock::time_point now) {
  google::protobuf::Timestamp time;
  if (TimeUtil::FromString(text, &time)) return TimeUtil::ToString(time);
  const auto before = ParseDuration(text);
  if (!before) {
    return Error{Code::kInvalid, fmt::format("\"{}\" is neither a duration, such as 30s, 10m, 2h or 7d, nor a time, "
                                             "such as 2026-01-31T12:00:00Z",
                                             text)};
  }
  const auto since = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()) - *before;
  return TimeUtil::ToString(TimeUtil::MillisecondsToTimestamp(since.count()));
}

std::string SizeText(double bytes) {
  if (bytes < 1024) return fmt::format("{:.0f} B", bytes);
  constexpr std::array<std::string_view, 4> kNames = {"KiB", "MiB", "GiB", "TiB"};
  std::size_t name = 0;
  for (bytes /= 1024; bytes >= 1024 && name + 1 < kNames.size(); ++name) bytes /= 1024;
  return fmt::format("{:.1f} {}", bytes, kNames[name]);
}

}  // namespace motley::cli
