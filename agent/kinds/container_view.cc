#include "agent/kinds/container_view.h"

#include <algorithm>

#include "agent/kinds/container_spec.h"
#include "agent/kinds/setup.h"

namespace motley::agent {
namespace {

using Component = v1::ReportedComponent;
using Match = Observed::Match;
using Status = ContainerDetails::Status;
using std::chrono::milliseconds;

constexpr std::uint32_t kDefaultConfirmMs = 1000;
// Beyond the time after which an engine must have its verdict.
constexpr milliseconds kVerdictSlack{5'000};
constexpr std::uint64_t kMegabyte = 1 << 20;
constexpr int kKilled = 128 + 9;

std::string DigestOf(const ContainerDetails& container) {
  const auto label = container.labels.find(std::string(kDigestLabel));
  return label == container.labels.end() ? "" : label->second;
}

std::string RunningText(const ContainerDetails& container, std::chrono::system_clock::time_point now) {
  std::string text = "running";
  if (container.started) {
    text += " for " + DurationText(std::chrono::duration_cast<milliseconds>(now - *container.started).count());
  }
  if (container.restarts > 0) text += ", restarted " + std::to_string(container.restarts) + " times";
  return text;
}

std::string UnhealthyText(const ContainerHealth& health) {
  return "its image's health check fails" + (health.output.empty() ? "" : ": " + health.output);
}

void ViewRunning(const ContainerDetails& container, std::chrono::system_clock::time_point now, Observed* observed) {
  observed->state = Component::STATE_RUNNING;
  observed->detail = RunningText(container, now);
  if (!container.health) return;
  switch (container.health->status) {
    case ContainerHealth::Status::kStarting:
      observed->state = Component::STATE_STARTING;
      observed->detail += "; its image's health check has no verdict yet";
      break;
    case ContainerHealth::Status::kHealthy:
      observed->detail += "; healthy";
      break;
    case ContainerHealth::Status::kUnhealthy:
      observed->match = Match::kDiffers;
      observed->state = Component::STATE_UNHEALTHY;
      observed->detail += "; " + UnhealthyText(*container.health);
      break;
  }
}

void ViewEnded(const Instance& instance, const ContainerDetails& container, Observed* observed) {
  observed->state = Component::STATE_STOPPED;
  observed->detail = EndOf(container);
  const bool well = container.exit_code == 0 && container.error.empty() && MayEnd(instance.component.container());
  if (well) {
    observed->detail += "; it is not to be started again";
  } else {
    observed->match = Match::kDiffers;
  }
}

}  // namespace

std::string EndOf(const ContainerDetails& container) {
  if (!container.error.empty()) return "it could not be started: " + container.error;
  const std::string limit = std::to_string(container.memory_bytes / kMegabyte) + " MB of memory";
  if (container.oom_killed) return "it was killed, since it used more than its " + limit;
  if (container.exit_code == kKilled && container.memory_bytes != 0) {
    // Podman does not tell.
    return "it was killed (exit code 137), perhaps since it used more than its " + limit;
  }
  return "it ended with exit code " + std::to_string(container.exit_code);
}

std::optional<std::string> OverDiskLimit(const Instance& instance, const ContainerDetails& container) {
  const std::uint64_t limit_mb = instance.component.limits().disk_mb();
  if (limit_mb == 0 || !container.size_bytes || *container.size_bytes <= limit_mb * kMegabyte) return std::nullopt;
  return "it wrote " + std::to_string(*container.size_bytes / kMegabyte) + " MB over its image, of at most " +
         std::to_string(limit_mb) + " MB";
}

Observed ViewOf(const Instance& instance, const std::optional<ContainerDetails>& found,
                std::chrono::system_clock::time_point now) {
  Observed observed;
  observed.detail = "no container of it is there";
  if (!found) return observed;
  observed.match = Match::kMatches;
  observed.restarts = found->restarts;
  observed.pid = found->pid;
  switch (found->status) {
    case Status::kRunning:
      ViewRunning(*found, now, &observed);
      break;
    case Status::kRestarting:
      observed.state = Component::STATE_BACKOFF;
      observed.detail = EndOf(*found) + ", " + std::to_string(found->restarts) + " times; it is being restarted";
      break;
    case Status::kEnded:
      ViewEnded(instance, *found, &observed);
      break;
    case Status::kCreated:
      observed = {Match::kDiffers, Component::STATE_MISSING, "its container was made and never started", 0, 0};
      if (!found->error.empty()) observed.detail = EndOf(*found);
      break;
    case Status::kPaused:
      observed.match = Match::kDiffers;
      observed.state = Component::STATE_STOPPED;
      observed.detail = "somebody paused it";
      break;
    case Status::kStopping:
      observed.match = Match::kDiffers;
      observed.state = Component::STATE_STOPPED;
      observed.detail = "is being stopped";
      break;
    case Status::kBroken:
      observed.match = Match::kDiffers;
      observed.state = Component::STATE_MISSING;
      observed.detail = "its container is broken";
      break;
  }
  if (DigestOf(*found) != instance.digest) {
    observed.match = Match::kDiffers;
    observed.detail = "another version is there: " + observed.detail;
  }
  return observed;
}

Result<ContainerTrial::Verdict> ContainerTrial::Next(const Instance& instance,
                                                     const std::optional<ContainerDetails>& found, HealthChecks checks,
                                                     Clock::time_point now) {
  if (begun_ == Clock::time_point{}) begun_ = now;
  const auto& spec = instance.component.container();
  const Observed view = ViewOf(instance, found, {});
  if (!found || DigestOf(*found) != instance.digest) {
    return Error{Code::kConflict, view.detail + "; somebody else takes it away"};
  }
  if (found->status == Status::kEnded && view.match == Match::kMatches) return Verdict::kGood;
  if (found->status != Status::kRunning) return Error{Code::kUnavailable, view.detail};
  // Docker waits before it restarts and is seen waiting; Podman does it at once.
  const bool again = run_ && (found->started_at != run_->started_at || found->restarts != run_->restarts);
  if (again)
    return Error{Code::kUnavailable, "it ended, and was restarted " + std::to_string(found->restarts) + " times"};
  if (!run_) run_ = Run{found->started_at, found->restarts, now};
  if (found->health) {
    using Health = ContainerHealth::Status;
    if (found->health->status == Health::kHealthy) return Verdict::kGood;
    // Checks on demand come faster than the image wants them: a bad verdict counts when its own would be due.
    const bool counts = checks == HealthChecks::kByEngine || now - begun_ >= found->health->verdict_after;
    if (found->health->status == Health::kUnhealthy && counts) {
      return Error{Code::kUnavailable, UnhealthyText(*found->health)};
    }
    if (now - begun_ > found->health->verdict_after + kVerdictSlack) {
      return Error{Code::kTimeout, "its image's health check gave no verdict in time"};
    }
    return Verdict::kWait;
  }
  const milliseconds confirm(spec.confirm_ms() != 0 ? spec.confirm_ms() : kDefaultConfirmMs);
  return now - run_->seen >= confirm ? Verdict::kGood : Verdict::kWait;
}

}  // namespace motley::agent
