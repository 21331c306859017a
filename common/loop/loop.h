#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "common/base/result.h"

namespace motley {

/// Something under way that ends with this object: a timer, a watch, a subscription. Move-only; loop thread only.
class [[nodiscard]] Handle {
 public:
  Handle() = default;
  explicit Handle(std::function<void()> release) : release_(std::move(release)) {}
  Handle(Handle&& other) noexcept : release_(std::exchange(other.release_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      Reset();
      release_ = std::exchange(other.release_, nullptr);
    }
    return *this;
  }
  ~Handle() { Reset(); }

  void Reset() {
    if (auto release = std::exchange(release_, nullptr)) release();
  }

 private:
  std::function<void()> release_;
};

/// The event loop: one thread on which every decision is made and all state lives. Owners outlive the loop's run.
class Loop {
 public:
  virtual ~Loop() = default;

  /// Runs `task` on the loop's thread, after what was posted before. Any thread.
  virtual void Post(std::function<void()> task) = 0;

  /// Runs `task` once after `delay`, unless the handle ends first. Loop thread only.
  virtual Handle After(std::chrono::steady_clock::duration delay, std::function<void()> task) = 0;

  /// Runs `task` whenever `fd` can be read, level-triggered. `fd` stays the caller's, outlives the handle, and is of a
  /// kind that epoll takes. Loop thread only.
  virtual Handle WatchReadable(int fd, std::function<void()> task) = 0;

  /// Any thread.
  virtual std::chrono::steady_clock::time_point Now() const = 0;
  virtual std::chrono::system_clock::time_point WallNow() const = 0;
};

/// Microseconds since 1970-01-01 UTC, by the loop's wall clock.
inline std::int64_t WallMicros(const Loop& loop) {
  return std::chrono::duration_cast<std::chrono::microseconds>(loop.WallNow().time_since_epoch()).count();
}

/// The loop of a process, on Boost.Asio.
class EventLoop : public Loop {
 public:
  static std::unique_ptr<EventLoop> Create();

  /// Runs until Stop or one of SIGINT and SIGTERM. The number of the signal, 0 after Stop.
  virtual int Run() = 0;
  /// Any thread.
  virtual void Stop() = 0;
};

}  // namespace motley
