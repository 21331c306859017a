#include "agent/kinds/script_steps.h"

#include <gtest/gtest.h>

namespace motley::agent {
namespace {

using Phase = ScriptRecord::Phase;
constexpr auto kApplying = ScriptRecord::PHASE_APPLYING;
constexpr auto kApplied = ScriptRecord::PHASE_APPLIED;
constexpr auto kUndoing = ScriptRecord::PHASE_UNDOING;

enum class Found { kNothing, kRunsIt, kRunsOther, kSucceeded, kFailed };

struct Row {
  const char* name;
  const char* recorded;  // digest; empty: no record
  Phase phase;
  const char* undo;
  Found found;
  const char* wanted;  // digest; empty: none
  const char* waited_for;
  ScriptStep expected;
};

ScriptFacts Facts(const Row& row) {
  ScriptFacts facts;
  if (*row.recorded != '\0') {
    facts.record.emplace();
    facts.record->set_digest(row.recorded);
    facts.record->set_phase(row.phase);
    facts.record->set_run("run-1");
    facts.record->set_undo(row.undo);
  }
  auto& supervision = facts.supervision;
  supervision.has_status = row.found != Found::kNothing;
  CopyText(row.found == Found::kRunsOther ? "run-0" : "run-1", supervision.status.instance);
  const bool runs = row.found == Found::kRunsIt || row.found == Found::kRunsOther;
  supervision.supervisor = runs ? 99 : 0;
  supervision.status.state = runs ? SupervisedState::kRunning : SupervisedState::kEnded;
  supervision.status.exit_code = row.found == Found::kSucceeded ? 0 : 1;
  if (*row.wanted != '\0') facts.wanted = row.wanted;
  facts.waited.run = row.waited_for;
  return facts;
}

TEST(ScriptSteps, LeadFromWhateverIsThereToWhatIsWanted) {
  const Row rows[] = {
      {"first run", "", kApplying, "", Found::kNothing, "v1", "", ScriptStep::kRunApply},
      {"nothing there, nothing wanted", "", kApplying, "", Found::kNothing, "", "", ScriptStep::kNothing},
      {"a stray run", "", kApplying, "", Found::kRunsOther, "v1", "", ScriptStep::kStop},
      {"applied", "v1", kApplied, "u", Found::kSucceeded, "v1", "", ScriptStep::kNothing},
      {"applied long ago, its status is gone", "v1", kApplied, "u", Found::kNothing, "v1", "", ScriptStep::kNothing},
      {"under way since another agent", "v1", kApplying, "u", Found::kRunsIt, "v1", "", ScriptStep::kWait},
      {"under way after the wait", "v1", kApplying, "u", Found::kRunsIt, "v1", "run-1", ScriptStep::kStop},
      {"ended well", "v1", kApplying, "u", Found::kSucceeded, "v1", "run-1", ScriptStep::kNoteApplied},
      {"ended well while no agent was there", "v1", kApplying, "u", Found::kSucceeded, "v1", "",
       ScriptStep::kNoteApplied},
      {"failed just now", "v1", kApplying, "u", Found::kFailed, "v1", "run-1", ScriptStep::kFail},
      {"failed before", "v1", kApplying, "u", Found::kFailed, "v1", "", ScriptStep::kRunApply},
      {"cut off by a power failure", "v1", kApplying, "u", Found::kNothing, "v1", "", ScriptStep::kRunApply},
      {"killed during the wait", "v1", kApplying, "u", Found::kNothing, "v1", "run-1", ScriptStep::kFail},
      {"another version applied", "v1", kApplied, "u", Found::kSucceeded, "v2", "", ScriptStep::kRunUndo},
      {"another version without undo", "v1", kApplied, "", Found::kSucceeded, "v2", "", ScriptStep::kForget},
      {"another version half done", "v1", kApplying, "u", Found::kFailed, "v2", "", ScriptStep::kRunUndo},
      {"another version under way", "v1", kApplying, "u", Found::kRunsIt, "v2", "", ScriptStep::kStop},
      {"to be removed", "v1", kApplied, "u", Found::kSucceeded, "", "", ScriptStep::kRunUndo},
      {"undo under way", "v1", kUndoing, "u", Found::kRunsIt, "", "", ScriptStep::kWait},
      {"undo under way, the same version wanted again", "v1", kUndoing, "u", Found::kRunsIt, "v1", "",
       ScriptStep::kWait},
      {"undone", "v1", kUndoing, "u", Found::kSucceeded, "", "run-1", ScriptStep::kForget},
      {"undone, the same version wanted again", "v1", kUndoing, "u", Found::kSucceeded, "v1", "", ScriptStep::kForget},
      {"undo failed just now", "v1", kUndoing, "u", Found::kFailed, "", "run-1", ScriptStep::kFail},
      {"undo failed before", "v1", kUndoing, "u", Found::kFailed, "", "", ScriptStep::kRunUndo},
      {"undo cut off by a power failure", "v1", kUndoing, "u", Found::kNothing, "v2", "", ScriptStep::kRunUndo},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(static_cast<int>(NextScriptStep(Facts(row))), static_cast<int>(row.expected)) << row.name;
  }
}

TEST(ScriptSteps, KillWhatDoesNotStop) {
  auto facts = Facts({"", "v1", kApplying, "", Found::kRunsOther, "v1", "", ScriptStep::kStop});
  EXPECT_EQ(NextScriptStep(facts), ScriptStep::kStop);
  facts.waited.stopping = true;
  EXPECT_EQ(NextScriptStep(facts), ScriptStep::kKill);
}

}  // namespace
}  // namespace motley::agent
