#include "tests/fakes/fake_loop.h"

namespace motley::tests {

FakeLoop::FakeLoop() : now_(std::chrono::hours(1000)) {}

void FakeLoop::Post(std::function<void()> task) { posted_.push_back(std::move(task)); }

Handle FakeLoop::After(std::chrono::steady_clock::duration delay, std::function<void()> task) {
  auto shared = std::make_shared<std::function<void()>>(std::move(task));
  timers_->emplace(now_ + delay, shared);
  return Handle([timers = timers_, shared] {
    std::erase_if(*timers, [&](const auto& timer) { return timer.second == shared; });
  });
}

Handle FakeLoop::WatchReadable(int, std::function<void()>) { return Handle(); }

std::chrono::system_clock::time_point FakeLoop::WallNow() const {
  // 2026-01-01T00:00:00Z and what has passed.
  return std::chrono::system_clock::time_point(std::chrono::seconds(1'767'225'600)) +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(now_.time_since_epoch());
}

void FakeLoop::RunPosted() {
  while (true) {
    if (!posted_.empty()) {
      auto task = std::move(posted_.front());
      posted_.pop_front();
      task();
    } else if (!timers_->empty() && timers_->begin()->first <= now_) {
      auto task = timers_->begin()->second;
      timers_->erase(timers_->begin());
      (*task)();
    } else {
      return;
    }
  }
}

void FakeLoop::Advance(std::chrono::steady_clock::duration time) {
  const auto until = now_ + time;
  RunPosted();
  while (!timers_->empty() && timers_->begin()->first <= until) {
    now_ = timers_->begin()->first;
    RunPosted();
  }
  now_ = until;
}

}  // namespace motley::tests
