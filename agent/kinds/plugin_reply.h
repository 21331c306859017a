#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/kinds/kind.h"
#include "common/base/result.h"

namespace motley::agent {

/// The version of the protocol between the agent and its plugins, docs/plugins.md.
inline constexpr int kPluginProtocol = 1;

/// What a plugin answers to "describe".
struct PluginDescription {
  std::string name;
  std::string version;
  std::string summary;
  /// JSON Schema of its config, as CheckPluginSchema takes it; empty: anything goes.
  std::string config_schema;
  std::chrono::milliseconds observe{30'000};
  std::chrono::milliseconds apply{5 * 60'000};
  std::chrono::milliseconds remove{5 * 60'000};
  std::chrono::milliseconds health{60'000};
  /// What was seen to match is not looked at again for so long.
  std::chrono::milliseconds observe_interval{0};
};

/// What it answers to "observe".
struct PluginSight {
  Observed::Match match = Observed::Match::kUnknown;
  v1::ReportedComponent::State state = v1::ReportedComponent::STATE_UNKNOWN;
  std::string detail;
};

/// Read what plugins write, strictly: one JSON object with known keys, each of its type. Pure.
/// Errors: kInvalid (what is wrong with it).
Result<PluginDescription> ParsePluginDescription(std::string_view text);
Result<PluginSight> ParsePluginSight(std::string_view text);

/// To "apply", "remove" and "health": {"ok": true} or {"error": "..."}.
/// Errors: kInvalid (what is wrong with the answer), else what the answer says: kUnavailable where it says that trying
/// again may help, kConflict where not.
Result<void> ParsePluginOutcome(std::string_view text);

}  // namespace motley::agent
