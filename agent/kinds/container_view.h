#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/kinds/docker_engine_json.h"
#include "agent/kinds/kind.h"

namespace motley::agent {

/// What a container tells about its instance; unset: there is none under its name.
Observed ViewOf(const Instance& instance, const std::optional<ContainerDetails>& found,
                std::chrono::system_clock::time_point now);

/// "it was killed, since it used more than its 64 MB of memory", "it ended with exit code 3", ...
std::string EndOf(const ContainerDetails& container);

/// Whether what it wrote over its image is more than its limit: a sentence that says so.
std::optional<std::string> OverDiskLimit(const Instance& instance, const ContainerDetails& container);

/// One attempt to confirm a container: fed with what is seen of it again and again, from soon after its start.
class ContainerTrial {
 public:
  using Clock = std::chrono::steady_clock;
  /// What is to be done next.
  enum class Verdict { kWait, kGood };

  /// Who runs the health check of the image: the engine, at its interval, or we, whenever we look.
  enum class HealthChecks { kByEngine, kOnDemand };

  /// Errors: why it does not work: kUnavailable (it ended, is restarted, is unhealthy), kConflict (it is not there or
  /// is another version), kTimeout.
  Result<Verdict> Next(const Instance& instance, const std::optional<ContainerDetails>& found, HealthChecks checks,
                       Clock::time_point now);

 private:
  struct Run {
    std::string started_at;
    std::uint32_t restarts = 0;
    Clock::time_point seen;
  };
  Clock::time_point begun_{};
  /// The run that is being watched.
  std::optional<Run> run_;
};

}  // namespace motley::agent
