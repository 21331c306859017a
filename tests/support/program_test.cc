#include "tests/support/program.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/folder.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

/// Of leave-programs, which is a test program like any other.
class LeftProgramsTest : public testing::Test {
 protected:
  std::vector<std::string> Command(const std::string& end) const {
    return {MOTLEY_TESTS_DIR "/leave-programs", folder_.path(), end};
  }

  void ExpectAllEnd() {
    for (const char* name : {"child", "orphan", "grandchild"}) {
      int pid = 0;
      std::ifstream(folder_ / name) >> pid;
      ASSERT_GT(pid, 1) << name;
      EXPECT_TRUE(WaitFor([&] { return !Runs(pid); })) << name << " " << pid << " still runs";
    }
  }

  TemporaryFolder folder_;

 private:
  // One that has ended may wait for its parent for ever.
  static bool Runs(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto state = text.rfind(')');
    return state != std::string::npos && text.substr(state, 3) != ") Z";
  }
};

TEST_F(LeftProgramsTest, EndWithATestProgramThatAborts) {
  EXPECT_EQ(RunProgram(Command("abort")).exit_code, 128 + SIGABRT);
  ExpectAllEnd();
}

TEST_F(LeftProgramsTest, EndWithATestProgramThatIsKilled) {
  const auto program = Program::Start({Command("wait"), {}, ""});
  ASSERT_TRUE(WaitFor([&] { return std::filesystem::exists(folder_ / "ready"); }));
  program->Kill();
  ExpectAllEnd();
}

}  // namespace
}  // namespace motley::tests
