#pragma once

#include <map>
#include <string>

#include "agent/isolation/isolation.h"
#include "agent/kinds/exit_waits.h"
#include "agent/kinds/kind.h"
#include "agent/kinds/setup.h"
#include "common/loop/worker.h"

namespace motley::agent {

/// Programs that are kept running by a supervisor of their own, which goes on when the agent ends.
///
/// Folder <state>/run/<application>/<component>: `bin` with the executable, `work` where the program runs and what it
/// keeps from version to version, and the supervisor's files; its status names the digest of the instance. A removed
/// component's folder is set aside until Commit, so that undoing the removal brings its data back. One whose folder
/// outgrows its limit is stopped when it is observed, and stays so until there is room.
class ProcessKind : public Kind {
 public:
  /// `loop` outlives this object.
  ProcessKind(Loop& loop, KindSetup setup);

  /// Errors: kInvalid also for an executable that this machine can not run; those of Isolation::Check.
  Result<void> Check(const Instance& instance) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// An instance that is being supervised is left alone.
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// The program must stay up for confirm_ms from its start, or, unless it is always restarted, exit with 0 before.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Commit() override;

 private:
  void WaitForConfirmation(const Instance& instance, std::int64_t deadline_ms, std::function<void(Result<void>)> done);

  Loop& loop_;
  const KindSetup setup_;
  const Isolation isolation_;
  std::map<std::string, Handle> timers_;
  ExitWaits waits_;
  Worker worker_;
};

/// Whether this machine can run the program whose file starts with `head` (64 bytes are enough): an ELF file of its
/// architecture, or a script that starts with "#!". Errors: kInvalid.
Result<void> CheckExecutable(std::string_view head, std::string_view name);

}  // namespace motley::agent
