#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "common/loop/loop.h"

namespace motley {

/// A thread for blocking work: jobs run one after another, and what comes out is posted back to the loop.
///
/// Jobs own what they use; the worker shares no state with the loop. Its destructor drops the jobs that have not
/// started and waits for the one that runs, whose result is dropped too.
class Worker {
 public:
  /// `name` is the thread's, at most 15 characters.
  Worker(Loop& loop, const std::string& name);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs `job` on the worker, then `done` with its value on the loop. Loop thread only.
  template <typename Job, typename Done>
  void Run(Job job, Done done) {
    auto call = std::make_shared<std::pair<Job, Done>>(std::move(job), std::move(done));
    Enqueue([this, call] { PostBack([value = call->first(), call]() mutable { call->second(std::move(value)); }); });
  }

 private:
  /// Lets a posted result find out that its worker is gone; touched on the loop thread only.
  using Alive = std::shared_ptr<bool>;

  template <typename Task>
  void PostBack(Task task) {
    // std::function wants copies; results are often move-only.
    auto shared = std::make_shared<Task>(std::move(task));
    loop_.Post([alive = alive_, shared] {
      if (*alive) (*shared)();
    });
  }
  void Enqueue(std::function<void()> job);
  void Main();

  Loop& loop_;
  Alive alive_ = std::make_shared<bool>(true);
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace motley
