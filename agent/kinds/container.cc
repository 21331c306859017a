#include "agent/kinds/container.h"

#include <unistd.h>

#include <algorithm>

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using Checks = ContainerTrial::HealthChecks;

constexpr milliseconds kTrialStep{50};
// A check on demand is a program that is started in the container.
constexpr milliseconds kLongestHealthStep{1'000};

std::string Doing(const Instance& instance) { return "container \"" + instance.component.name() + "\""; }

Observed Unknown(const Error& error) {
  return {Observed::Match::kUnknown, v1::ReportedComponent::STATE_UNKNOWN, error.message, 0, 0};
}

Result<Observed> ObserveAt(ContainerActions& actions, const Instance& instance) {
  auto found = actions.Look(instance);
  if (!found && found.error().code == Code::kConflict) {
    // Known for sure: what is there is not it.
    return Observed{Observed::Match::kDiffers, v1::ReportedComponent::STATE_MISSING, found.error().message, 0, 0};
  }
  if (!found) return std::move(found).error();
  const auto& container = found->container;
  Observed observed = ViewOf(instance, container, std::chrono::system_clock::now());
  // It is not a process of this machine.
  if (instance.engine_host) observed.pid = 0;
  const auto over = container ? OverDiskLimit(instance, *container) : std::nullopt;
  if (!over) return observed;
  TRY(actions.Stop(container->id));
  // It is the very instance: putting itself in its place would not help.
  observed.match = Observed::Match::kMatches;
  observed.state = v1::ReportedComponent::STATE_STOPPED;
  observed.detail = "was stopped, since " + *over;
  observed.pid = 0;
  return observed;
}

// How long to wait before the next look; 0: it has proven itself.
Result<milliseconds> TryAt(ContainerActions& actions, const Instance& instance, ContainerTrial* trial) {
  TRY_ASSIGN(const auto found, actions.Look(instance));
  const auto& container = found.container;
  if (const auto over = container ? OverDiskLimit(instance, *container) : std::nullopt) {
    return Error{Code::kUnavailable, *over};
  }
  const Checks checks = found.checks_ran ? Checks::kOnDemand : Checks::kByEngine;
  auto verdict = trial->Next(instance, container, checks, ContainerTrial::Clock::now());
  if (!verdict) {
    Error error = std::move(verdict).error();
    if (container) error.message += actions.LastLines(container->id);
    return error;
  }
  if (*verdict == ContainerTrial::Verdict::kGood) return milliseconds(0);
  if (!found.checks_ran) return kTrialStep;
  return std::clamp(container->health->interval, kTrialStep, kLongestHealthStep);
}

}  // namespace

ContainerKind::ContainerKind(Loop& loop, KindSetup setup, SshClient ssh, std::string socket)
    : loop_(loop), setup_(std::move(setup)), ssh_(std::move(ssh)), socket_(std::move(socket)) {}

std::string ContainerKind::SocketOf(const Instance& instance) const {
  const std::string& given = instance.host.container_engine().socket();
  if (!given.empty() || instance.engine_host) return given;
  return socket_.empty() ? UsualEngineSocket() : socket_;
}

ContainerEngine& ContainerKind::EngineOf(const Instance& instance) {
  const std::string socket = SocketOf(instance);
  auto& engine = engines_[ContainerEngine::LabelOf(instance.engine_host, socket)];
  if (engine == nullptr) {
    engine = std::make_unique<ContainerEngine>(loop_, setup_, ssh_, instance.engine_host, socket);
  } else if (instance.engine_host) {
    engine->SetHost(*instance.engine_host);
  }
  return *engine;
}

Result<void> ContainerKind::Check(const Instance& instance) {
  TRY(ComponentFolder(setup_, "containers", instance));
  TRY(CheckContainer(instance.component).While(Doing(instance)));
  const auto& spec = instance.component.container();
  if (spec.has_archive()) {
    const auto path = setup_.artifact(spec.archive().digest());
    if (access(path.c_str(), R_OK) != 0) return SystemError(Doing(instance) + ": open its archive " + path, errno);
  }
  if (instance.engine_host) return SshClient::Check(*instance.engine_host).While(Doing(instance));
  return CheckEngineSocket(SocketOf(instance)).While(Doing(instance));
}

void ContainerKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  EngineOf(instance).Look<Observed>(
      [instance](ContainerActions& actions) { return ObserveAt(actions, instance); },
      [done](const Result<Observed>& observed) { done(observed ? *observed : Unknown(observed.error())); });
}

void ContainerKind::Perform(const Instance& instance, Act act, Done done) {
  busy_.insert(instance.Key());
  EngineOf(instance).Act(
      [instance, act](ContainerActions& actions) { return (actions.*act)(instance).While(Doing(instance)); },
      [this, key = instance.Key(), done](Result<void> result) {
        busy_.erase(busy_.find(key));
        done(std::move(result));
      });
}

void ContainerKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  Perform(instance, &ContainerActions::PutInPlace, std::move(done));
}

void ContainerKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  Perform(instance, &ContainerActions::SetAllAside, std::move(done));
}

void ContainerKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  Try(instance, std::make_shared<ContainerTrial>(), std::move(done));
}

void ContainerKind::Try(const Instance& instance, std::shared_ptr<ContainerTrial> trial, Done done) {
  EngineOf(instance).Look<milliseconds>(
      [instance, trial](ContainerActions& actions) {
        return TryAt(actions, instance, trial.get()).While(Doing(instance));
      },
      [this, instance, trial, done](const Result<milliseconds>& wait) {
        if (!wait) return done(wait.error());
        if (*wait == milliseconds(0)) return done({});
        timers_[instance.Key()] = loop_.After(*wait, [this, instance, trial, done] { Try(instance, trial, done); });
      });
}

void ContainerKind::Commit() {
  for (auto& [label, engine] : engines_) {
    engine->Clean([this] { return std::set<std::string>(busy_.begin(), busy_.end()); });
  }
}

}  // namespace motley::agent
