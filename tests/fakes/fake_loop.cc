#include "tests/fakes/fake_loop.h"

namespace motley::tests {

FakeLoop::FakeLoop() : now_(std::chrono::hours(1000)) {}

void FakeLoop::Post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
  wake_.notify_all();
}

std::function<void()> FakeLoop::TakePosted() {
  const std::lock_guard lock(mutex_);
  if (posted_.empty()) return nullptr;
  auto task = std::move(posted_.front());
  posted_.pop_front();
  return task;
}

bool FakeLoop::RunUntil(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (true) {
    RunPosted();
    if (done()) return true;
    std::unique_lock lock(mutex_);
    if (!wake_.wait_until(lock, deadline, [&] { return !posted_.empty(); })) return false;
  }
}

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
    if (auto posted = TakePosted()) {
      posted();
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
