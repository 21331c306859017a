#include "tests/support/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "common/base/result.h"

namespace motley::tests {
namespace {

namespace fs = std::filesystem;

// Killed processes are gone in far less; one that the kernel holds on to is nobody's to end.
constexpr int kRounds = 500;
constexpr int kRoundMs = 20;

bool HasMark(const fs::path& process, std::string_view mark) {
  std::ifstream file(process / "environ");
  const std::string environment{std::istreambuf_iterator<char>(file), {}};
  return environment.find(mark) != std::string::npos;
}

/// How many there were.
int KillMarked(std::string_view mark) {
  int killed = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (std::isdigit(static_cast<unsigned char>(name[0])) == 0 || !HasMark(entry.path(), mark)) continue;
    if (kill(std::stoi(name), SIGKILL) == 0) ++killed;
  }
  return killed;
}

[[noreturn]] void Keep(int alive, std::string_view mark) {
  // Neither what ends the test's group nor a pipe that it was given is the keeper's.
  setsid();
  dup2(alive, STDIN_FILENO);
  close_range(STDIN_FILENO + 1, ~0U, 0);
  char none = 0;
  while (read(STDIN_FILENO, &none, 1) < 0 && errno == EINTR) continue;
  // Again, since a process may have been starting another.
  for (int round = 0; round < kRounds && KillMarked(mark) > 0; ++round) poll(nullptr, 0, kRoundMs);
  _exit(0);
}

/// Not the signal that the kernel sends to the children of a thread that ends: it comes when a thread ends that started
/// a program for all, and it reaches no grandchild.
std::string StartKeeper() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string mark = "<" + std::to_string(getpid()) + "-" + std::to_string(now) + ">";
  int alive[2];
  CHECK(pipe2(alive, O_CLOEXEC) == 0);
  const pid_t starter = fork();
  CHECK(starter >= 0);
  if (starter == 0) {
    // Not our child, so that nothing that ends or waits for our children meets it.
    if (fork() == 0) Keep(alive[0], mark);
    _exit(0);
  }
  CHECK(waitpid(starter, nullptr, 0) == starter);
  close(alive[0]);
  // A test program that a test program started keeps the mark of that one.
  const char* outer = std::getenv(kMarkVariable);
  return (outer == nullptr ? "" : std::string(outer)) + mark;
}

}  // namespace

const std::string& ChildMark() {
  static const std::string mark = StartKeeper();
  return mark;
}

}  // namespace motley::tests
