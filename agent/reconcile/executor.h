#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/health/health.h"
#include "agent/kinds/kind.h"
#include "agent/reconcile/plan.h"
#include "agent/store/store.h"
#include "common/loop/loop.h"

namespace motley::agent {

/// By KindName: "process", "file", ...; "ssh" is whatever stands on an ssh host.
using Kinds = std::map<std::string, std::unique_ptr<Kind>, std::less<>>;

/// What carries out `instance`, or null.
Kind* FindKind(const Kinds& kinds, const Instance& instance);

/// Looks at instances, all at once. Every instance's kind is in `kinds`, or it is seen as kUnknown.
void Observe(Loop& loop, const Kinds& kinds, std::vector<Instance> instances,
             std::function<void(std::vector<Sighting>)> done);

/// Carries out one plan: each step when those before it have succeeded, with a row in the journal before the act; an
/// applied component is confirmed, by its kind and its health check, before its dependents start. After a failure no
/// further step starts, and when those under way have ended, the first error is the result. Loop thread only.
class Executor {
 public:
  struct Events {
    /// A step ended well, and what is there now. An applied component is told of twice: as STARTING when it was
    /// applied, and as it was seen when it was confirmed.
    std::function<void(const Step&, const Observed&)> step_done;
    /// The plan ended. May destroy the executor.
    std::function<void(Result<void>)> done;
  };
  Executor(Loop& loop, Store& store, const Kinds& kinds, Health& health, std::uint64_t revision, Direction direction,
           std::vector<Step> steps, Events events);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  ~Executor();

  void Start();
  /// Begins no further step; ends as if one had failed.
  void Stop();
  std::size_t steps_done() const { return finished_; }
  std::size_t steps_total() const { return steps_.size(); }

 private:
  enum class State { kWaiting, kRunning, kDone };
  void StartReady();
  bool Ready(std::size_t index) const;
  void Begin(std::size_t index);
  void Apply(std::size_t index, std::int64_t row);
  void Applied(std::size_t index, std::int64_t row, Result<void> result);
  void ConfirmHealth(std::size_t index, std::int64_t row);
  void Confirmed(std::size_t index, std::int64_t row, Result<void> result);
  void End(std::size_t index, std::int64_t row, Result<void> result, const Observed& observed);
  template <typename Function>
  auto WhileAlive(Function function);

  Loop& loop_;
  Store& store_;
  const Kinds& kinds_;
  Health& health_;
  const std::uint64_t revision_;
  const Direction direction_;
  const std::vector<Step> steps_;
  const Events events_;
  std::vector<State> states_;
  std::size_t running_ = 0;
  std::size_t finished_ = 0;
  Result<void> outcome_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace motley::agent
