#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace motley::agent {

/// What the engine is doing.
enum class Phase : std::uint8_t {
  kStarting,  ///< Getting what was deployed here before, where it is not on this gateway any more.
  kIdle,      ///< Nothing open; looks for drift from time to time.
  kFetching,  ///< Getting artifacts; nothing has been touched.
  kForward,   ///< A transaction is open and goes to its target.
  kBack,      ///< A transaction is open and goes back to what is committed.
  kHealing,   ///< Puts back what drifted from what is committed.
};

enum class Happening : std::uint8_t {
  kLoaded,       ///< What was deployed here is known again.
  kDesired,      ///< A newer desired state was accepted.
  kFetched,      ///< All artifacts are there and everything has been checked.
  kUnfit,        ///< It can not be fetched or carried out here.
  kReached,      ///< Everything is as the goal says, and confirmed.
  kStepFailed,   ///< A step failed for good.
  kInterrupted,  ///< The agent started and found the transaction open once too often.
  kDrifted,      ///< Something is not as it was committed.
};

/// One row: in `from`, when `on`, go `to`.
struct Transition {
  Phase from;
  Happening on;
  Phase to;
};

/// All that can happen. A power loss changes nothing here: kForward and kBack are stored, and everything else starts
/// again from kIdle, which looks at what is accepted and not done.
inline constexpr std::array kTransitions{
    Transition{Phase::kStarting, Happening::kLoaded, Phase::kIdle},
    Transition{Phase::kIdle, Happening::kDesired, Phase::kFetching},
    Transition{Phase::kIdle, Happening::kDrifted, Phase::kHealing},
    Transition{Phase::kFetching, Happening::kDesired, Phase::kFetching},
    Transition{Phase::kFetching, Happening::kFetched, Phase::kForward},
    Transition{Phase::kFetching, Happening::kUnfit, Phase::kIdle},
    Transition{Phase::kForward, Happening::kReached, Phase::kIdle},
    Transition{Phase::kForward, Happening::kStepFailed, Phase::kBack},
    Transition{Phase::kForward, Happening::kInterrupted, Phase::kBack},
    Transition{Phase::kBack, Happening::kReached, Phase::kIdle},
    Transition{Phase::kBack, Happening::kStepFailed, Phase::kIdle},  // healing goes on from there
    Transition{Phase::kHealing, Happening::kReached, Phase::kIdle},
    Transition{Phase::kHealing, Happening::kStepFailed, Phase::kIdle},
};

/// Where `happening` leads from `phase`; nothing: it is taken note of and looked at again in kIdle.
constexpr std::optional<Phase> Next(Phase phase, Happening happening) {
  for (const Transition& row : kTransitions) {
    if (row.from == phase && row.on == happening) return row.to;
  }
  return std::nullopt;
}

std::string_view PhaseName(Phase phase);

}  // namespace motley::agent
