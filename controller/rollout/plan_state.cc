#include "controller/rollout/plan_state.h"

#include <array>

namespace motley::controller {
namespace {

struct Transition {
  v1::Plan::State from;
  PlanEvent event;
  v1::Plan::State to;
};

constexpr std::array kTransitions{
    Transition{v1::Plan::STATE_PROPOSED, PlanEvent::kApprove, v1::Plan::STATE_APPROVED},
    Transition{v1::Plan::STATE_PROPOSED, PlanEvent::kReject, v1::Plan::STATE_REJECTED},
    Transition{v1::Plan::STATE_APPROVED, PlanEvent::kReject, v1::Plan::STATE_REJECTED},
    Transition{v1::Plan::STATE_APPROVED, PlanEvent::kEnact, v1::Plan::STATE_ENACTED},
};

}  // namespace

std::optional<v1::Plan::State> Next(v1::Plan::State state, PlanEvent event) {
  for (const Transition& transition : kTransitions) {
    if (transition.from == state && transition.event == event) return transition.to;
  }
  return std::nullopt;
}

std::string_view PlanStateName(v1::Plan::State state) {
  switch (state) {
    case v1::Plan::STATE_PROPOSED:
      return "proposed";
    case v1::Plan::STATE_APPROVED:
      return "approved";
    case v1::Plan::STATE_ENACTED:
      return "enacted";
    case v1::Plan::STATE_REJECTED:
      return "rejected";
    default:
      return "in a state that this version does not know";
  }
}

std::string_view PlanEventName(PlanEvent event) {
  constexpr std::array<std::string_view, 3> kNames{"approved", "enacted", "rejected"};
  return kNames[static_cast<std::size_t>(event)];
}

std::string_view WayOut(v1::Plan::State state) {
  switch (state) {
    case v1::Plan::STATE_PROPOSED:
      return "approve or reject it first";
    case v1::Plan::STATE_APPROVED:
      return "enact or reject it";
    default:
      return "propose a new plan";
  }
}

}  // namespace motley::controller
