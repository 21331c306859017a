#include "agent/health/health.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace motley::agent {
namespace {

// Most checks take milliseconds; so many that hang do not stop the rest.
constexpr std::size_t kWorkers = 4;

}  // namespace

Health::Health(Loop& loop, ArtifactPath artifact, std::string work_folder, SshClient ssh)
    : loop_(loop), setup_{std::move(artifact), std::move(work_folder) + "/health-scripts", std::move(ssh)} {
  // Scripts of components that are gone; those that are still there are written again.
  std::error_code ignored;
  std::filesystem::remove_all(setup_.work_folder, ignored);
  busy_.assign(kWorkers, false);
  for (std::size_t i = 0; i < kWorkers; ++i) {
    workers_.push_back(std::make_unique<Worker>(loop_, "health-" + std::to_string(i)));
  }
}

Health::~Health() { *alive_ = false; }

void Health::Confirm(const Instance& instance, std::function<void(Result<void>)> done) {
  const auto& check = instance.component.health();
  const std::string key = instance.Key();
  if (confirmations_.contains(key)) {
    Confirmed(key, Error{Code::kConflict, "its confirmation was begun anew"});
  }
  if (!HasCheck(check)) {
    loop_.Post([alive = alive_, done = std::move(done)] {
      if (*alive) done({});
    });
    return;
  }
  confirmations_.emplace(key, Confirmation{.instance = instance,
                                           .state = HealthState(check, loop_.Now()),
                                           .done = std::move(done),
                                           .generation = ++generations_});
  CheckToConfirm(key);
}

void Health::CheckToConfirm(const std::string& key) {
  Confirmation& confirmation = confirmations_.at(key);
  Enqueue(confirmation.instance,
          [this, key, generation = confirmation.generation, began = loop_.Now()](const Result<void>& result) {
            const auto found = confirmations_.find(key);
            if (found == confirmations_.end() || found->second.generation != generation) return;
            HealthState& state = found->second.state;
            const auto now = loop_.Now();
            state.Checked(result, began, now);
            switch (state.verdict()) {
              case HealthState::Verdict::kHealthy:
                return Confirmed(key, {});
              case HealthState::Verdict::kUnhealthy:
                return Confirmed(key, Error{result.error().code, "is not healthy: " + state.Reason()});
              case HealthState::Verdict::kUndecided:
                found->second.timer = loop_.After(state.next() - now, [this, key] { CheckToConfirm(key); });
            }
          });
}

void Health::Confirmed(const std::string& key, const Result<void>& result) {
  const auto found = confirmations_.find(key);
  auto done = std::move(found->second.done);
  confirmations_.erase(found);
  // Not from within: the caller may be in Confirm.
  loop_.Post([alive = alive_, done = std::move(done), result] {
    if (*alive) done(result);
  });
}

void Health::Watch(const std::vector<Instance>& instances, Events events) {
  events_ = std::move(events);
  std::map<std::string, Watched> watched;
  std::vector<std::string> fresh;
  for (const Instance& instance : instances) {
    if (!HasCheck(instance.component.health())) continue;
    const std::string key = instance.Key();
    const auto before = watched_.find(key);
    if (before != watched_.end() && before->second.instance.digest == instance.digest) {
      watched.emplace(key, std::move(before->second));
      continue;
    }
    watched.emplace(key, Watched{.instance = instance,
                                 .state = HealthState(instance.component.health(), loop_.Now()),
                                 .generation = ++generations_});
    fresh.push_back(key);
  }
  watched_ = std::move(watched);
  for (const std::string& key : fresh) Schedule(key);
}

std::optional<std::string> Health::Unhealthy(const std::string& key) const {
  const auto found = watched_.find(key);
  if (found == watched_.end() || found->second.reason.empty()) return std::nullopt;
  return found->second.reason;
}

void Health::Pause(const std::string& key) {
  const auto found = watched_.find(key);
  if (found == watched_.end()) return;
  found->second.paused = true;
  found->second.generation = ++generations_;
  found->second.timer.Reset();
}

void Health::Resume(const std::string& key) {
  const auto found = watched_.find(key);
  if (found == watched_.end() || !found->second.paused) return;
  Watched old = std::move(found->second);
  watched_.erase(found);
  watched_.emplace(key, Watched{.instance = old.instance,
                                .state = HealthState(old.instance.component.health(), loop_.Now()),
                                .reason = old.reason,
                                .generation = ++generations_});
  Schedule(key);
}

void Health::Schedule(const std::string& key) {
  Watched& watched = watched_.at(key);
  const auto delay = std::max(watched.state.next() - loop_.Now(), std::chrono::steady_clock::duration::zero());
  watched.timer = loop_.After(delay, [this, key] { CheckWatched(key); });
}

void Health::CheckWatched(const std::string& key) {
  const Watched& watched = watched_.at(key);
  Enqueue(watched.instance,
          [this, key, generation = watched.generation, began = loop_.Now()](const Result<void>& result) {
            const auto found = watched_.find(key);
            if (found == watched_.end() || found->second.generation != generation) return;
            const auto before = found->second.state.verdict();
            found->second.state.Checked(result, began, loop_.Now());
            Schedule(key);
            if (found->second.state.verdict() != before) VerdictChanged(key);
          });
}

void Health::VerdictChanged(const std::string& key) {
  Watched& watched = watched_.at(key);
  // The events may call Watch, Pause and Resume.
  const Events events = events_;
  if (watched.state.verdict() == HealthState::Verdict::kUnhealthy) {
    watched.reason = watched.state.Reason();
    if (events.unhealthy) events.unhealthy(key, std::string(watched.reason));
    return;
  }
  if (std::exchange(watched.reason, "").empty()) return;
  if (events.healthy) events.healthy(key);
}

void Health::Enqueue(const Instance& instance, std::function<void(Result<void>)> done) {
  queue_.push_back({{instance.Key(), instance.component.health(), instance.host}, std::move(done)});
  StartJobs();
}

void Health::StartJobs() {
  for (std::size_t i = 0; i < busy_.size() && !queue_.empty(); ++i) {
    if (busy_[i]) continue;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    busy_[i] = true;
    workers_[i]->Run([setup = setup_, target = std::move(job.target)] { return Probe(setup, target); },
                     [this, i, done = std::move(job.done)](const Result<void>& result) {
                       busy_[i] = false;
                       done(result);
                       StartJobs();
                     });
  }
}

}  // namespace motley::agent
