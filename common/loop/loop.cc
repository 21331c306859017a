#include "common/loop/loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

namespace motley {
namespace {

namespace asio = boost::asio;

struct ScheduledTask {
  explicit ScheduledTask(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::function<void()> task;
};

struct Watched {
  Watched(asio::io_context& context, int fd) : descriptor(context, fd) {}
  // The descriptor belongs to the caller: only the registration is ours.
  ~Watched() { descriptor.release(); }
  asio::posix::stream_descriptor descriptor;
  std::function<void()> task;
  bool active = true;
};

void WaitAgain(const std::shared_ptr<Watched>& watched) {
  watched->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                 [watched](const boost::system::error_code& error) {
                                   if (error || !watched->active) return;
                                   watched->task();
                                   if (watched->active) WaitAgain(watched);
                                 });
}

class AsioLoop final : public EventLoop {
 public:
  // One thread runs the context; other threads only post.
  AsioLoop() : context_(1), signals_(context_, SIGINT, SIGTERM), keep_running_(context_.get_executor()) {}

  void Post(std::function<void()> task) override { asio::post(context_, std::move(task)); }

  Handle After(std::chrono::steady_clock::duration delay, std::function<void()> task) override {
    auto scheduled = std::make_shared<ScheduledTask>(context_);
    scheduled->task = std::move(task);
    scheduled->timer.expires_after(delay);
    scheduled->timer.async_wait([scheduled](const boost::system::error_code& error) {
      // The handle may have ended after the timer fired and before this runs: then the task is gone.
      if (auto run = std::exchange(scheduled->task, nullptr); !error && run) run();
    });
    return Handle([scheduled] {
      scheduled->task = nullptr;
      scheduled->timer.cancel();
    });
  }

  Handle WatchReadable(int fd, std::function<void()> task) override {
    auto watched = std::make_shared<Watched>(context_, fd);
    watched->task = std::move(task);
    WaitAgain(watched);
    return Handle([watched] {
      watched->active = false;
      watched->descriptor.cancel();
      // At once, not when the last handler has run: the caller may close the descriptor now.
      watched->descriptor.release();
    });
  }

  std::chrono::steady_clock::time_point Now() const override { return std::chrono::steady_clock::now(); }
  std::chrono::system_clock::time_point WallNow() const override { return std::chrono::system_clock::now(); }

  int Run() override {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      signal_ = signal;
      context_.stop();
    });
    context_.restart();
    context_.run();
    return signal_;
  }

  void Stop() override { context_.stop(); }

 private:
  asio::io_context context_;
  asio::signal_set signals_;
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_;
  int signal_ = 0;
};

}  // namespace

std::unique_ptr<EventLoop> EventLoop::Create() { return std::make_unique<AsioLoop>(); }

}  // namespace motley
