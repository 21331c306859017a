#pragma once

#include <optional>
#include <string>

#include "agent/kinds/kind.h"
#include "agent/kinds/records.pb.h"
#include "agent/kinds/setup.h"

namespace motley::agent {

/// What brings a script's component nearer to where it should be.
enum class ScriptStep {
  kNothing,      ///< It is there.
  kWait,         ///< The run that the record names is under way.
  kStop,         ///< What runs is not wanted, or does not end.
  kKill,         ///< It was asked to stop and is still there.
  kRunApply,     ///< Begin a run of `apply`.
  kRunUndo,      ///< Begin a run of the record's `undo`.
  kNoteApplied,  ///< `apply` has ended well: write that down.
  kForget,       ///< Nothing of the record's version is left: delete the record.
  kFail,         ///< The run that was waited for has failed.
};

/// What an operation has waited for.
struct ScriptWait {
  /// The run that it began or found. Its failure counts; that of a run of an earlier operation only means that it is to
  /// be run again.
  std::string run;
  /// It asked what runs to stop.
  bool stopping = false;
};

/// What is known when a step is chosen.
struct ScriptFacts {
  std::optional<ScriptRecord> record;
  Supervision supervision;
  /// Digest that should be there; unset: the component should be gone.
  std::optional<std::string> wanted;
  ScriptWait waited;
};

/// Pure.
ScriptStep NextScriptStep(const ScriptFacts& facts);

}  // namespace motley::agent
