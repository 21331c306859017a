#include "agent/reconcile/engine.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <set>

#include "agent/reconcile/instances.h"
#include "agent/reconcile/report.h"
#include "common/log/log.h"
#include "common/model/model.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A transaction that was cut off so often may be what cuts it off: an update that crashes the machine.
constexpr std::uint32_t kMaxInterruptions = 3;
/// What can not be put back in so many tries needs something else to change first: a board plugged in, say.
constexpr int kMaxBackAttempts = 3;
constexpr seconds kBackPause{2};
constexpr milliseconds kFirstHealPause{10'000};
constexpr milliseconds kLongestHealPause{600'000};

bool Drifted(const Sighting& sighting) {
  return sighting.unhealthy || sighting.observed.match == Observed::Match::kMissing ||
         sighting.observed.match == Observed::Match::kDiffers;
}

/// What is not exactly as it was committed has to prove itself, even where it is already there.
void MarkUnproven(const std::vector<Instance>& committed, std::vector<Sighting>& sightings) {
  for (Sighting& sighting : sightings) {
    sighting.unproven = std::none_of(committed.begin(), committed.end(), [&](const Instance& instance) {
      return instance.Key() == sighting.instance.Key() && instance.digest == sighting.instance.digest;
    });
  }
}

std::string Sentence(const std::vector<Sighting>& sightings) {
  std::string text;
  for (const Sighting& sighting : sightings) {
    if (!Drifted(sighting)) continue;
    text += (text.empty() ? "" : "; ") + sighting.instance.Key() + ": " +
            (sighting.observed.detail.empty() ? "not as it should be" : sighting.observed.detail);
  }
  return text;
}

}  // namespace

Engine::Engine(Loop& loop, Store& store, Provision& provision, const Kinds& kinds, Health& health, EngineEvents events,
               Options options)
    : loop_(loop),
      store_(store),
      provision_(provision),
      kinds_(kinds),
      health_(health),
      events_(std::move(events)),
      options_(options) {}

Engine::~Engine() { *alive_ = false; }

template <typename Function>
auto Engine::WhileAlive(Function function) {
  return [alive = alive_, function](auto... values) {
    if (*alive) function(std::move(values)...);
  };
}

Result<void> Engine::Start() {
  TRY_ASSIGN(desired_, store_.Desired());
  TRY_ASSIGN(committed_, store_.Committed());
  TRY_ASSIGN(deployment_, store_.LastDeployment());
  TRY_ASSIGN(const std::optional<Transaction> open, store_.OpenTransaction());
  const auto waiting = [this](const std::string& why) {
    LogWarning("what is deployed here is not on this disk any more and is fetched again: {}", why);
  };
  provision_.Get(committed_, waiting, WhileAlive([this, open](Result<std::vector<Instance>> instances) {
                   if (instances) {
                     committed_instances_ = *std::move(instances);
                   } else {
                     Happened(
                         v1::Event::SEVERITY_ERROR, "agent",
                         "what is deployed here can not be read and is left as it is: " + instances.error().message);
                     // Nothing is known to be here; what should be here is deployed as if for the first time.
                     committed_.Clear();
                     deployment_.Clear();
                   }
                   Begin(open);
                 }));
  return {};
}

void Engine::Begin(const std::optional<Transaction>& open) {
  if (!open) return Enter(Happening::kLoaded);
  provision_.Get(
      open->target, [](const std::string& why) { LogWarning("{}", why); },
      WhileAlive([this, open](Result<std::vector<Instance>> instances) {
        if (instances) {
          target_instances_ = *std::move(instances);
          return Resume(*open);
        }
        // Without its target it can only go back.
        Transaction back = *open;
        back.direction = Direction::kBack;
        back.reason = instances.error().message;
        Resume(back);
      }));
}

void Engine::Resume(const Transaction& open) {
  target_ = open.target;
  reason_ = open.reason;
  phase_ = open.direction == Direction::kForward ? Phase::kForward : Phase::kBack;
  LogInfo("the deployment of revision {} was cut off and goes on", target_.revision());
  if (auto counted = store_.CountInterruption(); !counted) LogError("{}", counted.error().message);
  if (phase_ == Phase::kForward && open.interruptions + 1 > kMaxInterruptions) {
    reason_ = "it was cut off " + std::to_string(open.interruptions + 1) + " times";
    if (auto stored = store_.TurnBack(reason_); !stored) LogError("{}", stored.error().message);
    phase_ = *Next(phase_, Happening::kInterrupted);
  }
  Transact();
}

Result<void> Engine::Accept(const v1::DesiredState& desired) {
  if (desired.revision() <= desired_.revision()) return {};
  TRY(store_.SaveDesired(desired));
  desired_ = desired;
  LogInfo("desired state {} accepted", desired.revision());
  Enter(Happening::kDesired);
  events_.changed();
  return {};
}

void Engine::Retry() {
  if (phase_ != Phase::kIdle || deployment_.state() != v1::Deployment::STATE_FAILED) return;
  deployment_.Clear();
  Enter(Happening::kDesired);
}

bool Engine::Pending() const { return desired_.revision() > deployment_.revision(); }

const std::vector<Instance>& Engine::Goal() const {
  return phase_ == Phase::kForward ? target_instances_ : committed_instances_;
}

void Engine::Enter(Happening happening) {
  const std::optional<Phase> next = Next(phase_, happening);
  if (!next) {
    // A newer desired state in the middle of something: no further step is begun, and it is taken up from kIdle.
    if (executor_ && phase_ != Phase::kBack) executor_->Stop();
    return;
  }
  LogDebug("{} -> {}", PhaseName(phase_), PhaseName(*next));
  phase_ = *next;
  switch (phase_) {
    case Phase::kStarting:
      return;
    case Phase::kIdle:
      return Idle();
    case Phase::kFetching:
      return Fetch();
    case Phase::kForward:
    case Phase::kBack:
    case Phase::kHealing:
      return Transact();
  }
}

void Engine::Idle() {
  executor_.reset();
  target_.Clear();
  target_instances_.clear();
  back_attempts_ = 0;
  reason_.clear();
  health_.Watch(committed_instances_, {.unhealthy = [this](const std::string&, const std::string&) { Look(); },
                                       .healthy = [this](const std::string&) { Look(); }});
  events_.changed();
  // From the loop: what led here may still be on the stack.
  timer_ = loop_.After(milliseconds(0), [this] { Pending() ? Enter(Happening::kDesired) : Look(); });
}

// --- getting ready: nothing is touched yet ---

void Engine::Fetch() {
  timer_.Reset();
  target_ = desired_;
  target_instances_.clear();
  SetDeployment(v1::Deployment::STATE_FETCHING, "");
  provision_.Get(target_,
                 WhileAlive([this](const std::string& why) { SetDeployment(v1::Deployment::STATE_FETCHING, why); }),
                 WhileAlive([this](Result<std::vector<Instance>> instances) {
                   if (!instances) return Unfit(instances.error());
                   target_instances_ = *std::move(instances);
                   PrepareKinds();
                 }));
}

void Engine::PrepareKinds() {
  auto missing = std::make_shared<std::size_t>(kinds_.size());
  const std::uint64_t revision = target_.revision();
  for (const auto& [name, kind] : kinds_) {
    kind->Prepare(WhileAlive([this, missing, revision] {
      const bool ready = --*missing == 0 && phase_ == Phase::kFetching && target_.revision() == revision;
      if (ready) CheckInstances();
    }));
  }
}

void Engine::CheckInstances() {
  for (const Instance& instance : target_instances_) {
    Kind* kind = FindKind(kinds_, instance);
    if (kind == nullptr) {
      return Unfit({Code::kInvalid, instance.Key() + ": this agent has no kind \"" +
                                        std::string(KindName(instance.component)) + "\"; update the agent"});
    }
    if (auto fit = kind->Check(instance); !fit) return Unfit(fit.error().While(instance.Key()));
  }
  InspectInstances();
}

void Engine::InspectInstances() {
  if (target_instances_.empty()) return Open();
  auto missing = std::make_shared<std::size_t>(target_instances_.size());
  const std::uint64_t revision = target_.revision();
  // An answer from within the call may end the deployment, and its instances with it.
  const std::vector<Instance> instances = target_instances_;
  for (const Instance& instance : instances) {
    FindKind(kinds_, instance)
        ->Inspect(instance, WhileAlive([this, missing, revision, key = instance.Key()](Result<void> fit) {
                    // The first that does not fit has ended it, or a newer revision has come.
                    if (phase_ != Phase::kFetching || target_.revision() != revision) return;
                    if (!fit) return Unfit(fit.error().While(key));
                    if (--*missing == 0) Open();
                  }));
  }
}

void Engine::Open() {
  if (auto begun = store_.Begin(target_); !begun) return Unfit(begun.error());
  Enter(Happening::kFetched);
}

void Engine::Unfit(const Error& error) {
  SetDeployment(v1::Deployment::STATE_FAILED, error.message);
  if (auto stored = store_.EndFailed(deployment_); !stored) LogError("{}", stored.error().message);
  Happened(v1::Event::SEVERITY_ERROR, "agent",
           "revision " + std::to_string(target_.revision()) + " can not be deployed: " + error.message);
  Enter(Happening::kUnfit);
}

// --- a plan, whichever way it goes ---

void Engine::Transact() {
  if (phase_ == Phase::kForward) SetDeployment(v1::Deployment::STATE_APPLYING, "");
  if (phase_ == Phase::kBack) SetDeployment(v1::Deployment::STATE_ROLLING_BACK, reason_);
  const std::vector<Instance>& other = phase_ == Phase::kForward ? committed_instances_ : target_instances_;
  std::vector<Instance> looked_at = Goal();
  const std::size_t wanted = looked_at.size();
  for (Instance& leftover : Leftovers(other, Goal())) looked_at.push_back(std::move(leftover));
  Observe(loop_, kinds_, std::move(looked_at), WhileAlive([this, wanted](std::vector<Sighting> sightings) {
            if (phase_ == Phase::kForward) MarkUnproven(committed_instances_, sightings);
            if (phase_ == Phase::kHealing) MarkUnhealthy(sightings);
            const auto middle = sightings.begin() + static_cast<std::ptrdiff_t>(wanted);
            Run({sightings.begin(), middle}, {middle, sightings.end()});
          }));
}

void Engine::Run(const std::vector<Sighting>& goal, const std::vector<Sighting>& leftovers) {
  for (const Sighting& sighting : goal) sightings_.insert_or_assign(sighting.instance.Key(), sighting);
  Executor::Events events;
  events.step_done = [this](const Step& step, const Observed& observed) { StepDone(step, observed); };
  events.done = [this](Result<void> result) { Ended(std::move(result)); };
  executor_ = std::make_unique<Executor>(loop_, store_, kinds_, health_, deployment_.revision(),
                                         phase_ == Phase::kForward ? Direction::kForward : Direction::kBack,
                                         MakePlan(goal, leftovers), std::move(events));
  for (const Sighting& sighting : goal) {
    if (phase_ == Phase::kHealing && sighting.unhealthy) restarting_.push_back(sighting.instance.Key());
  }
  for (const std::string& key : restarting_) health_.Pause(key);
  deployment_.set_steps_total(static_cast<std::uint32_t>(executor_->steps_total()));
  events_.changed();
  executor_->Start();
  if (phase_ == Phase::kForward && Pending() && desired_.revision() > target_.revision()) executor_->Stop();
}

void Engine::StepDone(const Step& step, const Observed& observed) {
  const std::string key = step.instance.Key();
  if (step.action == Step::Action::kRestart) restart_pauses_.Restarted(key, loop_.Now());
  if (step.action == Step::Action::kRemove) {
    sightings_.erase(key);
  } else {
    sightings_.insert_or_assign(key, Sighting{step.instance, observed});
  }
  deployment_.set_steps_done(static_cast<std::uint32_t>(executor_->steps_done()));
  events_.changed();
}

void Engine::Ended(Result<void> result) {
  executor_.reset();
  if (phase_ == Phase::kForward) return Forwarded(result);
  if (phase_ == Phase::kBack) return WentBack(result);
  Healed(result);
}

void Engine::Forwarded(const Result<void>& result) {
  if (!result) {
    reason_ = result.error().message;
    if (auto stored = store_.TurnBack(reason_); !stored) {
      // The disk is full or worse. In memory it goes back all the same; after a power loss it would go forward once
      // more.
      LogError("{}", stored.error().message);
    }
    return Enter(Happening::kStepFailed);
  }
  SetDeployment(v1::Deployment::STATE_DONE, "");
  if (auto stored = store_.Commit(target_, deployment_); !stored) {
    reason_ = stored.error().message;
    return Enter(Happening::kStepFailed);
  }
  committed_ = target_;
  committed_instances_ = std::move(target_instances_);
  for (const auto& [name, kind] : kinds_) kind->Commit();
  CollectGarbage();
  Happened(v1::Event::SEVERITY_INFO, "agent", "revision " + std::to_string(committed_.revision()) + " is deployed");
  Enter(Happening::kReached);
}

void Engine::WentBack(const Result<void>& result) {
  if (!result && ++back_attempts_ < kMaxBackAttempts) {
    timer_ = loop_.After(kBackPause, [this] { Transact(); });
    return;
  }
  std::string reason = reason_;
  if (!result) reason += "; going back failed too, and is tried again: " + result.error().message;
  SetDeployment(v1::Deployment::STATE_FAILED, reason);
  if (auto stored = store_.EndFailed(deployment_); !stored) LogError("{}", stored.error().message);
  for (const auto& [name, kind] : kinds_) kind->Commit();
  CollectGarbage();
  Happened(v1::Event::SEVERITY_ERROR, "agent",
           "revision " + std::to_string(deployment_.revision()) + " failed and was undone: " + reason);
  Enter(result ? Happening::kReached : Happening::kStepFailed);
}

// --- drift ---

void Engine::Look() {
  if (phase_ != Phase::kIdle || looking_) return;
  timer_.Reset();
  looking_ = true;
  Observe(loop_, kinds_, committed_instances_,
          WhileAlive([this](std::vector<Sighting> sightings) { Looked(std::move(sightings)); }));
}

/// What is there and does not work is shown as such; whether it may be restarted now is another question.
void Engine::MarkUnhealthy(std::vector<Sighting>& sightings) const {
  for (Sighting& sighting : sightings) {
    if (sighting.observed.match != Observed::Match::kMatches) continue;
    const std::string key = sighting.instance.Key();
    const std::optional<std::string> why = health_.Unhealthy(key);
    if (!why) continue;
    sighting.observed.state = v1::ReportedComponent::STATE_UNHEALTHY;
    sighting.observed.detail = "unhealthy: " + *why;
    sighting.unhealthy = restart_pauses_.May(key, loop_.Now());
  }
}

void Engine::Looked(std::vector<Sighting> sightings) {
  looking_ = false;
  if (phase_ != Phase::kIdle) return;
  MarkUnhealthy(sightings);
  bool news = sightings_.size() != sightings.size();
  std::map<std::string, Sighting> seen;
  for (const Sighting& sighting : sightings) {
    const std::string key = sighting.instance.Key();
    const auto before = sightings_.find(key);
    news |= before == sightings_.end() || before->second.observed.match != sighting.observed.match ||
            before->second.observed.state != sighting.observed.state ||
            before->second.observed.restarts != sighting.observed.restarts ||
            before->second.observed.pid != sighting.observed.pid;
    seen.emplace(key, sighting);
  }
  sightings_ = std::move(seen);
  if (news) events_.changed();
  if (std::any_of(sightings.begin(), sightings.end(), Drifted) && loop_.Now() >= heal_not_before_) {
    Happened(v1::Event::SEVERITY_WARNING, "agent", "drift: " + Sentence(sightings));
    return Enter(Happening::kDrifted);
  }
  timer_ = loop_.After(options_.drift_interval, [this] { Look(); });
}

void Engine::Healed(const Result<void>& result) {
  for (const std::string& key : std::exchange(restarting_, {})) health_.Resume(key);
  if (result) {
    heal_pause_ = milliseconds(0);
    Happened(v1::Event::SEVERITY_INFO, "agent", "drift healed");
  } else {
    heal_pause_ = std::clamp(heal_pause_ * 2, kFirstHealPause, kLongestHealPause);
    heal_not_before_ = loop_.Now() + heal_pause_;
    Happened(v1::Event::SEVERITY_ERROR, "agent", "drift could not be healed: " + result.error().message);
  }
  Enter(result ? Happening::kReached : Happening::kStepFailed);
}

void Engine::CollectGarbage() {
  if (auto done = provision_.KeepOnly(committed_, committed_instances_); !done) {
    LogWarning("what is not needed any more can not be deleted: {}", done.error().message);
  }
}

// --- what it says ---

void Engine::SetDeployment(v1::Deployment::State state, const std::string& reason) {
  const std::uint64_t revision = target_.revision();
  if (deployment_.revision() != revision || state == v1::Deployment::STATE_FETCHING) {
    deployment_.set_steps_done(0);
    deployment_.set_steps_total(0);
  }
  if (state == deployment_.state() && reason == deployment_.reason() && revision == deployment_.revision()) return;
  deployment_.set_revision(revision);
  deployment_.set_state(state);
  deployment_.set_reason(reason);
  *deployment_.mutable_changed_at() = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(WallMicros(loop_));
  events_.changed();
}

void Engine::Report(v1::ReportedState& report) const {
  report.set_desired_revision(desired_.revision());
  *report.mutable_deployment() = deployment_;
  if (deployment_.state() == v1::Deployment::STATE_UNSPECIFIED) {
    report.mutable_deployment()->set_state(v1::Deployment::STATE_IDLE);
  }
  const bool open = phase_ == Phase::kForward || phase_ == Phase::kBack;
  static const v1::DesiredState kNothing;
  const Wanted target{open ? target_ : kNothing, target_instances_};
  for (auto& application : ReportApplications({committed_, committed_instances_}, target, sightings_)) {
    *report.add_applications() = std::move(application);
  }
}

std::vector<RunningProgram> Engine::Programs() const {
  std::vector<RunningProgram> programs;
  for (const auto& [key, sighting] : sightings_) {
    if (sighting.observed.pid == 0) continue;
    programs.push_back({"component:" + key, sighting.observed.pid, sighting.observed.restarts});
  }
  return programs;
}

void Engine::Happened(v1::Event::Severity severity, const std::string& source, const std::string& text) const {
  if (severity == v1::Event::SEVERITY_INFO) {
    LogInfo("{}", text);
  } else {
    LogWarning("{}", text);
  }
  events_.happened(severity, source, text);
}

}  // namespace motley::agent
