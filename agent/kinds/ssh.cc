#include "agent/kinds/ssh.h"

#include <algorithm>
#include <filesystem>

#include "agent/kinds/ssh_observed.h"
#include "agent/kinds/ssh_options.h"
#include "agent/kinds/ssh_runs.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/log/log.h"
#include "common/model/model.h"
#include "common/model/text_forms.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint64_t kScriptLimitBytes = 16 << 20;
// Between two looks at a script that runs.
constexpr milliseconds kRunStep{300};
// Beyond confirm_ms, for a slow machine to start the program at all.
constexpr milliseconds kConfirmSlack{10'000};
// Beyond a script's time limit, which the supervisor there sees to.
constexpr milliseconds kRunSlack{15'000};
// Keys of hosts that are in no model any more; those in use are used every few seconds.
constexpr std::chrono::hours kKeepUnused{1};

std::string Doing(const Instance& instance) {
  return std::string(KindName(instance.component)) + " \"" + instance.component.name() + "\"";
}

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> CheckProcess(const v1::ProcessSpec& spec) {
  TRY(CheckShellVariables(spec.environment()));
  if (std::any_of(spec.command().begin(), spec.command().end(), HasNul)) {
    return Error{Code::kInvalid, "its command holds a NUL byte; take it out"};
  }
  if (spec.has_artifact() || (spec.command_size() > 0 && !spec.command(0).empty())) return {};
  return Error{Code::kInvalid, "it has neither an artifact nor a command; give it one of them"};
}

Result<void> CheckFile(const v1::FileSpec& spec) {
  const std::string& path = spec.path();
  const bool odd = std::any_of(path.begin(), path.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  const fs::path given(path);
  if (odd || !given.is_absolute() || path != given.lexically_normal().string() || !given.has_filename() ||
      path.size() > 4000) {
    return Error{Code::kInvalid, "path \"" + path +
                                     "\" is not absolute and plain; write it from \"/\", without \"..\", \"//\" and "
                                     "control characters"};
  }
  for (const std::string& account : {spec.owner(), spec.group()}) {
    if (account.empty() || IsAccount(account)) continue;
    return Error{Code::kInvalid, "owner or group \"" + account + "\" is neither a name nor a number up to 4294967294"};
  }
  if (ModeOf(spec) <= 07777) return {};
  return Error{Code::kInvalid, "mode " + ModeText(spec) + " has more than permission bits; 07777 is the highest"};
}

Result<void> CheckScript(const v1::ScriptSpec& spec) {
  TRY(CheckShellVariables(spec.environment()));
  if (HasNul(spec.apply()) || HasNul(spec.undo())) {
    return Error{Code::kInvalid, "its script holds a NUL byte; take it out"};
  }
  if (spec.has_artifact() || !spec.apply().empty()) return {};
  return Error{Code::kInvalid, "it has nothing to apply; give it a script"};
}

Result<void> CheckArtifact(const ArtifactPath& artifact, const v1::ArtifactRef& reference, std::uint64_t limit_bytes) {
  const std::string path = artifact(reference.digest());
  std::error_code error;
  const auto size_bytes = fs::file_size(path, error);
  if (error) return SystemError("open its artifact " + path, error.value());
  if (size_bytes <= limit_bytes) return {};
  return Error{Code::kInvalid, "artifact \"" + reference.name() + "\" has " + std::to_string(size_bytes) +
                                   " bytes, and a script may have " + std::to_string(limit_bytes) +
                                   "; use the kind process"};
}

Result<void> CheckComponent(const ArtifactPath& artifact, const Instance& instance) {
  const auto& component = instance.component;
  for (const auto& name : {instance.application, component.name()}) {
    if (!IsName(name)) return Error{Code::kInvalid, "\"" + name + "\" can not name a component"};
  }
  const auto& login = instance.host.ssh().user();
  if (!component.user().empty() && component.user() != login) {
    return Error{Code::kInvalid, "it is to run as \"" + component.user() + "\", and ssh host \"" +
                                     instance.host.name() + "\" is entered as \"" + login +
                                     "\"; declare the machine a second time with that user"};
  }
  if (component.has_process()) {
    TRY(CheckProcess(component.process()));
    if (component.process().has_artifact()) {
      return CheckArtifact(artifact, component.process().artifact(), UINT64_MAX);
    }
    return {};
  }
  if (component.has_file()) {
    TRY(CheckFile(component.file()));
    if (component.file().has_artifact()) return CheckArtifact(artifact, component.file().artifact(), UINT64_MAX);
    return {};
  }
  if (!component.has_script()) {
    return Error{Code::kInvalid, "only processes, files and scripts can stand on an ssh host"};
  }
  TRY(CheckScript(component.script()));
  if (component.script().has_artifact()) {
    return CheckArtifact(artifact, component.script().artifact(), kScriptLimitBytes);
  }
  return {};
}

}  // namespace

struct SshKind::Host {
  Host(Loop& loop, RemoteHost host) : remote(std::move(host)), looking(loop, "ssh-look"), acting(loop, "ssh-act") {}

  const RemoteHost remote;
  std::vector<std::pair<Instance, Looked>> pending;
  Worker looking;
  Worker acting;
};

SshKind::SshKind(Loop& loop, SshClient client, std::string gateway, ArtifactPath artifact)
    : loop_(loop), client_(std::move(client)), gateway_(std::move(gateway)), artifact_(std::move(artifact)) {}

SshKind::~SshKind() { *alive_ = false; }

Result<void> SshKind::Check(const Instance& instance) {
  TRY(SshClient::Check(instance.host).While(Doing(instance)));
  return CheckComponent(artifact_, instance).While(Doing(instance));
}

void SshKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  Look(instance, [instance, done = std::move(done)](const Result<RemoteLook>& look) {
    if (look) return done(ObservedOf(instance, *look));
    done({Observed::Match::kUnknown, v1::ReportedComponent::STATE_UNKNOWN, look.error().message, 0, 0});
  });
}

void SshKind::Apply(const Instance& instance, Done done) {
  // Another kind may have been there under the same name: it goes first.
  Look(instance, [this, instance, done = std::move(done)](const Result<RemoteLook>& look) {
    if (!look) return done(look.error());
    const std::string kind = look->Recorded("kind");
    if (kind.empty() || kind == KindName(instance.component)) return ApplyAlone(instance, done);
    RemoveAs(instance, kind, [this, instance, done](const Result<void>& removed) {
      if (!removed) return done(removed);
      ApplyAlone(instance, done);
    });
  });
}

void SshKind::ApplyAlone(const Instance& instance, Done done) {
  if (instance.component.has_script()) return Advance(instance, Goal::kApplied, {}, std::move(done));
  if (instance.component.has_file()) {
    return Act(
        instance, [instance](const RemoteHost& host) { return host.ApplyFile(instance); }, std::move(done));
  }
  Act(
      instance, [instance](const RemoteHost& host) { return host.ApplyProcess(instance); }, std::move(done));
}

void SshKind::Confirm(const Instance& instance, Done done) {
  if (instance.component.has_process()) {
    const auto& spec = instance.component.process();
    return WaitForConfirmation(instance, loop_.Now() + milliseconds(spec.confirm_ms()) + kConfirmSlack,
                               std::move(done));
  }
  Observe(instance, [instance, done = std::move(done)](const Observed& observed) {
    if (observed.match == Observed::Match::kMatches) return done({});
    const auto code = observed.match == Observed::Match::kUnknown ? Code::kUnavailable : Code::kConflict;
    done(Error{code, Doing(instance) + ": " + observed.detail});
  });
}

void SshKind::Remove(const Instance& instance, Done done) {
  Look(instance, [this, instance, done = std::move(done)](const Result<RemoteLook>& look) {
    if (!look) return done(look.error());
    const std::string kind = look->Recorded("kind");
    RemoveAs(instance, kind.empty() ? std::string(KindName(instance.component)) : kind, done);
  });
}

void SshKind::RemoveAs(const Instance& instance, const std::string& kind, Done done) {
  if (kind == "script") return Advance(instance, Goal::kGone, {}, std::move(done));
  if (kind == "file") {
    return Act(
        instance, [instance](const RemoteHost& host) { return host.RemoveFile(instance); }, std::move(done));
  }
  Act(
      instance, [instance](const RemoteHost& host) { return host.RemoveProcess(instance); }, std::move(done));
}

void SshKind::Commit() {
  for (const auto& [name, host] : hosts_) {
    host->acting.Run(
        [remote = host->remote, client = client_] {
          client.Tidy(kKeepUnused);
          return remote.Commit();
        },
        [](const Result<void>& result) {
          if (!result) LogInfo("what an update has left over stays until the next: {}", result.error().message);
        });
  }
}

SshKind::Host& SshKind::HostOf(const Instance& instance) {
  auto& host = hosts_[SshFolderName(instance.host)];
  if (!host) host = std::make_unique<Host>(loop_, RemoteHost(client_, instance.host, gateway_, artifact_));
  return *host;
}

void SshKind::Look(const Instance& instance, Looked done) {
  Host& host = HostOf(instance);
  host.pending.emplace_back(instance, std::move(done));
  if (host.pending.size() > 1) return;
  // What else is asked for before the loop gets there goes with it.
  loop_.Post([this, alive = alive_, &host] {
    if (*alive) LookAtAll(host);
  });
}

void SshKind::LookAtAll(Host& host) {
  auto asked = std::exchange(host.pending, {});
  std::vector<Instance> instances;
  for (const auto& [instance, done] : asked) instances.push_back(instance);
  host.looking.Run([remote = host.remote, instances = std::move(instances)] { return remote.Look(instances); },
                   [asked = std::move(asked)](const Result<std::vector<RemoteLook>>& looks) {
                     for (std::size_t i = 0; i < asked.size(); ++i) {
                       if (looks) {
                         asked[i].second(looks.value()[i]);
                       } else {
                         asked[i].second(looks.error());
                       }
                     }
                   });
}

void SshKind::Act(const Instance& instance, std::function<Result<void>(const RemoteHost&)> act, Done done) {
  Host& host = HostOf(instance);
  host.acting.Run(
      [remote = host.remote, act = std::move(act), doing = Doing(instance)] { return act(remote).While(doing); },
      std::move(done));
}

void SshKind::WaitForConfirmation(const Instance& instance, std::chrono::steady_clock::time_point deadline, Done done) {
  Look(instance, [this, instance, deadline, done = std::move(done)](const Result<RemoteLook>& look) {
    if (!look) return done(look.error());
    const auto left = ConfirmationOf(instance, *look).While(Doing(instance));
    if (!left) return done(left.error());
    if (*left == 0) return done({});
    if (loop_.Now() >= deadline) {
      return done(Error{Code::kTimeout, Doing(instance) + " was not up in time" + LastLinesOf(*look)});
    }
    timers_[instance.Key()] = loop_.After(
        milliseconds(*left), [this, instance, deadline, done] { WaitForConfirmation(instance, deadline, done); });
  });
}

Result<SshKind::Progress> SshKind::TakeSteps(const RemoteHost& host, const Instance& instance, Goal goal,
                                             const ScriptWait& waited) {
  const auto running = [](const std::string& run, std::uint32_t timeout_ms) {
    return Progress{.wait = {.run = run}, .at_most = TimeLimitOf(timeout_ms) + kRunSlack};
  };
  while (true) {
    TRY_ASSIGN(const auto looks, host.Look({instance}));
    const RemoteLook& look = looks.front();
    ScriptFacts facts = FactsOf(look);
    if (goal == Goal::kApplied) facts.wanted = instance.digest;
    facts.waited = waited;
    switch (NextScriptStep(facts)) {
      case ScriptStep::kNothing:
        if (goal == Goal::kGone) TRY(host.Forget(instance));
        return Progress{.finished = true};
      case ScriptStep::kWait:
        return running(facts.record->run(), facts.record->timeout_ms());
      case ScriptStep::kStop:
      case ScriptStep::kKill:
        TRY(host.Stop(instance));
        break;
      case ScriptStep::kRunApply: {
        const std::string run = RandomHex(16);
        TRY(host.BeginScript(instance, run));
        return running(run, instance.component.script().timeout_ms());
      }
      case ScriptStep::kRunUndo: {
        const std::string run = RandomHex(16);
        TRY(host.BeginUndo(instance, look, run));
        return running(run, facts.record->timeout_ms());
      }
      case ScriptStep::kNoteApplied:
        TRY(host.NoteApplied(instance, look));
        break;
      case ScriptStep::kForget:
        TRY(host.Forget(instance));
        break;
      case ScriptStep::kFail: {
        const bool ended = facts.supervision.Ended(facts.record->run());
        return Error{Code::kUnavailable, std::string(look.Recorded("phase") == "undoing" ? "undo " : "apply ") +
                                             (ended ? facts.supervision.status.reason : "was cut off from outside") +
                                             LastLinesOf(look)};
      }
    }
  }
}

void SshKind::Advance(const Instance& instance, Goal goal, const ScriptWait& waited, Done done) {
  Host& host = HostOf(instance);
  host.acting.Run([remote = host.remote, instance, goal,
                   waited] { return TakeSteps(remote, instance, goal, waited).While(Doing(instance)); },
                  [this, instance, goal, done = std::move(done)](const Result<Progress>& progress) {
                    if (!progress) return done(progress.error());
                    if (progress->finished) return done({});
                    WaitForRun(instance, goal, progress->wait, loop_.Now() + progress->at_most, done);
                  });
}

void SshKind::WaitForRun(const Instance& instance, Goal goal, const ScriptWait& wait,
                         std::chrono::steady_clock::time_point deadline, Done done) {
  timers_[instance.Key()] = loop_.After(kRunStep, [this, instance, goal, wait, deadline, done = std::move(done)] {
    Look(instance, [this, instance, goal, wait, deadline, done](const Result<RemoteLook>& look) {
      // A connection that is lost for a while takes nothing from what runs.
      const bool over = look && look->supervision.supervisor == 0;
      if (over || loop_.Now() >= deadline) return Advance(instance, goal, wait, done);
      WaitForRun(instance, goal, wait, deadline, done);
    });
  });
}

}  // namespace motley::agent
