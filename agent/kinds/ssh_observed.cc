#include "agent/kinds/ssh_observed.h"

#include <algorithm>

#include "agent/kinds/observed.h"
#include "agent/kinds/ssh_runs.h"
#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

using Component = v1::ReportedComponent;
using Match = Observed::Match;

constexpr std::uint32_t kDefaultConfirmMs = 1000;
// A look is a round trip: often enough to see a program before its first restart, 1 s after it ended.
constexpr std::int64_t kConfirmStepMs = 250;

// Of limits and the like that only a gateway can enforce.
std::string LimitsNote(const v1::Limits& limits) {
  std::string names;
  if (limits.cpu_millis() != 0) names += " cpus";
  if (limits.pids() != 0) names += " pids";
  if (limits.disk_mb() != 0) names += " disk_mb";
  return names.empty() ? "" : "; not enforced on an ssh host:" + names;
}

Observed ProcessObserved(const Instance& instance, const RemoteLook& look) {
  const auto& spec = instance.component.process();
  const auto& found = look.supervision;
  const bool always =
      spec.restart() != v1::ProcessSpec::RESTART_NEVER && spec.restart() != v1::ProcessSpec::RESTART_ON_FAILURE;
  if (found.Runs(instance.digest) || (found.Ended(instance.digest) && !always)) {
    Observed observed = ObservedOf(found.status, look.now_ms, " on its host");
    if (!look.has_program && spec.has_artifact()) {
      observed.match = Match::kDiffers;
      observed.detail += "; its executable is gone";
    }
    observed.detail += LimitsNote(instance.component.limits());
    return observed;
  }
  if (found.supervisor != 0) {
    Observed observed = ObservedOf(found.status, look.now_ms, " on its host");
    observed.match = Match::kDiffers;
    observed.detail = "another version is there: " + observed.detail;
    return observed;
  }
  if (!look.has_folder) return {.detail = "not there"};
  return {.match = Match::kDiffers, .detail = "not running; its host was restarted, or its supervisor was killed"};
}

Observed FileObserved(const Instance& instance, const RemoteLook& look) {
  const auto& spec = instance.component.file();
  const std::string wanted = spec.has_artifact() ? spec.artifact().digest() : Sha256(spec.content());
  Observed observed{.match = Match::kDiffers};
  if (look.file.empty()) {
    observed.match = look.record.empty() ? Match::kMissing : Match::kDiffers;
    observed.detail = "not there";
  } else if (look.file != "file") {
    observed.detail = "something that is no plain file is at " + spec.path();
  } else if (look.record.empty()) {
    observed.match = Match::kMissing;
    observed.detail = "a file of somebody else is at " + spec.path();
  } else if ("sha256:" + look.file_sha256 != wanted) {
    observed.detail =
        look.Recorded("digest") == instance.digest ? "its content was changed" : "another version is there";
  } else if (look.file_mode != ModeOf(spec)) {
    observed.detail = "its mode is not " + ModeText(spec);
  } else if (look.Recorded("digest") != instance.digest) {
    observed.detail = "another version is there";
  } else if (const std::string owner = look.Recorded("owner"); !owner.empty() && owner != look.file_user) {
    observed.detail = "it belongs to user " + look.file_user + ", not " + spec.owner();
  } else if (const std::string group = look.Recorded("group"); !group.empty() && group != look.file_group) {
    observed.detail = "it belongs to group " + look.file_group + ", not " + spec.group();
  } else {
    observed = {.match = Match::kMatches, .state = Component::STATE_RUNNING, .detail = "in place"};
  }
  return observed;
}

Observed ScriptObserved(const Instance& instance, const RemoteLook& look) {
  if (look.record.empty()) return {.detail = "was never run"};
  Observed observed{.match = Match::kDiffers, .detail = "another version was run"};
  if (look.Recorded("digest") != instance.digest) return observed;
  if (look.Recorded("phase") == "applied") {
    return {.match = Match::kMatches, .state = Component::STATE_RUNNING, .detail = "was run"};
  }
  const std::string run = look.Recorded("run");
  if (look.supervision.Runs(run)) {
    observed.state = Component::STATE_STARTING;
    observed.detail = "is running";
  } else {
    observed.detail = look.supervision.Ended(run) ? "did not end well: " + EndText(look.supervision.status)
                                                  : std::string("was cut off");
  }
  return observed;
}

std::string KindOf(const v1::Component& component) {
  return component.has_process() ? "process" : component.has_file() ? "file" : "script";
}

}  // namespace

Observed ObservedOf(const Instance& instance, const RemoteLook& look) {
  const std::string kind = look.Recorded("kind");
  if (!kind.empty() && kind != KindOf(instance.component)) {
    return {.match = Match::kDiffers, .detail = "a " + kind + " is there in its place"};
  }
  if (instance.component.has_process()) return ProcessObserved(instance, look);
  if (instance.component.has_file()) return FileObserved(instance, look);
  return ScriptObserved(instance, look);
}

Result<std::int64_t> ConfirmationOf(const Instance& instance, const RemoteLook& look) {
  const auto& spec = instance.component.process();
  const std::int64_t confirm_ms = spec.confirm_ms() != 0 ? spec.confirm_ms() : kDefaultConfirmMs;
  const auto& found = look.supervision;
  const auto& status = found.status;
  const auto failure = [&look](const std::string& why) { return Error{Code::kUnavailable, why + LastLinesOf(look)}; };
  if (found.Ended(instance.digest) && status.exit_code == 0) return 0;
  if (found.Ended(instance.digest)) return failure(EndText(status));
  if (!found.Runs(instance.digest)) return failure("is not running");
  if (status.state == SupervisedState::kBackoff) return failure(EndText(status));
  if (status.state != SupervisedState::kRunning) return kConfirmStepMs;
  const auto up_ms = look.now_ms - status.started_ms;
  if (up_ms >= confirm_ms) return 0;
  if (status.ends_in_a_row > 0) return failure(EndText(status) + " before it was up again");
  return std::clamp<std::int64_t>(confirm_ms - up_ms, 1, kConfirmStepMs);
}

ScriptFacts FactsOf(const RemoteLook& look) {
  ScriptFacts facts;
  facts.supervision = look.supervision;
  if (look.record.empty()) return facts;
  const RemoteScriptRecord found = ReadScriptRecord(look.record);
  facts.record.emplace();
  facts.record->set_digest(found.digest);
  facts.record->set_run(found.run);
  facts.record->set_undo(found.has_undo == "yes" ? "yes" : "");
  facts.record->set_timeout_ms(found.timeout_ms);
  facts.record->set_phase(found.phase == "applied"   ? ScriptRecord::PHASE_APPLIED
                          : found.phase == "undoing" ? ScriptRecord::PHASE_UNDOING
                                                     : ScriptRecord::PHASE_APPLYING);
  return facts;
}

std::string LastLinesOf(const RemoteLook& look) {
  if (look.log.empty()) return "; it wrote nothing";
  std::string text;
  for (const auto& line : look.log) text += (text.empty() ? "" : " | ") + line;
  return "; its last lines: " + text;
}

}  // namespace motley::agent
