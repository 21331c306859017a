#include "agent/unpack/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "tests/support/program.h"

namespace motley::agent {
namespace {

/// What `attempt` says in a process that has given up its rights.
bool Confined(const std::function<bool()>& attempt) {
  const pid_t child = fork();
  if (child == 0) {
    if (!Confine()) _exit(3);
    _exit(attempt() ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_LE(WEXITSTATUS(status), 1);
  return WEXITSTATUS(status) == 1;
}

TEST(Confine, LeavesOnlyWhatIsOpen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto still = [&] { return fcntl(ends[1], F_GETFD) != -1; };
  EXPECT_FALSE(Confined(still)) << "descriptors beyond the first three are closed";
  EXPECT_TRUE(Confined([] { return write(1, "", 0) == 0; }));
  EXPECT_TRUE(Confined([] { return std::string(100 << 20, 'x').back() == 'x'; })) << "it has memory";
  close(ends[0]);
  close(ends[1]);
}

TEST(Confine, GivesUpEverythingElse) {
  EXPECT_FALSE(Confined([] { return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0; }));
  EXPECT_FALSE(Confined([] { return mkdir("/confined", 0700) == 0; }));
  EXPECT_FALSE(Confined([] { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0; }));
  EXPECT_FALSE(Confined([] { return dup(0) >= 0; }));
  EXPECT_FALSE(Confined([] { return kill(getppid(), 0) == 0; }));
  EXPECT_FALSE(Confined([] {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    return child > 0;
  }));
  EXPECT_FALSE(Confined([] { return setuid(0) == 0 && getuid() == 0; }));
}

TEST(MotleyUnpack, SaysHowItIsCalled) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, {"zip"}, {"tar", "x"}}) {
    auto all = arguments;
    all.insert(all.begin(), tests::Built("motley-unpack"));
    const auto ended = tests::RunProgram(all, {});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_NE(ended.output.find("usage: motley-unpack tar|deb-control < FILE"), std::string::npos) << ended.output;
  }
}

}  // namespace
}  // namespace motley::agent
