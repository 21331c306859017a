#include "agent/kinds/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "agent/isolation/folder_tree.h"
#include "agent/kinds/new_file.h"
#include "agent/kinds/observed.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = "run";
constexpr std::string_view kRemovedPrefix = ".removed-";
constexpr std::uint32_t kDefaultConfirmMs = 1000;
constexpr std::uint32_t kDefaultStopTimeoutMs = 5000;
// Beyond the program's own stop timeout, for its supervisor to end what is left and to go.
constexpr std::chrono::milliseconds kStopSlack{5000};
// Beyond confirm_ms, for a slow machine to start the program at all.
constexpr std::int64_t kConfirmSlackMs = 10000;
// Often enough to see a program that ends at once before its first restart, 1 s later.
constexpr std::int64_t kConfirmStepMs = 50;
constexpr std::int64_t kLogBytes = 1 << 20;

RestartPolicy PolicyOf(const v1::ProcessSpec& spec) {
  switch (spec.restart()) {
    case v1::ProcessSpec::RESTART_ON_FAILURE:
      return RestartPolicy::kOnFailure;
    case v1::ProcessSpec::RESTART_NEVER:
      return RestartPolicy::kNever;
    default:
      return RestartPolicy::kAlways;
  }
}

// What a job on the worker needs to know beside its instance.
struct ProcessPlace {
  KindSetup setup;
  Isolation isolation;
  std::string folder;
};

Owner OwnerOf(const Instance& instance) { return {instance.application, instance.component.name()}; }

// The artifact's name as a file name: "/" and what shells or people trip over become "_".
std::string ProgramName(const v1::ArtifactRef& artifact) {
  std::string name = fs::path(artifact.name()).filename().string();
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                       c == '_' || c == '-' || c == '+';
    if (!plain) c = '_';
  }
  if (name.empty() || name.front() == '.') name = "program" + name;
  return name.substr(0, 128);
}

std::string ProgramPath(const std::string& folder, const v1::ProcessSpec& spec) {
  return spec.has_artifact() ? folder + "/bin/" + ProgramName(spec.artifact()) : spec.command(0);
}

std::string RemovedFolder(const std::string& folder) {
  const fs::path path(folder);
  return (path.parent_path() / (std::string(kRemovedPrefix) + path.filename().string())).string();
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// Of an instance whose folder has grown beyond its limit: it is stopped, and stays so until there is room. It is the
// very instance: putting itself in its place would not help.
Observed StopForDisk(const std::string& folder, const Supervision& found, const std::string& reason) {
  Observed observed{Observed::Match::kMatches, v1::ReportedComponent::STATE_STOPPED, "was stopped: " + reason, 0, 0};
  observed.restarts = found.status.restarts;
  if (found.supervisor == 0) return observed;
  if (const auto asked = AskSupervisorToStop(folder); !asked) observed.detail += "; " + asked.error().message;
  return observed;
}

Observed ObserveRunning(const Isolation& isolation, const std::string& folder, const Instance& instance,
                        const Supervision& found) {
  const auto& spec = instance.component.process();
  auto observed = ObservedOf(found.status, BootMs(), "");
  if (found.supervisor == 0) return observed;
  if (spec.has_artifact() && !Exists(ProgramPath(folder, spec))) {
    observed.match = Observed::Match::kDiffers;
    observed.detail += "; its executable is gone";
  }
  const auto unenforced = isolation.Unenforced(ConfinedOf(kPart, instance));
  if (!unenforced.empty()) observed.detail += " (" + unenforced + ")";
  return observed;
}

Observed ObserveFolder(const Isolation& isolation, const std::string& folder, const Instance& instance) {
  const auto found = LookAtSupervisor(folder);
  if (!found) return {Observed::Match::kUnknown, v1::ReportedComponent::STATE_UNKNOWN, found.error().message, 0, 0};
  if (found->has_status && instance.digest == found->status.instance) {
    const auto over = isolation.OverDiskLimit(ConfinedOf(kPart, instance));
    if (over) return StopForDisk(folder, *found, *over);
  }
  const bool ended = found->Ended(instance.digest) && PolicyOf(instance.component.process()) != RestartPolicy::kAlways;
  if (found->Runs(instance.digest) || ended) return ObserveRunning(isolation, folder, instance, *found);
  if (found->supervisor != 0) {
    auto observed = ObservedOf(found->status, BootMs(), "");
    observed.match = Observed::Match::kDiffers;
    observed.detail = "another version is there: " + observed.detail;
    return observed;
  }
  const bool left = Exists(folder);
  const std::string detail = !left                ? "not there"
                             : !found->has_status ? "not running; it was never started"
                                                  : "not running; its supervisor is gone";
  return {left ? Observed::Match::kDiffers : Observed::Match::kMissing, v1::ReportedComponent::STATE_MISSING, detail, 0,
          0};
}

// A program that was told to stop: when it is gone, and until when to wait for that.
struct Stopping {
  bool needless = false;
  UniqueFd process;
  std::chrono::milliseconds at_most{0};
};

Result<Stopping> BeginStop(const std::string& folder) {
  Stopping stopping;
  TRY_ASSIGN(const auto found, LookAtSupervisor(folder));
  TRY_ASSIGN(stopping.process, AskSupervisorToStop(folder));
  stopping.at_most = std::chrono::milliseconds(found.status.stop_timeout_ms) + kStopSlack;
  return stopping;
}

Result<Stopping> BeginReplace(const ProcessPlace& place, const Instance& instance) {
  const auto observed = ObserveFolder(place.isolation, place.folder, instance);
  TRY_ASSIGN(const auto found, LookAtSupervisor(place.folder));
  const bool failed = found.Ended(instance.digest) && found.status.exit_code != 0;
  if (observed.match == Observed::Match::kMatches && !failed) {
    Stopping stopping;
    stopping.needless = true;
    return stopping;
  }
  return BeginStop(place.folder);
}

// Leaves nothing in bin but the executable.
Result<void> InstallArtifact(const KindSetup& setup, const std::string& folder, const v1::ProcessSpec& spec) {
  const std::string bin = folder + "/bin";
  TRY(RemoveTree(bin));
  if (!spec.has_artifact()) return {};
  TRY(MakeFolder(bin));
  return InstallProgram(setup.artifact(spec.artifact().digest()), ProgramPath(folder, spec));
}

// An agent that was killed while it started a supervisor may have left one on its way, which comes only now.
Result<void> StartAlone(const SupervisorLaunch& launch, const Owner& owner) {
  auto started = StartSupervisor(launch);
  if (started || started.error().code != Code::kConflict) return started;
  TRY(EndSupervisor(launch.folder, owner));
  return StartSupervisor(launch);
}

Result<void> StartInstance(const ProcessPlace& place, const Instance& instance) {
  const auto& [setup, isolation, folder] = place;
  const auto& spec = instance.component.process();
  const auto confined = ConfinedOf(kPart, instance);
  TRY(EndSupervisor(folder, OwnerOf(instance)));
  TRY(isolation.Release(confined));
  if (!Exists(folder) && Exists(RemovedFolder(folder))) TRY(RenameDurably(RemovedFolder(folder), folder));
  TRY(isolation.PrepareFolder(confined));
  TRY(InstallArtifact(setup, folder, spec));
  SupervisorLaunch launch;
  launch.supervise = setup.supervise;
  launch.folder = folder;
  launch.instance = instance.digest;
  launch.program = ProgramPath(folder, spec);
  launch.arguments.assign(spec.command().begin() + (spec.has_artifact() ? 0 : 1), spec.command().end());
  launch.environment = ProgramEnvironment(setup, confined, spec.environment());
  launch.restart = PolicyOf(spec);
  launch.stop_timeout =
      std::chrono::milliseconds(spec.stop_timeout_ms() != 0 ? spec.stop_timeout_ms() : kDefaultStopTimeoutMs);
  launch.log_bytes = kLogBytes;
  TRY(isolation.Confine(confined, &launch));
  return StartAlone(launch, OwnerOf(instance));
}

Result<void> SetAside(const ProcessPlace& place, const Instance& instance) {
  const auto& folder = place.folder;
  TRY(EndSupervisor(folder, OwnerOf(instance)));
  TRY(place.isolation.Release(ConfinedOf(kPart, instance)));
  if (!Exists(folder)) return {};
  TRY(RemoveTree(RemovedFolder(folder)));
  return RenameDurably(folder, RemovedFolder(folder));
}

// Whether the instance has proven itself: 0, or how many milliseconds to wait before the next look.
Result<std::int64_t> LookForConfirmation(const ProcessPlace& place, const Instance& instance) {
  const auto& spec = instance.component.process();
  const auto& folder = place.folder;
  const std::int64_t confirm_ms = spec.confirm_ms() != 0 ? spec.confirm_ms() : kDefaultConfirmMs;
  TRY_ASSIGN(const auto found, LookAtSupervisor(folder));
  const auto& status = found.status;
  if (const auto over = place.isolation.OverDiskLimit(ConfinedOf(kPart, instance))) {
    return Error{Code::kUnavailable, StopForDisk(folder, found, *over).detail};
  }
  if (found.Ended(instance.digest) && status.exit_code == 0) return 0;
  if (found.Ended(instance.digest)) return Error{Code::kUnavailable, EndText(status) + LastLines(folder)};
  if (!found.Runs(instance.digest)) return Error{Code::kUnavailable, "is not running" + LastLines(folder)};
  if (status.state == SupervisedState::kBackoff) {
    return Error{Code::kUnavailable, EndText(status) + LastLines(folder)};
  }
  if (status.state != SupervisedState::kRunning) return kConfirmStepMs;
  const auto up_ms = BootMs() - status.started_ms;
  if (up_ms >= confirm_ms) return 0;
  if (status.ends_in_a_row > 0) {
    return Error{Code::kUnavailable, EndText(status) + " before it was up again" + LastLines(folder)};
  }
  return std::clamp<std::int64_t>(confirm_ms - up_ms, 1, kConfirmStepMs);
}

// Deletes the folders that were set aside. Errors: the last.
Result<void> RemoveSetAside(const std::string& state_folder) {
  Result<void> result;
  std::error_code error;
  for (const auto& application : fs::directory_iterator(state_folder + "/" + std::string(kPart), error)) {
    for (const auto& component : fs::directory_iterator(application.path(), error)) {
      if (!component.path().filename().string().starts_with(kRemovedPrefix)) continue;
      if (auto removed = RemoveTree(component.path().string()); !removed) result = std::move(removed);
    }
  }
  return result;
}

}  // namespace

ProcessKind::ProcessKind(Loop& loop, KindSetup setup)
    : loop_(loop),
      setup_(std::move(setup)),
      isolation_(setup_.state_folder, Cgroups::OfThisMachine(setup_.state_folder)),
      waits_(loop),
      worker_(loop, "process") {}

Result<void> ProcessKind::Check(const Instance& instance) {
  const auto& spec = instance.component.process();
  const std::string doing = "process \"" + instance.component.name() + "\"";
  TRY(ComponentFolder(setup_, kPart, instance));
  TRY(CheckVariables(spec.environment()).While(doing));
  TRY(isolation_.Check(ConfinedOf(kPart, instance)).While(doing));
  for (const auto& word : spec.command()) {
    if (word.find('\0') == std::string::npos) continue;
    return Error{Code::kInvalid, doing + ": its command holds a NUL byte; take it out"};
  }
  if (!spec.has_artifact()) {
    if (spec.command_size() > 0 && !spec.command(0).empty()) return {};
    return Error{Code::kInvalid, doing + ": it has neither an artifact nor a command; give it one of them"};
  }
  const std::string path = setup_.artifact(spec.artifact().digest());
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return SystemError(doing + ": open its artifact " + path, errno);
  char head[64];
  const auto size = read(fd.get(), head, sizeof head);
  if (size < 0) return SystemError(doing + ": read its artifact " + path, errno);
  return CheckExecutable(std::string_view(head, static_cast<std::size_t>(size)), spec.artifact().name()).While(doing);
}

void ProcessKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  worker_.Run(
      [setup = setup_, isolation = isolation_, instance] {
        const auto folder = ComponentFolder(setup, kPart, instance);
        if (folder) return ObserveFolder(isolation, *folder, instance);
        return Observed{Observed::Match::kUnknown, v1::ReportedComponent::STATE_UNKNOWN, folder.error().message, 0, 0};
      },
      std::move(done));
}

void ProcessKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  auto folder = ComponentFolder(setup_, kPart, instance);
  if (!folder) return loop_.Post([done, error = folder.error()] { done(error); });
  const ProcessPlace place{setup_, isolation_, *folder};
  auto start = [this, place, instance, done] {
    worker_.Run([place, instance] { return StartInstance(place, instance); }, done);
  };
  worker_.Run([place, instance] { return BeginReplace(place, instance); },
              [this, key = instance.Key(), done, start](Result<Stopping> old) {
                if (!old) return done(old.error());
                if (old->needless) return done({});
                waits_.Wait(key, std::move(old->process), old->at_most, start);
              });
}

void ProcessKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  const auto& spec = instance.component.process();
  const std::int64_t confirm_ms = spec.confirm_ms() != 0 ? spec.confirm_ms() : kDefaultConfirmMs;
  WaitForConfirmation(instance, BootMs() + confirm_ms + kConfirmSlackMs, std::move(done));
}

void ProcessKind::WaitForConfirmation(const Instance& instance, std::int64_t deadline_ms,
                                      std::function<void(Result<void>)> done) {
  auto look = [setup = setup_, isolation = isolation_, instance]() -> Result<std::int64_t> {
    TRY_ASSIGN(const auto folder, ComponentFolder(setup, kPart, instance));
    return LookForConfirmation({setup, isolation, folder}, instance)
        .While("process \"" + instance.component.name() + "\"");
  };
  worker_.Run(look, [this, instance, deadline_ms, done](Result<std::int64_t> wait_ms) {
    if (!wait_ms) return done(wait_ms.error());
    if (*wait_ms == 0) return done({});
    if (BootMs() >= deadline_ms) {
      return done(Error{Code::kTimeout, "process \"" + instance.component.name() + "\" did not start in time"});
    }
    timers_[instance.Key()] = loop_.After(std::chrono::milliseconds(*wait_ms), [this, instance, deadline_ms, done] {
      WaitForConfirmation(instance, deadline_ms, done);
    });
  });
}

void ProcessKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  auto folder = ComponentFolder(setup_, kPart, instance);
  if (!folder) return loop_.Post([done, error = folder.error()] { done(error); });
  auto set_aside = [this, place = ProcessPlace{setup_, isolation_, *folder}, instance, done] {
    worker_.Run([place, instance] { return SetAside(place, instance); }, done);
  };
  worker_.Run([folder = *folder] { return BeginStop(folder); },
              [this, key = instance.Key(), done, set_aside](Result<Stopping> stopping) {
                if (!stopping) return done(stopping.error());
                waits_.Wait(key, std::move(stopping->process), stopping->at_most, set_aside);
              });
}

void ProcessKind::Commit() {
  worker_.Run([state_folder = setup_.state_folder] { return RemoveSetAside(state_folder); },
              [](const Result<void>& removed) {
                if (!removed) LogWarning("a removed process leaves something behind: {}", removed.error().message);
              });
}

}  // namespace motley::agent
