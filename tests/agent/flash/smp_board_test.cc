// MCUmgr's SMP on virtual boards with MCUboot, by the real library: what a board holds afterwards is what the simulator
// finds in its memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/agent/flash/smp_boards.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kOldRuns[] = "slot0=1.0.0,active,confirmed";
constexpr char kNewOnTrial[] = "slot0=1.1.0,active slot1=1.0.0,confirmed";
constexpr char kNewKept[] = "slot0=1.1.0,active,confirmed slot1=1.0.0";

class SmpBoardTest : public testing::Test {
 protected:
  SmpBoardTest() { boards_.Tell(0, {"flash-time", "off"}); }

  /// After a flash: the board has restarted.
  std::string SlotsAfter(std::uint64_t resets) const {
    EXPECT_TRUE(WaitFor([&] { return boards_.Statistic(0, "resets") >= resets; }));
    return boards_.Slots(0);
  }
  std::uint64_t Resets() const { return boards_.Statistic(0, "resets"); }

  const SmpBoards boards_{1, 5'000};
  const std::string new_ = boards_.Put("1.1.0", 6'000);
};

TEST_F(SmpBoardTest, StartAnImageOnceAndKeepIt) {
  const std::uint64_t resets = Resets();
  const auto flashed = boards_.Flash(0, new_);
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_THAT(flashed.output, HasSubstr("written=6072 skipped=0"));
  EXPECT_EQ(SlotsAfter(resets + 1), kNewOnTrial);
  EXPECT_TRUE(boards_.Holds(0, new_));
  const auto kept = boards_.Keep(0, new_);
  EXPECT_EQ(kept.exit_code, 0) << kept.output;
  EXPECT_EQ(boards_.Slots(0), kNewKept);
  boards_.Tell(0, {"reset"});
  EXPECT_EQ(boards_.Slots(0), kNewKept);
  // Nothing was lost on the way, and there was nothing to write a second time.
  EXPECT_EQ(boards_.Statistic(0, "lost_requests"), 0u);
  EXPECT_EQ(boards_.Statistic(0, "dropped_lines"), 0u);
  EXPECT_THAT(boards_.Flash(0, new_).output, HasSubstr("written=0 skipped=6072"));
}

TEST_F(SmpBoardTest, GoBackWhenNobodyKeepsTheImage) {
  const std::uint64_t resets = Resets();
  ASSERT_EQ(boards_.Flash(0, new_).exit_code, 0);
  EXPECT_EQ(SlotsAfter(resets + 1), kNewOnTrial);
  boards_.Tell(0, {"reset"});
  EXPECT_THAT(boards_.Slots(0), StartsWith(kOldRuns));
  EXPECT_TRUE(boards_.Holds(0, boards_.first()));
  // To confirm it now would start it again.
  EXPECT_THAT(boards_.Keep(0, new_).output,
              AllOf(StartsWith("corrupt: "), HasSubstr("does not run version 1.1.0 any more")));
  boards_.Tell(0, {"reset"});
  EXPECT_THAT(boards_.Slots(0), StartsWith(kOldRuns));
}

TEST_F(SmpBoardTest, LeaveNoTrialOfOthersInTheWay) {
  const std::string other = boards_.Put("1.2.0", 5'500);
  std::uint64_t resets = Resets();
  ASSERT_EQ(boards_.Flash(0, other).exit_code, 0);
  EXPECT_EQ(SlotsAfter(resets + 1), "slot0=1.2.0,active slot1=1.0.0,confirmed");
  // It goes back first: the slot that is to be written holds what is kept.
  auto flashed = boards_.Flash(0, new_);
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_EQ(SlotsAfter(resets + 3), kNewOnTrial);
  // The same image again: it is in the other slot once the board has gone back, and is started from there.
  flashed = boards_.Flash(0, new_);
  EXPECT_THAT(flashed.output, HasSubstr("written=0 skipped=6072"));
  EXPECT_EQ(SlotsAfter(resets + 5), kNewOnTrial);
  // And the one that is kept.
  flashed = boards_.Flash(0, boards_.first());
  EXPECT_THAT(flashed.output, HasSubstr("written=0 skipped=5072"));
  EXPECT_THAT(SlotsAfter(resets + 7), StartsWith(kOldRuns));
}

TEST_F(SmpBoardTest, StartNothingThatMcubootRejects) {
  boards_.Tell(0, {"reject", "on"});
  const std::uint64_t resets = Resets();
  ASSERT_EQ(boards_.Flash(0, new_).exit_code, 0);
  EXPECT_EQ(SlotsAfter(resets + 1), "slot0=1.0.0,active,confirmed slot1=none");
  EXPECT_THAT(boards_.Keep(0, new_).output, HasSubstr("does not run version 1.1.0"));
}

TEST_F(SmpBoardTest, SayWhyABoardRefuses) {
  boards_.Tell(0, {"refuse", "0", "11"});
  EXPECT_THAT(boards_.Flash(0, new_).output,
              AllOf(StartsWith("denied: upload: the device refuses: access is denied"), HasSubstr("(error 11)")));
  boards_.Tell(0, {"refuse", "1", "27"});
  EXPECT_THAT(boards_.Flash(0, new_).output, HasSubstr("no older image than the one that runs (error 1:27)"));
  boards_.Tell(0, {"protocol", "1"});
  EXPECT_THAT(boards_.Flash(0, new_).output, HasSubstr("a value is invalid (error 3)"));
  boards_.Tell(0, {"refuse", "off"});
  EXPECT_EQ(boards_.Flash(0, new_).exit_code, 0);
}

TEST_F(SmpBoardTest, SayThatNothingAnswersOrThatFlashIsWornOut) {
  boards_.Tell(0, {"mute", "on"});
  EXPECT_THAT(
      boards_.Flash(0, new_).output,
      AllOf(StartsWith("timeout: "), HasSubstr("nothing on /dev/ttyACM0 answers to SMP; the application must")));
  boards_.Tell(0, {"mute", "off"});
  boards_.Tell(0, {"fail-write", "0x83000"});
  EXPECT_THAT(
      boards_.Flash(0, new_).output,
      HasSubstr("corrupt: verify: the device on /dev/ttyACM0 says that the checksum of what it wrote is wrong"));
  EXPECT_THAT(boards_.Slots(0), StartsWith(kOldRuns));
  // Where the application does not check, MCUboot does.
  boards_.Tell(0, {"check", "off"});
  const std::uint64_t resets = Resets();
  EXPECT_EQ(boards_.Flash(0, new_).exit_code, 0);
  EXPECT_THAT(SlotsAfter(resets + 1), StartsWith(kOldRuns));
}

TEST_F(SmpBoardTest, DoWithSmallOrUnknownBuffersAndOlderDevices) {
  for (const std::vector<std::string>& buffers : {std::vector<std::string>{"buffers", "128", "1"},
                                                  {"buffers", "2475", "2"},
                                                  {"buffers", "unknown"},
                                                  {"protocol", "1"}}) {
    const std::uint64_t resets = Resets();
    boards_.Tell(0, buffers);
    const auto flashed = boards_.Flash(0, new_);
    EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
    EXPECT_EQ(SlotsAfter(resets + 1), kNewOnTrial);
    boards_.Tell(0, {"reset"});
    EXPECT_THAT(SlotsAfter(resets + 2), StartsWith(kOldRuns));
    EXPECT_EQ(boards_.Statistic(0, "lost_requests") + boards_.Statistic(0, "dropped_lines"), 0u);
  }
}

TEST_F(SmpBoardTest, DoWithoutWhatIsLostWhileTheChipErases) {
  boards_.Tell(0, {"flash-time", "on"});
  boards_.Tell(0, {"overrun", "on"});
  const std::uint64_t resets = Resets();
  const auto flashed = boards_.Flash(0, new_);
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_EQ(SlotsAfter(resets + 1), kNewOnTrial);
  EXPECT_GT(boards_.Statistic(0, "lost_bytes"), 0u);
}

TEST_F(SmpBoardTest, GetThroughNoiseAndAResetInTheMiddle) {
  const std::uint64_t before = Resets();
  std::uint64_t resets = before;
  for (const std::string fault : {"corrupt 2", "corrupt-input 2", "lose 2", "lose-input 2", "reset-at 1"}) {
    const auto flash = boards_.StartFlash(0, new_);
    ASSERT_TRUE(WaitFor([&] { return flash->Output().find(" of 6072") != std::string::npos; })) << flash->Output();
    const auto space = fault.find(' ');
    boards_.Tell(0, {fault.substr(0, space), fault.substr(space + 1)});
    EXPECT_EQ(flash->Wait(std::chrono::seconds(30)), 0) << fault << ": " << flash->Output();
    resets += fault == "reset-at 1" ? 2 : 1;
    EXPECT_EQ(SlotsAfter(resets), kNewOnTrial) << fault;
    EXPECT_TRUE(boards_.Holds(0, new_));
    boards_.Tell(0, {"reset"});
    EXPECT_THAT(SlotsAfter(++resets), StartsWith(kOldRuns));
  }
}

TEST_F(SmpBoardTest, HaveAHungImageGoBack) {
  const std::string hangs = boards_.Put("1.1.0", 6'000, " hangs=1");
  ASSERT_EQ(boards_.Flash(0, hangs).exit_code, 0);
  ASSERT_TRUE(WaitFor([&] { return boards_.StateWord(0, "runs") == "nothing"; }));
  EXPECT_THAT(boards_.Keep(0, hangs).output, HasSubstr("if it hangs, reset the board"));
  boards_.Tell(0, {"reset"});
  EXPECT_THAT(boards_.Slots(0), StartsWith(kOldRuns));
}

TEST_F(SmpBoardTest, RefuseAnImageThatWasNotSigned) {
  const std::string plain = boards_.folder() + "/plain.bin";
  ASSERT_TRUE(WriteFileAtomically(plain, std::string(2000, 'x'), 0644));
  EXPECT_THAT(boards_.Flash(0, plain).output, AllOf(StartsWith("invalid: "), HasSubstr("sign it with imgtool")));
  EXPECT_EQ(boards_.Slots(0), "slot0=1.0.0,active,confirmed slot1=none");
  EXPECT_EQ(boards_.Statistic(0, "requests"), 0u);
}

}  // namespace
}  // namespace motley::tests
