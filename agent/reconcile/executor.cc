#include "agent/reconcile/executor.h"

#include "common/log/log.h"
#include "common/model/model.h"

namespace motley::agent {

Kind* FindKind(const Kinds& kinds, const Instance& instance) {
  const auto found = kinds.find(instance.host.has_ssh() ? "ssh" : KindName(instance.component));
  return found == kinds.end() ? nullptr : found->second.get();
}

void Observe(Loop& loop, const Kinds& kinds, std::vector<Instance> instances,
             std::function<void(std::vector<Sighting>)> done) {
  struct Round {
    std::vector<Sighting> sightings;
    std::size_t missing;
    std::function<void(std::vector<Sighting>)> done;
    void Take(std::size_t index, Observed observed) {
      sightings[index].observed = std::move(observed);
      if (--missing == 0) done(std::move(sightings));
    }
  };
  auto round = std::make_shared<Round>();
  round->missing = instances.size();
  round->done = std::move(done);
  for (Instance& instance : instances) round->sightings.push_back({std::move(instance), {}});
  if (round->missing == 0) {
    loop.Post([round] { round->done({}); });
    return;
  }
  for (std::size_t i = 0; i < round->sightings.size(); ++i) {
    const Instance& instance = round->sightings[i].instance;
    if (Kind* kind = FindKind(kinds, instance)) {
      kind->Observe(instance, [round, i](Observed observed) { round->Take(i, std::move(observed)); });
    } else {
      Observed unknown{.match = Observed::Match::kUnknown, .state = v1::ReportedComponent::STATE_UNKNOWN};
      unknown.detail = "this agent has no kind \"" + std::string(KindName(instance.component)) + "\"";
      loop.Post([round, i, unknown] { round->Take(i, unknown); });
    }
  }
}

Executor::Executor(Loop& loop, Store& store, const Kinds& kinds, Health& health, std::uint64_t revision,
                   Direction direction, std::vector<Step> steps, Events events)
    : loop_(loop),
      store_(store),
      kinds_(kinds),
      health_(health),
      revision_(revision),
      direction_(direction),
      steps_(std::move(steps)),
      events_(std::move(events)),
      states_(steps_.size(), State::kWaiting) {}

Executor::~Executor() { *alive_ = false; }

template <typename Function>
auto Executor::WhileAlive(Function function) {
  return [alive = alive_, function](auto... values) {
    if (*alive) function(std::move(values)...);
  };
}

void Executor::Stop() {
  if (outcome_) outcome_ = Error{Code::kConflict, "overtaken by a newer desired state"};
}

void Executor::Start() {
  loop_.Post(WhileAlive([this] { StartReady(); }));
}

bool Executor::Ready(std::size_t index) const {
  if (states_[index] != State::kWaiting) return false;
  for (const std::size_t before : steps_[index].after) {
    if (states_[before] != State::kDone) return false;
  }
  return true;
}

void Executor::StartReady() {
  for (std::size_t i = 0; outcome_.has_value() && i < steps_.size(); ++i) {
    if (Ready(i)) Begin(i);
  }
  if (running_ > 0) return;
  // Without a failure, no step running and some left can only be a cycle, which the model's check refuses.
  CHECK(!outcome_.has_value() || finished_ == steps_.size());
  // The callback may destroy this object.
  const auto done = events_.done;
  const auto outcome = outcome_;
  done(outcome);
}

void Executor::Begin(std::size_t index) {
  const Step& step = steps_[index];
  auto row = store_.StepBegins(revision_, direction_, Print(step));
  if (!row) {
    outcome_ = std::move(row).error().While("journal");
    return;
  }
  Kind* kind = FindKind(kinds_, step.instance);
  if (kind == nullptr) {
    outcome_ =
        Error{Code::kInvalid, "this agent has no kind \"" + std::string(KindName(step.instance.component)) + "\""};
    return;
  }
  LogInfo("{}", Print(step));
  states_[index] = State::kRunning;
  ++running_;
  const std::int64_t number = *row;
  switch (step.action) {
    case Step::Action::kConfirm:
      return Applied(index, number, {});
    case Step::Action::kRemove:
      return kind->Remove(step.instance,
                          WhileAlive([this, index, number](Result<void> result) { End(index, number, result, {}); }));
    case Step::Action::kRestart:
      return kind->Remove(step.instance, WhileAlive([this, index, number](Result<void> result) {
                            result ? Apply(index, number) : End(index, number, result, {});
                          }));
    case Step::Action::kApply:
      return Apply(index, number);
  }
}

void Executor::Apply(std::size_t index, std::int64_t row) {
  const Instance& instance = steps_[index].instance;
  FindKind(kinds_, instance)->Apply(instance, WhileAlive([this, index, row](Result<void> result) {
                                      Applied(index, row, std::move(result));
                                    }));
}

void Executor::Applied(std::size_t index, std::int64_t row, Result<void> result) {
  if (!result) return End(index, row, std::move(result), {});
  const Step& step = steps_[index];
  events_.step_done(step, {.match = Observed::Match::kMatches, .state = v1::ReportedComponent::STATE_STARTING});
  FindKind(kinds_, step.instance)->Confirm(step.instance, WhileAlive([this, index, row](Result<void> confirmed) {
                                             if (!confirmed) return End(index, row, std::move(confirmed), {});
                                             ConfirmHealth(index, row);
                                           }));
}

void Executor::ConfirmHealth(std::size_t index, std::int64_t row) {
  health_.Confirm(steps_[index].instance,
                  WhileAlive([this, index, row](Result<void> healthy) { Confirmed(index, row, std::move(healthy)); }));
}

void Executor::Confirmed(std::size_t index, std::int64_t row, Result<void> result) {
  if (!result) return End(index, row, std::move(result), {});
  FindKind(kinds_, steps_[index].instance)
      ->Observe(steps_[index].instance,
                WhileAlive([this, index, row](const Observed& observed) { End(index, row, {}, observed); }));
}

void Executor::End(std::size_t index, std::int64_t row, Result<void> result, const Observed& observed) {
  --running_;
  ++finished_;
  states_[index] = State::kDone;
  const Step& step = steps_[index];
  if (auto stored = store_.StepEnds(row, result ? "" : result.error().message); !stored && result) {
    result = std::move(stored).While("journal");
  }
  if (!result) {
    LogWarning("{} failed: {}", Print(step), result.error().message);
    // The first failure is the reason; what fails in its wake is only logged.
    if (outcome_) outcome_ = std::move(result).While(step.instance.Key());
  } else {
    events_.step_done(step, observed);
  }
  StartReady();
}

}  // namespace motley::agent
