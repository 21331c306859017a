#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "common/loop/loop.h"

namespace motley::controller {

/// A loop that runs on a thread of its own, so that a test can be the client.
class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_->Run(); }) {}
  ~LoopThread() { Stop(); }

  Loop& loop() { return *loop_; }
  void Stop() {
    if (!thread_.joinable()) return;
    // By a task: a stop before the run has begun would be forgotten.
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }
  /// Runs `task` on the loop and waits for its end.
  void RunOnLoop(const std::function<void()>& task) {
    std::promise<void> done;
    loop_->Post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  std::thread thread_;
};

}  // namespace motley::controller
