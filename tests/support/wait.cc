#include "tests/support/wait.h"

#include <poll.h>

namespace motley::tests {
namespace {
constexpr int kLookEveryMs = 2;
}

bool WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    poll(nullptr, 0, kLookEveryMs);
  }
  return true;
}

bool RunUntil(EventLoop& loop, const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto until = loop.Now() + patience;
  bool holds = false;
  Handle timer;
  std::function<void()> look = [&] {
    holds = condition();
    if (holds || loop.Now() > until) return loop.Stop();
    timer = loop.After(std::chrono::milliseconds(kLookEveryMs), look);
  };
  timer = loop.After(std::chrono::milliseconds(0), look);
  loop.Run();
  return holds;
}

}  // namespace motley::tests
