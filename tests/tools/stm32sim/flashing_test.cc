// The virtual STM32 as stm32flash sees it, which knows nothing of us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/tools/boards/board_rig.h"
#include "tools/boards/text_image.h"

namespace motley {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Stm32flashTest : public testing::Test {
 protected:
  /// An image of so many bytes, as $DIR/<name>.
  static void Put(const BoardRig& rig, const std::string& name, const std::string& words, std::size_t size) {
    const auto image = boards::MakeTextImage({.size_bytes = size, .words = words});
    std::ofstream(rig.folder() / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  }
  /// `stm32 PORT OPTIONS` resets into the bootloader first, `to_application` says how it resets at its end.
  static std::string Script(const std::string& script) {
    return R"(
      set -e
      stm32() { port=$1; shift; stm32flash -b 115200 -i "rts,dtr,-dtr,$to_application" "$@" $port; }
      to_application=:-rts,dtr,-dtr
      )" + script;
  }
};

TEST_F(Stm32flashTest, WritesVerifiesAndReadsAnF103WhichThenRuns) {
  BoardRig rig({"bluepill:S1"});
  Put(rig, "image.bin", "firmware=blink version=1.2.3", 5000);
  const Outcome outcome = rig.Run(Script(R"(
    stm32 /dev/ttyUSB0 -w $DIR/image.bin -v
    board S1 stat
    stm32 /dev/ttyUSB0 -S 0x08000000:5000 -r $DIR/read.bin
    cmp $DIR/image.bin $DIR/read.bin
    board S1 dump $DIR/dump.bin
    cmp -n 5000 $DIR/image.bin $DIR/dump.bin)"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("Device ID    : 0x0410"), HasSubstr("Version      : 0x22"), HasSubstr("runs=application"),
                    HasSubstr("erased_sectors=5 "), HasSubstr("programmed_bytes=5000 refused=0 overruns=0")));
}

TEST_F(Stm32flashTest, WritesAnF401ByItsSectorsAndGoesToTheApplication) {
  BoardRig rig({"nucleo-f401:S1"});
  Put(rig, "image.bin", "firmware=blink version=1.2.3", 17000);
  const Outcome outcome = rig.Run(Script(R"(
    to_application=
    stm32 /dev/ttyUSB0 -w $DIR/image.bin -v -g 0
    for i in $(seq 100); do board S1 stat | grep -q runs=application && break; sleep 0.05; done
    board S1 stat
    board S1 dump $DIR/dump.bin
    cmp -n 17000 $DIR/image.bin $DIR/dump.bin)"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("Device ID    : 0x0433"), HasSubstr("Starting execution at address"),
                                    HasSubstr("runs=application"), HasSubstr("erased_sectors=2 ")));
}

TEST_F(Stm32flashTest, ErasesAllAndFindsThatNothingIsLeft) {
  BoardRig rig({"bluepill:S1"});
  Put(rig, "image.bin", "firmware=blink version=1.2.3", 3000);
  const Outcome outcome = rig.Run(Script(R"(
    stm32 /dev/ttyUSB0 -w $DIR/image.bin
    stm32 /dev/ttyUSB0 -o
    board S1 stat
    board S1 dump $DIR/dump.bin
    [ $(tr -d '\377' <$DIR/dump.bin | wc -c) = 0 ])"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("runs=nothing"), HasSubstr("erased_sectors=131 ")));
}

TEST_F(Stm32flashTest, IsRefusedByAProtectedChipUntilThatIsTakenOffWhichErasesAll) {
  BoardRig rig({"bluepill:S1"});
  Put(rig, "image.bin", "firmware=blink version=1.2.3", 3000);
  const Outcome outcome = rig.Run(Script(R"(
    stm32 /dev/ttyUSB0 -w $DIR/image.bin
    to_application=
    stm32 /dev/ttyUSB0 -j
    board S1 stat
    ! stm32 /dev/ttyUSB0 -r $DIR/read.bin
    ! stm32 /dev/ttyUSB0 -w $DIR/image.bin -n 1
    stm32 /dev/ttyUSB0 -k
    board S1 dump $DIR/dump.bin
    [ $(tr -d '\377' <$DIR/dump.bin | wc -c) = 0 ]
    stm32 /dev/ttyUSB0 -w $DIR/image.bin -v
    board S1 stat)"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("protected=1"), HasSubstr("Got NACK from device on command 0x11"),
                                    HasSubstr("protected=0")));
}

TEST_F(Stm32flashTest, GetsNoAnswerWithoutParityOrWithoutAReset) {
  BoardRig rig({"bluepill:S1"});
  Put(rig, "image.bin", "firmware=blink version=1.2.3", 3000);
  const Outcome outcome = rig.Run(Script(R"(
    stm32 /dev/ttyUSB0 -w $DIR/image.bin
    ! stm32 /dev/ttyUSB0 -m 8n1
    ! stm32flash -b 115200 /dev/ttyUSB0
    board S1 fail-write 0x08000500
    ! stm32 /dev/ttyUSB0 -w $DIR/image.bin -v -n 1)"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, HasSubstr("Failed to verify at address 0x08000500"));
}

}  // namespace
}  // namespace motley
