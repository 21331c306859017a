#include "tools/boards/line_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley::boards {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const LineFaults::TimePoint kStart{};

TEST(LineFaults, PassEverythingUnlessTold) {
  LineFaults faults;
  EXPECT_EQ(faults.FromClient('a').byte, 'a');
  faults.ToClient('b', kStart);
  EXPECT_THAT(faults.Deliver(kStart), ElementsAre('b'));
  EXPECT_FALSE(faults.UntilCut());
  EXPECT_FALSE(faults.NextDelivery());
}

TEST(LineFaults, SayHowManyBytesPassBeforeTheOneThatCuts) {
  LineFaults faults;
  faults.Execute("reset-at", "3");
  faults.Execute("mute-at", "2");
  EXPECT_EQ(faults.UntilCut(), 1u);
  EXPECT_TRUE(faults.FromClient('a').byte);
  EXPECT_EQ(faults.UntilCut(), 0u);
  EXPECT_FALSE(faults.FromClient('b').byte);
  EXPECT_TRUE(faults.FromClient('c').reset);
  EXPECT_FALSE(faults.UntilCut());
}

TEST(LineFaults, KeepTheOrderWhenTheDelayBecomesShorter) {
  LineFaults faults;
  faults.Execute("delay", "100");
  faults.ToClient('a', kStart);
  faults.Execute("delay", "0");
  faults.ToClient('b', kStart);
  EXPECT_TRUE(faults.Deliver(kStart + milliseconds(99)).empty());
  EXPECT_EQ(faults.NextDelivery(), kStart + milliseconds(100));
  EXPECT_THAT(faults.Deliver(kStart + milliseconds(100)), ElementsAre('a', 'b'));
}

TEST(LineFaults, MuteOffAlsoEndsAMuteThatIsToCome) {
  LineFaults faults;
  faults.Execute("mute-at", "1");
  faults.Execute("mute", "off");
  EXPECT_TRUE(faults.FromClient('a').byte);
}

TEST(LineFaults, ShowWhatIsLeftToDo) {
  LineFaults faults;
  faults.Execute("corrupt", "5");
  faults.Execute("lose-input", "2");
  faults.FromClient('a');
  EXPECT_EQ(faults.Statistics(),
            "muted=0 mute_at=0 reset_at=0 corrupt=5 corrupt_input=0 lose=0 lose_input=1 delay_ms=0");
}

TEST(LineFaults, RefuseWhatIsNoNumber) {
  LineFaults faults;
  EXPECT_THAT(*faults.Execute("corrupt", "-1"), HasSubstr("error corrupt \"-1\": give a number of bytes"));
  EXPECT_THAT(*faults.Execute("delay", "60001"), HasSubstr("give milliseconds, 0 to 60000"));
  EXPECT_THAT(*faults.Execute("mute", ""), HasSubstr("give on or off"));
  EXPECT_FALSE(faults.Execute("stat", ""));
}

}  // namespace
}  // namespace motley::boards
