#include "agent/reconcile/bounded_kind.h"

#include "common/log/log.h"

namespace motley::agent {
namespace {

std::string Words(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  return ms % 60'000 == 0 ? std::to_string(ms / 60'000) + " min"
         : ms % 1000 == 0 ? std::to_string(ms / 1000) + " s"
                          : std::to_string(ms) + " ms";
}

bool MayPass(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

Error BusyError(const Instance& instance) {
  return {Code::kConflict, instance.Key() + " is still busy with an earlier step that was given up; it is tried again"};
}

}  // namespace

/// One call under way: it ends once, by its answer or by its deadline.
struct BoundedKind::Call {
  bool given_up = false;
  Handle deadline;
};

BoundedKind::BoundedKind(Loop& loop, std::unique_ptr<Kind> kind, KindBounds bounds)
    : loop_(loop), kind_(std::move(kind)), bounds_(bounds) {}

BoundedKind::~BoundedKind() { *alive_ = false; }

void BoundedKind::Observe(const Instance& instance, std::function<void(Observed)> done) {
  const std::string key = instance.Key();
  const auto unknown = [](std::string why) {
    return Observed{Observed::Match::kUnknown, v1::ReportedComponent::STATE_UNKNOWN, std::move(why)};
  };
  if (Busy(key)) {
    return loop_.Post([observed = unknown(BusyError(instance).message), done = std::move(done)] { done(observed); });
  }
  auto call = std::make_shared<Call>();
  call->deadline = loop_.After(bounds_.observe, [this, call, key, done, unknown] {
    call->given_up = true;
    busy_.insert(key);
    done(unknown("could not be looked at within " + Words(bounds_.observe)));
  });
  kind_->Observe(instance, [this, alive = alive_, call, key, done](Observed observed) {
    if (!*alive) return;
    if (call->given_up) {
      busy_.erase(key);
      return;
    }
    call->deadline.Reset();
    done(std::move(observed));
  });
}

void BoundedKind::Inspect(const Instance& instance, std::function<void(Result<void>)> done) {
  auto call = std::make_shared<Call>();
  call->deadline = loop_.After(bounds_.inspect, [this, call, done] {
    call->given_up = true;
    done(Error{Code::kTimeout, "could not be inspected within " + Words(bounds_.inspect) + "; try it again"});
  });
  kind_->Inspect(instance, [alive = alive_, call, done](Result<void> result) {
    if (!*alive || call->given_up) return;
    call->deadline.Reset();
    done(std::move(result));
  });
}

void BoundedKind::Act(const Instance& instance, std::string_view what, void (Kind::*act)(const Instance&, Done),
                      Done done) {
  const std::string key = instance.Key();
  if (Busy(key)) {
    return loop_.Post([error = BusyError(instance), done = std::move(done)] { done(error); });
  }
  auto call = std::make_shared<Call>();
  call->deadline = loop_.After(bounds_.act, [this, call, key, done, what] {
    call->given_up = true;
    busy_.insert(key);
    LogWarning("{}: {} is given up after {}", key, what, Words(bounds_.act));
    done(Error{Code::kTimeout, std::string(what) + " did not end within " + Words(bounds_.act)});
  });
  ((*kind_).*act)(instance, [this, alive = alive_, call, key, done](Result<void> result) {
    if (!*alive) return;
    if (call->given_up) {
      LogWarning("{}: what was given up has ended", key);
      busy_.erase(key);
      return;
    }
    call->deadline.Reset();
    done(std::move(result));
  });
}

void BoundedKind::Apply(const Instance& instance, std::function<void(Result<void>)> done) {
  TryToApply(instance, bounds_.tries - 1, bounds_.pause, std::move(done));
}

void BoundedKind::TryToApply(const Instance& instance, int tries_left, std::chrono::milliseconds pause, Done done) {
  Act(instance, "applying", &Kind::Apply, [this, instance, tries_left, pause, done](Result<void> result) {
    // What was given up is busy, and needs no further try.
    if (result || tries_left == 0 || !MayPass(result.error()) || Busy(instance.Key())) return done(result);
    LogWarning("{} failed and is tried again: {}", instance.Key(), result.error().message);
    pauses_[instance.Key()] = loop_.After(
        pause, [this, instance, tries_left, pause, done] { TryToApply(instance, tries_left - 1, pause * 2, done); });
  });
}

void BoundedKind::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  Act(instance, "confirming", &Kind::Confirm, std::move(done));
}

void BoundedKind::Remove(const Instance& instance, std::function<void(Result<void>)> done) {
  Act(instance, "removing", &Kind::Remove, std::move(done));
}

}  // namespace motley::agent
