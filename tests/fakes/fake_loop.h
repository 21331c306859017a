#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "common/loop/loop.h"

namespace motley::tests {

/// A loop whose clock a test moves. Nothing runs by itself.
class FakeLoop final : public Loop {
 public:
  FakeLoop();

  /// Any thread, as of every loop.
  void Post(std::function<void()> task) override;
  Handle After(std::chrono::steady_clock::duration delay, std::function<void()> task) override;
  /// Never ready.
  Handle WatchReadable(int fd, std::function<void()> task) override;
  std::chrono::steady_clock::time_point Now() const override { return now_; }
  std::chrono::system_clock::time_point WallNow() const override;

  /// Runs what is posted, and what that posts, and timers that are due.
  void RunPosted();
  /// Runs what is posted, also by workers, until `done` holds. False: it does not after 20 s of real time, in which the
  /// loop's clock stands still.
  bool RunUntil(const std::function<bool()>& done);
  /// Moves the clock, stopping at each timer on the way.
  void Advance(std::chrono::steady_clock::duration time);
  std::size_t timers() const { return timers_->size(); }

 private:
  /// Nothing when none is posted.
  std::function<void()> TakePosted();

  using Timers = std::multimap<std::chrono::steady_clock::time_point, std::shared_ptr<std::function<void()>>>;
  std::chrono::steady_clock::time_point now_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> posted_;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
};

}  // namespace motley::tests
