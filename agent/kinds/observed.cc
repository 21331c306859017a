#include "agent/kinds/observed.h"

#include "agent/kinds/setup.h"

namespace motley::agent {

using Component = v1::ReportedComponent;

Observed UnknownUnlessSeen(Result<Observed> seen) {
  if (seen) return *std::move(seen);
  return {Observed::Match::kUnknown, Component::STATE_UNKNOWN, seen.error().message, 0, 0};
}

Result<void> ConfirmSeen(const Observed& observed, const std::string& what) {
  if (observed.match == Observed::Match::kMatches) return {};
  return Error{Code::kConflict, what + ": " + observed.detail + "; somebody else changes it"};
}

Observed ObservedOf(const SupervisorStatus& status, std::int64_t now_ms, std::string_view place) {
  Observed observed{.match = Observed::Match::kMatches, .restarts = status.restarts};
  observed.pid = static_cast<std::uint32_t>(status.pid);
  switch (status.state) {
    case SupervisedState::kStarting:
      observed.state = Component::STATE_STARTING;
      observed.detail = "starting";
      break;
    case SupervisedState::kRunning:
      observed.state = Component::STATE_RUNNING;
      observed.detail = "running for " + DurationText(now_ms - status.started_ms) + ", pid " +
                        std::to_string(status.pid) + std::string(place);
      break;
    case SupervisedState::kBackoff:
      observed.state = Component::STATE_BACKOFF;
      observed.detail = EndText(status) + "; next try in " + DurationText(status.next_start_ms - now_ms);
      break;
    case SupervisedState::kEnded:
      observed.state = Component::STATE_STOPPED;
      observed.detail = EndText(status) + "; it is not to be started again";
      break;
    case SupervisedState::kStopping:
    case SupervisedState::kStopped:
      observed.match = Observed::Match::kDiffers;
      observed.state = Component::STATE_STOPPED;
      observed.detail = status.state == SupervisedState::kStopped ? "was stopped" : "is being stopped";
      break;
  }
  return observed;
}

std::string EndText(const SupervisorStatus& status) {
  std::string text = status.reason;
  if (status.ends_in_a_row > 1) text += ", " + std::to_string(status.ends_in_a_row) + " times in a row";
  return text;
}

}  // namespace motley::agent
