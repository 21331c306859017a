#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/tools/boards/board_rig.h"

namespace motley {
namespace {

using ::testing::HasSubstr;

template <typename Condition>
bool Eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

TEST(WithBoards, ExitsWithTheCommandsCodeAndSavesTheFlash) {
  BoardRig rig({"uno:A1"});
  EXPECT_EQ(rig.Run("exit 7").exit_code, 7);
  EXPECT_EQ(std::filesystem::file_size(rig.folder() / "A1.flash"), 32768u);
}

TEST(WithBoards, PassesATerminationOnAndStaysUntilTheCommandEnds) {
  BoardRig rig({"uno:A1"});
  const pid_t pid = rig.Start(R"(
    trap 'board A1 lines; exit 5' TERM
    touch $DIR/waiting
    while true; do sleep 0.05; done)");
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(rig.folder() / "waiting"); }));
  kill(pid, SIGTERM);
  const Outcome outcome = rig.Finish(pid);
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.output, HasSubstr("dtr=0 rts=0"));
}

TEST(WithBoards, RunsBesideAnotherOneWithTheSamePortNames) {
  BoardRig one({"uno:ONE"});
  BoardRig two({"uno:TWO"});
  const auto script = [](const BoardRig& other) {
    return "touch $DIR/here; for i in $(seq 200); do [ -e " + (other.folder() / "here").string() +
           " ] && break; sleep 0.02; done; port_probe list";
  };
  const pid_t first = one.Start(script(two));
  const pid_t second = two.Start(script(one));
  EXPECT_EQ(one.Finish(first).output, "/dev/ttyACM0 2341:0043 ONE\n");
  EXPECT_EQ(two.Finish(second).output, "/dev/ttyACM0 2341:0043 TWO\n");
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status("/dev/ttyACM0")));
}

TEST(WithBoards, SaysWhyACommandCanNotBeStarted) {
  BoardRig rig({"uno:A1"});
  const Outcome outcome = rig.Run("exec /no/such/program");
  EXPECT_EQ(outcome.exit_code, 127);
  EXPECT_THAT(outcome.output, HasSubstr("/no/such/program"));
}

TEST(WithBoards, RefusesAFlashFileThatIsLargerThanTheChip) {
  const std::string image = std::filesystem::canonical("/proc/self/exe").string();
  BoardRig rig({"uno:A1:" + image});
  const Outcome outcome = rig.Run("true");
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("board A1: the simulator did not start; see "));
}

TEST(BoardControl, NamesTheUnknownBoardAndCommand) {
  BoardRig rig({"uno:A1"});
  const Outcome outcome = rig.Run("board B9 stat; board A1 explode; board list");
  EXPECT_THAT(outcome.output, HasSubstr("board \"B9\": no such serial number"));
  EXPECT_THAT(outcome.output, HasSubstr("command \"explode\": unknown"));
  EXPECT_THAT(outcome.output, HasSubstr("A1 uno /dev/ttyACM0 plugged"));
}

}  // namespace
}  // namespace motley
