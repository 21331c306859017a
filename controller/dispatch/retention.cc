#include "controller/dispatch/retention.h"

#include <algorithm>

#include "common/log/log.h"

namespace motley::controller {
namespace {

constexpr std::chrono::hours kPeriod{1};
/// Some milliseconds of work; then others get their turn.
constexpr std::int64_t kRowsAStep = 5000;
constexpr std::chrono::milliseconds kBreath{20};

}  // namespace

Retention::Retention(Loop& loop, Store& store, std::chrono::hours keep)
    : loop_(loop), store_(store), keep_(std::max(keep, kPeriod)) {
  timer_ = loop_.After(kBreath, [this] { Begin(); });
}

void Retention::Begin() {
  const std::int64_t now = WallMicros(loop_);
  const std::int64_t keep = std::chrono::microseconds(keep_).count();
  timer_ = loop_.After(kPeriod, [this] { Begin(); });
  if (auto marked = store_.telemetry().Mark(now, keep); !marked) {
    return LogError("old telemetry can not be deleted: {}; it is tried again in an hour", marked.error().message);
  }
  before_us_ = now - keep;
  series_ = 0;
  Step();
}

void Retention::Step() {
  const auto done = store_.telemetry().Trim(before_us_, kRowsAStep, &series_);
  if (!done) LogError("old telemetry can not be deleted: {}; it is tried again in an hour", done.error().message);
  if (done && !*done) {
    timer_ = loop_.After(kBreath, [this] { Step(); });
  } else {
    timer_ = loop_.After(kPeriod, [this] { Begin(); });
  }
}

}  // namespace motley::controller
