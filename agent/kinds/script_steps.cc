#include "agent/kinds/script_steps.h"

namespace motley::agent {

ScriptStep NextScriptStep(const ScriptFacts& facts) {
  const auto& supervision = facts.supervision;
  const auto stop = facts.waited.stopping ? ScriptStep::kKill : ScriptStep::kStop;
  if (!facts.record) {
    if (supervision.supervisor != 0) return stop;
    return facts.wanted ? ScriptStep::kRunApply : ScriptStep::kNothing;
  }
  const auto& record = *facts.record;
  const bool undoing = record.phase() == ScriptRecord::PHASE_UNDOING;
  const bool wanted = facts.wanted == record.digest() && !undoing;
  if (supervision.supervisor != 0) {
    const bool useful = (wanted || undoing) && supervision.Runs(record.run());
    return useful && facts.waited.run != record.run() ? ScriptStep::kWait : stop;
  }
  const auto undo = record.undo().empty() ? ScriptStep::kForget : ScriptStep::kRunUndo;
  if (record.phase() == ScriptRecord::PHASE_APPLIED) return wanted ? ScriptStep::kNothing : undo;
  const bool succeeded =
      supervision.Ended(record.run()) && supervision.status.exit_code == 0 && supervision.status.exit_signal == 0;
  const bool failed_now = !succeeded && facts.waited.run == record.run();
  if (undoing) {
    if (succeeded) return ScriptStep::kForget;
    return failed_now ? ScriptStep::kFail : ScriptStep::kRunUndo;
  }
  if (!wanted) return undo;
  if (succeeded) return ScriptStep::kNoteApplied;
  return failed_now ? ScriptStep::kFail : ScriptStep::kRunApply;
}

}  // namespace motley::agent
