#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace motley::controller {

/// Tells from the presences of one gateway whether two agents use its identity: each start of an agent is an instance,
/// and one that was replaced never comes back by itself. A value; no clock of its own.
class InstanceWatch {
 public:
  /// What to make of a presence.
  enum class Verdict {
    kCurrent,  ///< From the agent that is there now.
    kStale,    ///< A late copy, or the last will of an agent that was replaced.
  };

  /// A presence of `instance`, which says that it was sent at `since_us` by its own clock, has come at `now_us`.
  Verdict Seen(const std::string& instance, bool online, std::int64_t since_us, std::int64_t now_us);

  /// Both instances and when they were seen, until only one was seen for kCalm.
  std::optional<std::string> Problem(std::int64_t now_us) const;

  static constexpr std::chrono::minutes kCalm{10};

 private:
  struct Instance {
    std::string id;
    /// The latest that it said.
    std::int64_t since_us;
    /// When it was last seen.
    std::int64_t seen_us;
  };
  /// The current one is last.
  std::deque<Instance> instances_;
  /// The two that took turns last.
  std::optional<std::pair<Instance, Instance>> twins_;
};

}  // namespace motley::controller
