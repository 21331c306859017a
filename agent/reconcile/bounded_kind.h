#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "agent/kinds/kind.h"
#include "common/loop/loop.h"

namespace motley::agent {

/// How long the calls of a kind may take, and how often one is tried.
struct KindBounds {
  std::chrono::milliseconds observe{60'000};
  std::chrono::milliseconds inspect{60'000};
  /// The slowest that is known: a large image over a slow line, a large firmware at 9600 baud.
  std::chrono::milliseconds act{15 * 60'000};
  /// Of an Apply that fails for a reason which may pass: kUnavailable, kTimeout.
  int tries = 3;
  /// Before the second try; doubled before each further one.
  std::chrono::milliseconds pause{1'000};
};

/// A kind within bounds: every call ends, and what fails for the moment is tried again. A call that is given up goes on
/// behind the scenes; until it ends, its key is busy and every other call for it fails at once, so that one component
/// that hangs keeps nothing else from being deployed. Loop thread only.
class BoundedKind final : public Kind {
 public:
  BoundedKind(Loop& loop, std::unique_ptr<Kind> kind, KindBounds bounds);
  ~BoundedKind() override;

  void Prepare(std::function<void()> done) override { kind_->Prepare(std::move(done)); }
  Result<void> Check(const Instance& instance) override { return kind_->Check(instance); }
  /// Also of a key that is busy: it touches nothing.
  void Inspect(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Commit() override { kind_->Commit(); }

 private:
  using Done = std::function<void(Result<void>)>;
  struct Call;
  void Act(const Instance& instance, std::string_view what, void (Kind::*act)(const Instance&, Done), Done done);
  void TryToApply(const Instance& instance, int tries_left, std::chrono::milliseconds pause, Done done);
  bool Busy(const std::string& key) const { return busy_.contains(key); }

  Loop& loop_;
  const std::unique_ptr<Kind> kind_;
  const KindBounds bounds_;
  /// Keys with a call that was given up and has not ended.
  std::set<std::string> busy_;
  std::map<std::string, Handle> pauses_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace motley::agent
