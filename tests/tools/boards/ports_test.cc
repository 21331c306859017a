#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/boards/board_rig.h"

namespace motley {
namespace {

using ::testing::HasSubstr;

TEST(Ports, TwoBoardsAreToldApartBySerialNumber) {
  BoardRig rig({"uno:LEFT", "uno:RIGHT", "nano:OLD"});
  const Outcome outcome = rig.Run(R"(
    port_probe list
    flash /dev/ttyACM0 115200 blink-1.0.0 & flash /dev/ttyACM1 115200 blink-slow-1.1.0 || exit 1
    wait $! || exit 2
    port_probe hello LEFT; port_probe hello RIGHT)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, HasSubstr("/dev/ttyACM0 2341:0043 LEFT\n"));
  EXPECT_THAT(outcome.output, HasSubstr("/dev/ttyACM1 2341:0043 RIGHT\n"));
  EXPECT_THAT(outcome.output, HasSubstr("/dev/ttyUSB0 0403:6001 OLD\n"));
  EXPECT_THAT(outcome.output, HasSubstr("hello firmware=blink version=1.0.0\nhello firmware=blink-slow version=1.1.0"));
}

TEST(Ports, HaveModemLinesThatOpenRaisesAndTheLastCloseLowers) {
  BoardRig rig({"uno:A1"});
  const Outcome outcome = rig.Run("port_probe lines A1; board A1 lines; board A1 stat");
  EXPECT_THAT(outcome.output, HasSubstr("open: result=0 dtr=1 rts=1\n"
                                        "dtr off: result=0 dtr=0 rts=1\n"
                                        "rts off: result=0 dtr=0 rts=0\n"
                                        "dtr on: result=0 dtr=1 rts=0\n"
                                        "dtr=0 rts=0\n"));
  EXPECT_THAT(outcome.output, HasSubstr(" resets=3 "));  // power on, open, DTR
}

TEST(Ports, ResetTheBoardAtEveryOpenHoweverSoonAfterTheLastClose) {
  // Several at once, so that the simulators come late.
  BoardRig rig({"uno:A1", "uno:A2", "uno:A3"});
  const Outcome outcome = rig.Run(R"(
    for board in A1 A2 A3; do port_probe reopen $board & done
    wait
    for board in A1 A2 A3; do board $board stat | grep -o " resets=[0-9]*"; done)");
  // Power on, the first open, and two in each of 300 rounds.
  EXPECT_EQ(outcome.output,
            "low=0 strangers=0\nlow=0 strangers=0\nlow=0 strangers=0\n"
            " resets=602\n resets=602\n resets=602\n");
}

TEST(Ports, AreFreeAndLowAfterTheirOwnerWasKilled) {
  BoardRig rig({"uno:A1"});
  rig.Preload("A1", "blink-1.0.0");
  const Outcome outcome = rig.Run(R"(
    $TESTS/port_probe hang-up A1 > $DIR/holder & holder=$!
    for i in $(seq 100); do grep -q open $DIR/holder && break; sleep 0.02; done
    board A1 lines
    kill -KILL $holder; wait $holder
    board A1 lines
    port_probe hello A1)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, HasSubstr("dtr=1 rts=1\n"));
  EXPECT_THAT(outcome.output, HasSubstr("dtr=0 rts=0\nhello firmware=blink version=1.0.0"));
}

TEST(Ports, RememberTheParityThatAPseudoTerminalForgets) {
  BoardRig rig({"uno:A1"});
  EXPECT_THAT(rig.Run("port_probe parity A1").output, HasSubstr("parity even"));
}

TEST(Ports, OtherPseudoTerminalsStayWithoutModemLines) {
  BoardRig rig({"uno:A1"});
  EXPECT_THAT(rig.Run("port_probe plain").output, HasSubstr("plain: result=-1 Inappropriate ioctl for device"));
}

TEST(Ports, HangUpWhenTheBoardIsUnpluggedAndComeBackWithTheSameFlash) {
  BoardRig rig({"uno:A1"});
  rig.Preload("A1", "blink-1.0.0");
  const Outcome outcome = rig.Run(R"(
    $TESTS/port_probe hang-up A1 > $DIR/holder & holder=$!
    for i in $(seq 100); do grep -q open $DIR/holder && break; sleep 0.02; done
    board A1 unplug || exit 1
    wait $holder || exit 2
    cat $DIR/holder
    [ -e /dev/ttyACM0 ] && exit 3
    board A1 stat && exit 4
    port_probe list | grep -q A1 && exit 5
    board A1 plug || exit 6
    port_probe hello A1)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, HasSubstr("open\ngone\n"));
  EXPECT_THAT(outcome.output, HasSubstr("board A1: is unplugged; plug it in first"));
  EXPECT_THAT(outcome.output, HasSubstr("hello firmware=blink version=1.0.0"));
}

}  // namespace
}  // namespace motley
