#include "agent/kinds/script.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "agent/isolation/folder_tree.h"
#include "agent/kinds/kept_record.h"
#include "agent/kinds/new_file.h"
#include "agent/kinds/observed.h"
#include "agent/kinds/script_steps.h"
#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = "scripts";
constexpr std::uint64_t kRecordLimitBytes = 1 << 20;
constexpr std::uint64_t kScriptLimitBytes = 16 << 20;
constexpr std::uint32_t kDefaultTimeoutMs = 60000;
constexpr std::chrono::milliseconds kStopTimeout{5000};
// Beyond the time limit, which the supervisor sees to: it only counts when the supervisor hangs.
constexpr std::chrono::milliseconds kSlack{10000};
constexpr std::int64_t kLogBytes = 256 << 10;

std::string Doing(const Instance& instance) { return "script \"" + instance.component.name() + "\""; }

// What a job on the worker needs to know beside its instance.
struct ScriptPlace {
  KindSetup setup;
  Isolation isolation;
  std::string folder;
};

Owner OwnerOf(const Instance& instance) { return {instance.application, instance.component.name()}; }

std::string RecordPath(const std::string& folder) { return folder + "/record.pb"; }

Result<std::optional<ScriptRecord>> LoadRecord(const std::string& folder) {
  return LoadKeptRecord<ScriptRecord>(RecordPath(folder), kRecordLimitBytes, "undo by hand what its script did");
}

Result<void> SaveRecord(const std::string& folder, const ScriptRecord& record) {
  return WriteFileAtomically(RecordPath(folder), record.SerializeAsString(), 0600);
}

std::chrono::milliseconds TimeLimit(const ScriptRecord& record) {
  return std::chrono::milliseconds(record.timeout_ms() != 0 ? record.timeout_ms() : kDefaultTimeoutMs);
}

// As it was when the record was made: `undo` of an old version runs as that did.
Result<Confined> ConfinedByRecord(const Instance& instance, const ScriptRecord& record) {
  auto confined = ConfinedOf(kPart, instance);
  confined.user = record.user();
  if (confined.limits.ParseFromString(record.limits())) return confined;
  return Error{Code::kCorrupt, "its record is damaged; undo by hand what its script did, and delete the record"};
}

Result<std::string> ScriptText(const KindSetup& setup, const v1::ScriptSpec& spec) {
  if (!spec.has_artifact()) return spec.apply();
  return ReadFile(setup.artifact(spec.artifact().digest()), kScriptLimitBytes);
}

enum class Begun { kYes, kOtherCameFirst };

// Writes down that a run begins, and begins it. A run that nobody knows the end of keeps its name: an agent that was
// killed may have left its supervisor on the way, and then that is this run.
Result<Begun> BeginRun(const ScriptPlace& place, const Instance& instance, ScriptRecord record,
                       const std::string& text) {
  const auto& [setup, isolation, folder] = place;
  TRY_ASSIGN(const auto confined, ConfinedByRecord(instance, record));
  const std::string script = folder + "/script";
  TRY(isolation.PrepareFolder(confined));
  TRY(WriteFileAtomically(script, text, 0700));
  TRY(isolation.LetRead(confined, script, 0750));
  if (record.run().empty()) record.set_run(RandomHex(16));
  TRY(SaveRecord(folder, record));
  const bool names_interpreter = text.starts_with("#!");
  SupervisorLaunch launch;
  launch.supervise = setup.supervise;
  launch.folder = folder;
  launch.instance = record.run();
  launch.repeat = SupervisorLaunch::Repeat::kNever;
  launch.program = names_interpreter ? script : "/bin/sh";
  if (!names_interpreter) launch.arguments = {script};
  launch.environment = ProgramEnvironment(setup, confined, record.environment());
  launch.restart = RestartPolicy::kNever;
  launch.stop_timeout = kStopTimeout;
  launch.time_limit = TimeLimit(record);
  launch.log_bytes = kLogBytes;
  TRY(isolation.Confine(confined, &launch));
  const auto started = StartSupervisor(launch);
  if (started) return Begun::kYes;
  if (started.error().code == Code::kConflict) return Begun::kOtherCameFirst;
  return started.error();
}

// The name of the run that the record is at, if that is one of `phase` without a known end; else empty, for a new one.
std::string UnfinishedRun(const ScriptFacts& facts, ScriptRecord::Phase phase) {
  if (!facts.record || facts.record->phase() != phase || facts.supervision.Ended(facts.record->run())) return "";
  return facts.record->run();
}

Result<Begun> BeginApply(const ScriptPlace& place, const Instance& instance, const ScriptFacts& facts) {
  const auto& spec = instance.component.script();
  ScriptRecord record;
  record.set_digest(instance.digest);
  record.set_phase(ScriptRecord::PHASE_APPLYING);
  record.set_run(UnfinishedRun(facts, ScriptRecord::PHASE_APPLYING));
  record.set_undo(spec.undo());
  *record.mutable_environment() = spec.environment();
  record.set_timeout_ms(spec.timeout_ms());
  record.set_user(instance.component.user());
  record.set_limits(instance.component.limits().SerializeAsString());
  TRY_ASSIGN(const auto text, ScriptText(place.setup, spec));
  return BeginRun(place, instance, std::move(record), text);
}

Result<void> RemoveFolder(const std::string& folder) {
  // The record first: without it there is nothing to undo, whatever else is left.
  if (unlink(RecordPath(folder).c_str()) != 0 && errno != ENOENT) {
    return SystemError("remove " + RecordPath(folder), errno);
  }
  return RemoveTree(folder);
}

// What ran is over: takes its cgroups away, whatever limits it had.
Result<void> ReleaseRun(const ScriptPlace& place, const Instance& instance) {
  return place.isolation.Release(ConfinedOf(kPart, instance));
}

Result<void> CheckRoomLeft(const ScriptPlace& place, const Instance& instance) {
  const auto over = place.isolation.OverDiskLimit(ConfinedOf(kPart, instance));
  if (over) return Error{Code::kUnavailable, "apply ended well, and " + *over};
  return {};
}

// How far an operation has come: at its end, or at a process to wait for.
struct Progress {
  bool finished = false;
  ScriptWait wait;
  UniqueFd process;
  std::chrono::milliseconds at_most{0};
};

// The supervisor of `run`, which may be gone already.
Result<Progress> WaitFor(const std::string& folder, const ScriptRecord& record) {
  Progress progress;
  progress.wait.run = record.run();
  progress.at_most = TimeLimit(record) + kStopTimeout + kSlack;
  TRY_ASSIGN(progress.process, SupervisorDescriptor(folder));
  return progress;
}

Result<Progress> StopWhatRuns(const std::string& folder, const ScriptWait& waited) {
  Progress progress;
  progress.wait = {waited.run, true};
  progress.at_most = kStopTimeout + kSlack;
  TRY_ASSIGN(progress.process, AskSupervisorToStop(folder));
  return progress;
}

Error Failure(const std::string& folder, const ScriptFacts& facts) {
  const auto& status = facts.supervision.status;
  const bool ended = facts.supervision.Ended(facts.record->run());
  const bool undoing = facts.record->phase() == ScriptRecord::PHASE_UNDOING;
  return Error{Code::kUnavailable, std::string(undoing ? "undo " : "apply ") +
                                       (ended ? status.reason : "was cut off from outside") + LastLines(folder)};
}

// Takes steps until there is something to wait for.
Result<Progress> TakeSteps(const ScriptPlace& place, const Instance& instance, bool wanted, const ScriptWait& waited) {
  const auto& folder = place.folder;
  while (true) {
    ScriptFacts facts;
    TRY_ASSIGN(facts.record, LoadRecord(folder));
    TRY_ASSIGN(facts.supervision, LookAtSupervisor(folder));
    if (wanted) facts.wanted = instance.digest;
    facts.waited = waited;
    switch (NextScriptStep(facts)) {
      case ScriptStep::kNothing: {
        if (!wanted) TRY(RemoveFolder(folder));
        Progress progress;
        progress.finished = true;
        return progress;
      }
      case ScriptStep::kWait:
        return WaitFor(folder, *facts.record);
      case ScriptStep::kStop:
        return StopWhatRuns(folder, waited);
      case ScriptStep::kKill:
        TRY(EndSupervisor(folder, OwnerOf(instance)));
        break;
      case ScriptStep::kRunApply: {
        TRY_ASSIGN(const auto begun, BeginApply(place, instance, facts));
        if (begun == Begun::kOtherCameFirst) break;
        TRY_ASSIGN(const auto record, LoadRecord(folder));
        return WaitFor(folder, *record);
      }
      case ScriptStep::kRunUndo: {
        facts.record->set_run(UnfinishedRun(facts, ScriptRecord::PHASE_UNDOING));
        facts.record->set_phase(ScriptRecord::PHASE_UNDOING);
        TRY_ASSIGN(const auto begun, BeginRun(place, instance, *facts.record, facts.record->undo()));
        if (begun == Begun::kOtherCameFirst) break;
        TRY_ASSIGN(const auto record, LoadRecord(folder));
        return WaitFor(folder, *record);
      }
      case ScriptStep::kNoteApplied:
        TRY(ReleaseRun(place, instance));
        TRY(CheckRoomLeft(place, instance));
        facts.record->set_phase(ScriptRecord::PHASE_APPLIED);
        TRY(SaveRecord(folder, *facts.record));
        break;
      case ScriptStep::kForget:
        TRY(ReleaseRun(place, instance));
        TRY(RemoveFolder(folder));
        break;
      case ScriptStep::kFail:
        TRY(ReleaseRun(place, instance));
        return Failure(folder, facts);
    }
  }
}

// What people should know about a script beside that it was run or runs: limits that are not kept.
std::string Notes(const Isolation& isolation, const Instance& instance, bool running) {
  const auto confined = ConfinedOf(kPart, instance);
  if (const auto over = isolation.OverDiskLimit(confined)) return "; " + *over;
  const auto unenforced = running ? isolation.Unenforced(confined) : "";
  return unenforced.empty() ? "" : " (" + unenforced + ")";
}

Result<Observed> LookAtInstance(const ScriptPlace& place, const Instance& instance) {
  const auto& folder = place.folder;
  TRY_ASSIGN(const auto record, LoadRecord(folder));
  Observed observed;
  observed.detail = "was never run";
  if (!record) return observed;
  observed.match = Observed::Match::kDiffers;
  observed.detail = "another version was run";
  if (record->digest() != instance.digest) return observed;
  if (record->phase() == ScriptRecord::PHASE_APPLIED) {
    observed.match = Observed::Match::kMatches;
    observed.state = v1::ReportedComponent::STATE_RUNNING;
    observed.detail = "was run" + Notes(place.isolation, instance, false);
    return observed;
  }
  TRY_ASSIGN(const auto found, LookAtSupervisor(folder));
  const bool running = found.Runs(record->run());
  observed.state = running ? v1::ReportedComponent::STATE_STARTING : v1::ReportedComponent::STATE_MISSING;
  observed.detail = running                      ? "is running" + Notes(place.isolation, instance, true)
                    : found.Ended(record->run()) ? "did not end well: " + std::string(found.status.reason)
                                                 : "was cut off";
  return observed;
}

}  // namespace

ScriptKind::ScriptKind(Loop& loop, KindSetup setup)
    : setup_(std::move(setup)),
      isolation_(setup_.state_folder, Cgroups::OfThisMachine(setup_.state_folder)),
      waits_(loop),
      worker_(loop, "script") {}

Result<void> ScriptKind::Check(const Instance& instance) {
  const auto& spec = instance.component.script();
  TRY(ComponentFolder(setup_, kPart, instance));
  TRY(CheckVariables(spec.environment()).While(Doing(instance)));
  TRY(isolation_.Check(ConfinedOf(kPart, instance)).While(Doing(instance)));
  if (!spec.has_artifact()) {
    if (!spec.apply().empty()) return {};
    return Error{Code::kInvalid, Doing(instance) + ": it has nothing to apply; give it a script"};
  }
  const auto path = setup_.artifact(spec.artifact().digest());
  std::error_code error;
  const auto size_bytes = fs::file_size(path, error);
  if (error) return SystemError(Doing(instance) + ": open its artifact " + path, error.value());
  if (size_bytes <= kScriptLimitBytes) return {};
  return Error{Code::kInvalid, Doing(instance) + ": artifact \"" + spec.artifact().name() + "\" has " +
                                   std::to_string(size_bytes) + " bytes, and a script may have " +
                                   std::to_string(kScriptLimitBytes) + "; use the kind process"};
}

void ScriptKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  auto look = [setup = setup_, isolation = isolation_, instance]() -> Result<Observed> {
    TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
    return LookAtInstance({setup, isolation, folder}, instance);
  };
  worker_.Run([look] { return UnknownUnlessSeen(look()); }, std::move(done));
}

void ScriptKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  Advance(instance, Goal::kApplied, {}, std::move(done));
}

void ScriptKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  Observe(instance, [instance, done](const Observed& observed) {
    if (observed.match == Observed::Match::kMatches) return done({});
    done(Error{Code::kUnavailable, Doing(instance) + " " + observed.detail});
  });
}

void ScriptKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  Advance(instance, Goal::kGone, {}, std::move(done));
}

void ScriptKind::Advance(const Instance& instance, Goal goal, const ScriptWait& waited,
                         std::function<void(Result<void>)> done) {
  auto advance = [setup = setup_, isolation = isolation_, instance, goal, waited]() -> Result<Progress> {
    TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
    return TakeSteps({setup, isolation, folder}, instance, goal == Goal::kApplied, waited).While(Doing(instance));
  };
  worker_.Run(advance, [this, instance, goal, done](Result<Progress> progress) {
    if (!progress) return done(progress.error());
    if (progress->finished) return done({});
    const auto wait = progress->wait;
    waits_.Wait(instance.Key(), std::move(progress->process), progress->at_most,
                [this, instance, goal, wait, done] { Advance(instance, goal, wait, done); });
  });
}

}  // namespace motley::agent
