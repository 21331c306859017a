#include "common/loop/loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "common/loop/worker.h"
#include "tests/support/wait.h"

namespace motley {
namespace {

using std::chrono::milliseconds;
using tests::RunUntil;

TEST(EventLoop, RunsWhatOtherThreadsPostInOrder) {
  auto loop = EventLoop::Create();
  std::vector<int> seen;
  std::thread thread([&] {
    for (int i = 0; i < 100; ++i) loop->Post([&seen, i] { seen.push_back(i); });
  });
  ASSERT_TRUE(RunUntil(*loop, [&] { return seen.size() == 100; }));
  thread.join();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST(EventLoop, DoesNotRunATimerWhoseHandleEnded) {
  auto loop = EventLoop::Create();
  bool wrong = false, right = false;
  Handle ended = loop->After(milliseconds(1), [&] { wrong = true; });
  Handle kept = loop->After(milliseconds(5), [&] { right = true; });
  ended.Reset();
  ASSERT_TRUE(RunUntil(*loop, [&] { return right; }));
  EXPECT_FALSE(wrong);
}

TEST(EventLoop, LetsATimerReplaceItself) {
  auto loop = EventLoop::Create();
  int count = 0;
  Handle timer;
  std::function<void()> again = [&] {
    if (++count < 3) timer = loop->After(milliseconds(1), again);
  };
  timer = loop->After(milliseconds(1), again);
  EXPECT_TRUE(RunUntil(*loop, [&] { return count == 3; }));
}

TEST(EventLoop, TellsWhenADescriptorCanBeRead) {
  auto loop = EventLoop::Create();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::string received;
  Handle watch = loop->WatchReadable(ends[0], [&] {
    char byte;
    if (read(ends[0], &byte, 1) == 1) received += byte;
  });
  ASSERT_EQ(write(ends[1], "ab", 2), 2);
  ASSERT_TRUE(RunUntil(*loop, [&] { return received == "ab"; }));
  watch.Reset();
  ASSERT_EQ(write(ends[1], "c", 1), 1);
  EXPECT_FALSE(RunUntil(
      *loop, [&] { return received.size() > 2; }, milliseconds(50)));
  close(ends[0]);
  close(ends[1]);
}

TEST(EventLoop, EndsWithTheNumberOfASignal) {
  auto loop = EventLoop::Create();
  loop->Post([] { kill(getpid(), SIGTERM); });
  EXPECT_EQ(loop->Run(), SIGTERM);
}

TEST(Worker, DoesJobsElsewhereAndAnswersOnTheLoop) {
  auto loop = EventLoop::Create();
  Worker worker(*loop, "test");
  const auto here = std::this_thread::get_id();
  std::thread::id job_thread, done_thread;
  worker.Run([] { return std::make_unique<std::thread::id>(std::this_thread::get_id()); },
             [&](std::unique_ptr<std::thread::id> id) {
               job_thread = *id;
               done_thread = std::this_thread::get_id();
             });
  ASSERT_TRUE(RunUntil(*loop, [&] { return done_thread != std::thread::id(); }));
  EXPECT_EQ(done_thread, here);
  EXPECT_NE(job_thread, here);
}

TEST(Worker, DropsTheAnswerOfAJobThatItOutlivesNot) {
  auto loop = EventLoop::Create();
  bool answered = false;
  {
    Worker worker(*loop, "test");
    worker.Run([] { return 1; }, [&](int) { answered = true; });
  }
  EXPECT_FALSE(RunUntil(
      *loop, [&] { return answered; }, milliseconds(20)));
}

}  // namespace
}  // namespace motley
