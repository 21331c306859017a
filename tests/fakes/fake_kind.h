#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/kinds/kind.h"
#include "common/loop/loop.h"

namespace motley::tests {

/// What runs on a gateway that is not there: the digest of each key. It stays when the agent's objects are gone.
using FakeWorld = std::map<std::string, std::string>;

/// A kind over a FakeWorld that records its calls and fails when told.
class FakeKind final : public agent::Kind {
 public:
  FakeKind(Loop& loop, FakeWorld& world) : loop_(loop), world_(world) {}

  Result<void> Check(const agent::Instance& instance) override {
    calls.push_back("check " + instance.Key());
    if (unfit.contains(instance.Key())) return Error{Code::kInvalid, "it does not fit"};
    return {};
  }
  void Inspect(const agent::Instance& instance, std::function<void(Result<void>)> done) override {
    Result<void> result;
    if (rotten.contains(instance.Key())) result = Error{Code::kCorrupt, "its archive is damaged"};
    loop_.Post([result = std::move(result), done = std::move(done)] { done(result); });
  }
  void Observe(const agent::Instance& instance, std::function<void(agent::Observed)> done) override {
    agent::Observed observed;
    const auto found = world_.find(instance.Key());
    if (found == world_.end()) {
      observed.detail = "not there";
    } else if (found->second != instance.digest) {
      observed.match = agent::Observed::Match::kDiffers;
      observed.detail = "another version is there";
    } else {
      observed.match = agent::Observed::Match::kMatches;
      observed.state = v1::ReportedComponent::STATE_RUNNING;
    }
    loop_.Post([observed, done = std::move(done)] { done(observed); });
  }
  void Apply(const agent::Instance& instance, std::function<void(Result<void>)> done) override {
    calls.push_back("apply " + instance.Key());
    if (instance.component.process().command_size() > 0) {
      commands[instance.Key()] = instance.component.process().command(0);
    }
    Result<void> result;
    if (fails_to_apply.contains(instance.digest)) {
      world_[instance.Key()] = "half done";
      result = Error{Code::kInternal, "it broke"};
    } else {
      world_[instance.Key()] = instance.digest;
    }
    Finish(std::move(result), std::move(done));
  }
  void Confirm(const agent::Instance& instance, std::function<void(Result<void>)> done) override {
    calls.push_back("confirm " + instance.Key());
    Result<void> result;
    if (fails_to_confirm.contains(instance.digest)) result = Error{Code::kTimeout, "it never said hello"};
    Finish(std::move(result), std::move(done));
  }
  void Remove(const agent::Instance& instance, std::function<void(Result<void>)> done) override {
    calls.push_back("remove " + instance.Key());
    world_.erase(instance.Key());
    Finish({}, std::move(done));
  }
  void Commit() override { calls.push_back("commit"); }

  /// Answers are held back until Release.
  bool hold = false;
  void Release() {
    auto held = std::move(held_);
    held_.clear();
    for (auto& answer : held) loop_.Post(std::move(answer));
  }

  std::vector<std::string> calls;
  /// By key: the first word of the command that was applied last.
  std::map<std::string, std::string> commands;
  /// By key.
  std::set<std::string> unfit;
  /// By key: found by Inspect.
  std::set<std::string> rotten;
  /// By digest.
  std::set<std::string> fails_to_apply;
  std::set<std::string> fails_to_confirm;

 private:
  void Finish(Result<void> result, std::function<void(Result<void>)> done) {
    auto answer = [result = std::move(result), done = std::move(done)] { done(result); };
    if (hold) {
      held_.push_back(std::move(answer));
    } else {
      loop_.Post(std::move(answer));
    }
  }

  Loop& loop_;
  FakeWorld& world_;
  std::deque<std::function<void()>> held_;
};

}  // namespace motley::tests
