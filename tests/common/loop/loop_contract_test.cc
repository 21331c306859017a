#include <gtest/gtest.h>

#include "common/loop/loop.h"
#include "tests/fakes/fake_loop.h"
#include "tests/support/wait.h"

namespace motley {
namespace {

using std::chrono::milliseconds;

/// A loop and how a test lets time pass on it.
struct Subject {
  virtual ~Subject() = default;
  virtual Loop& loop() = 0;
  virtual void Pass(milliseconds time) = 0;
};

struct RealSubject final : Subject {
  Loop& loop() override { return *real; }
  void Pass(milliseconds time) override {
    const auto until = real->Now() + time;
    tests::RunUntil(*real, [&] { return real->Now() >= until; });
  }
  std::unique_ptr<EventLoop> real = EventLoop::Create();
};

struct FakeSubject final : Subject {
  Loop& loop() override { return fake; }
  void Pass(milliseconds time) override { fake.Advance(time); }
  tests::FakeLoop fake;
};

/// What every test with a fake loop relies on must hold for the real one.
class LoopContract : public testing::TestWithParam<std::function<std::unique_ptr<Subject>()>> {
 protected:
  std::unique_ptr<Subject> subject_ = GetParam()();
  Loop& loop_ = subject_->loop();
};

TEST_P(LoopContract, RunsPostedTasksInOrderAndNotAtOnce) {
  std::string order;
  loop_.Post([&] { order += "a"; });
  loop_.Post([&] {
    order += "b";
    loop_.Post([&] { order += "d"; });
  });
  loop_.Post([&] { order += "c"; });
  EXPECT_EQ(order, "");
  subject_->Pass(milliseconds(5));
  EXPECT_EQ(order, "abcd");
}

TEST_P(LoopContract, RunsTimersInTheOrderOfTheirTimesOnce) {
  std::string order;
  const Handle late = loop_.After(milliseconds(20), [&] { order += "2"; });
  const Handle early = loop_.After(milliseconds(5), [&] { order += "1"; });
  subject_->Pass(milliseconds(60));
  EXPECT_EQ(order, "12");
}

TEST_P(LoopContract, NeverRunsATimerAtOnce) {
  bool ran = false;
  const Handle timer = loop_.After(milliseconds(0), [&] { ran = true; });
  EXPECT_FALSE(ran);
  subject_->Pass(milliseconds(5));
  EXPECT_TRUE(ran);
}

TEST_P(LoopContract, DoesNotRunWhatWasGivenUp) {
  bool ran = false;
  Handle timer = loop_.After(milliseconds(5), [&] { ran = true; });
  timer = Handle();
  subject_->Pass(milliseconds(30));
  EXPECT_FALSE(ran);
}

TEST_P(LoopContract, LetsTimePass) {
  const auto before = loop_.Now();
  const auto wall_before = loop_.WallNow();
  subject_->Pass(milliseconds(10));
  EXPECT_GE(loop_.Now() - before, milliseconds(10));
  EXPECT_GT(loop_.WallNow(), wall_before);
}

INSTANTIATE_TEST_SUITE_P(Loops, LoopContract,
                         testing::Values([] { return std::unique_ptr<Subject>(new RealSubject); },
                                         [] { return std::unique_ptr<Subject>(new FakeSubject); }));

}  // namespace
}  // namespace motley
