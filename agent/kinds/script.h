#pragma once

#include "agent/isolation/isolation.h"
#include "agent/kinds/exit_waits.h"
#include "agent/kinds/kind.h"
#include "agent/kinds/script_steps.h"
#include "agent/kinds/setup.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Scripts that are run once when a component comes or changes, and once when it goes.
///
/// A script runs under a supervisor, so that it goes on when the agent ends, is never run twice at a time, and its
/// output is kept (folder <state>/scripts/<application>/<component>). The record there says how far it got. What a
/// power failure cut off is run again from its start: scripts must be repeatable. When another version comes, `undo` of
/// the old one runs first, as the user of the old one, also when its `apply` did not end well; so `undo` must cope with
/// half of it.
class ScriptKind : public Kind {
 public:
  /// `loop` outlives this object.
  ScriptKind(Loop& loop, KindSetup setup);

  /// Errors: also those of Isolation::Check.
  Result<void> Check(const Instance& instance) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// Errors: kUnavailable (exit code, signal or time limit, with the last lines that it wrote).
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Apply has waited for the end of the script: looks once more.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// Runs `undo`. Errors: as Apply; the component then stays as it is.
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;

 private:
  enum class Goal { kApplied, kGone };
  /// Takes steps until there is something to wait for, and goes on after that.
  void Advance(const Instance& instance, Goal goal, const ScriptWait& waited, std::function<void(Result<void>)> done);

  const KindSetup setup_;
  const Isolation isolation_;
  ExitWaits waits_;
  Worker worker_;
};

}  // namespace motley::agent
