#pragma once

#include <optional>

#include "agent/kinds/kind.h"
#include "agent/kinds/script_steps.h"
#include "agent/kinds/ssh_remote.h"

namespace motley::agent {

// What a look at an ssh host means. Pure.

/// Compares what is there with `instance`, a process, file or script.
Observed ObservedOf(const Instance& instance, const RemoteLook& look);

/// Whether a process has proven itself: 0, or how many milliseconds to wait before the next look. Errors: kUnavailable.
Result<std::int64_t> ConfirmationOf(const Instance& instance, const RemoteLook& look);

/// The facts about a script that its next step is chosen by; only whether there is an `undo` is in the record.
ScriptFacts FactsOf(const RemoteLook& look);

/// What the program wrote last: "; its last lines: a | b".
std::string LastLinesOf(const RemoteLook& look);

}  // namespace motley::agent
