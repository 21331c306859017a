#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/isolation/isolation.h"
#include "agent/kinds/kind.h"
#include "agent/supervise/client.h"

namespace motley::agent {

/// What the kinds that act on the gateway itself need to know.
struct KindSetup {
  /// Absolute; exists.
  std::string state_folder;
  /// Name of this gateway.
  std::string gateway;
  /// Path of the program motley-supervise.
  std::string supervise;
  /// Path of the program motley-unpack.
  std::string unpack;
  ArtifactPath artifact;
};

/// "<state>/<part>/<application>/<component>". Errors: kInvalid (a name that is no name of a folder).
Result<std::string> ComponentFolder(const KindSetup& setup, std::string_view part, const Instance& instance);

/// How the programs of `instance`, whose kind keeps it in this part of the state folder, are kept apart.
Confined ConfinedOf(std::string_view part, const Instance& instance);

using VariableMap = google::protobuf::Map<std::string, std::string>;

/// Names are not empty and hold no "="; nothing holds NUL. Errors: kInvalid.
Result<void> CheckVariables(const VariableMap& variables);

/// The whole environment of a component's program: MOTLEY_GATEWAY, MOTLEY_APPLICATION and MOTLEY_COMPONENT, the agent's
/// PATH, LANG and TMPDIR or usual ones, HOME, what its user asks for, and `variables`, which may replace all but the
/// first three. Nothing else of the agent's environment gets through.
std::vector<std::string> ProgramEnvironment(const KindSetup& setup, const Confined& confined,
                                            const VariableMap& variables);

/// The last lines that the program started last wrote in the log of `folder`, on one line, for an error message: "; its
/// last lines: a | b". Empty if none.
std::string LastLines(const std::string& folder);

/// "8 s", "3 min", "5 h", "2 d".
std::string DurationText(std::int64_t duration_ms);

}  // namespace motley::agent
