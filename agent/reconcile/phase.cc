#include "agent/reconcile/phase.h"

namespace motley::agent {

std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kStarting:
      return "starting";
    case Phase::kIdle:
      return "idle";
    case Phase::kFetching:
      return "fetching";
    case Phase::kForward:
      return "forward";
    case Phase::kBack:
      return "back";
    case Phase::kHealing:
      return "healing";
  }
  return "?";
}

}  // namespace motley::agent
