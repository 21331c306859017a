#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "agent/kinds/kind.h"

namespace motley::agent {

// The texts that the supervisor of an ssh host reads. Pure.

/// The artifact's name as the name of the executable.
std::string ProgramFile(const v1::ArtifactRef& artifact);
std::chrono::milliseconds StopTimeoutOf(const v1::ProcessSpec& spec);
/// Permission bits in octal.
std::string ModeText(const v1::FileSpec& spec);
unsigned ModeOf(const v1::FileSpec& spec);
std::chrono::milliseconds TimeLimitOf(std::uint32_t timeout_ms);

/// The file `settings`.
std::string ProcessSettings(const Instance& instance);
std::string ScriptSettings(const std::string& run, std::uint32_t timeout_ms);

/// The file `run`, a shell script: sets the environment and the limits, and becomes the program.
std::string ProcessRun(const std::string& gateway, const Instance& instance);
/// The same for a script whose text is in `file`.
std::string ScriptRun(const std::string& gateway, const Instance& instance, const std::string& text,
                      const std::string& file);

/// The file `record` of a script.
struct RemoteScriptRecord {
  std::string digest;
  /// "applying", "applied" or "undoing".
  std::string phase;
  std::string run;
  /// "yes" or "no".
  std::string has_undo;
  std::uint32_t timeout_ms = 0;
};
std::string ScriptRecordText(const RemoteScriptRecord& record);
RemoteScriptRecord ReadScriptRecord(const std::map<std::string, std::string>& fields);

/// Whether shells can export all of them. Errors: kInvalid.
Result<void> CheckShellVariables(const google::protobuf::Map<std::string, std::string>& variables);

}  // namespace motley::agent
