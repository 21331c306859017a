#include "controller/registry/instance_watch.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

namespace motley::controller {
namespace {

using google::protobuf::util::TimeUtil;

/// How many replaced instances are remembered. Two agents that take turns need two.
constexpr std::size_t kRemembered = 8;

std::string At(std::int64_t time_us) {
  return TimeUtil::ToString(TimeUtil::SecondsToTimestamp(TimeUtil::MicrosecondsToTimestamp(time_us).seconds()));
}

}  // namespace

InstanceWatch::Verdict InstanceWatch::Seen(const std::string& instance, bool online, std::int64_t since_us,
                                           std::int64_t now_us) {
  const auto known =
      std::find_if(instances_.begin(), instances_.end(), [&](const Instance& other) { return other.id == instance; });
  if (known == instances_.end()) {
    instances_.push_back({instance, since_us, now_us});
    if (instances_.size() > kRemembered) instances_.pop_front();
    return Verdict::kCurrent;
  }
  const bool current = known == instances_.end() - 1;
  // A replaced agent's will, or a copy of what it said before it was replaced.
  if (!current && (!online || since_us <= known->since_us)) return Verdict::kStale;

  const Instance seen{instance, std::max(since_us, known->since_us), now_us};
  if (current) {
    *known = seen;
    return Verdict::kCurrent;
  }
  twins_ = std::pair(instances_.back(), seen);
  instances_.erase(known);
  instances_.push_back(seen);
  return Verdict::kCurrent;
}

std::optional<std::string> InstanceWatch::Problem(std::int64_t now_us) const {
  // Of two that take turns, the first of the pair is the one that was seen less lately.
  if (!twins_ || now_us - twins_->first.seen_us > std::chrono::microseconds(kCalm).count()) return std::nullopt;
  const auto& [one, other] = *twins_;
  return "two agents use this identity: instance " + one.id + ", last seen at " + At(one.seen_us) + ", and instance " +
         other.id + ", last seen at " + At(other.seen_us) + "; stop one of them and enrol it as a gateway of its own";
}

}  // namespace motley::controller
