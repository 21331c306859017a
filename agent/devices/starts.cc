#include "agent/devices/starts.h"

#include <algorithm>
#include <utility>

namespace motley::agent {

void Starts::Expect() {
  expected_ = true;
  streak_ = 0;
}

void Starts::Forget() {
  recent_.clear();
  Expect();
}

void Starts::Saw(Time now) {
  if (std::exchange(expected_, false)) return;
  ++unasked_;
  ++streak_;
  recent_.push_back(now);
  if (recent_.size() > kRemembered) recent_.pop_front();
}

std::uint32_t Starts::UnaskedSince(Time from) const {
  const auto count = std::count_if(recent_.begin(), recent_.end(), [from](Time time) { return time >= from; });
  return static_cast<std::uint32_t>(std::min(streak_, static_cast<std::size_t>(count)));
}

bool Starts::InCrashLoop(Time now) const {
  return recent_.size() >= kLoopStarts && now - recent_[recent_.size() - kLoopStarts] <= kLoopWindow;
}

}  // namespace motley::agent
