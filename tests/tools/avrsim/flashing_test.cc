#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/tools/boards/board_rig.h"
#include "tools/boards/intel_hex.h"

namespace motley {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::uint8_t> Contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Whether what was read back starts with the image, in the part that the image fills.
void ExpectHolds(const std::filesystem::path& read_back, const std::string& image) {
  std::vector<std::uint8_t> expected(32768, 0xff);
  ASSERT_TRUE(boards::LoadIntelHex(MOTLEY_FIRMWARE_DIR "/" + image + ".hex", expected));
  while (!expected.empty() && expected.back() == 0xff) expected.pop_back();
  std::vector<std::uint8_t> actual = Contents(read_back);
  ASSERT_GE(actual.size(), expected.size()) << image;
  actual.resize(expected.size());
  EXPECT_TRUE(actual == expected) << image << " and " << read_back << " differ";
}

TEST(Avrdude, WritesVerifiesAndReadsBackALargeImageThatThenRuns) {
  BoardRig rig({"uno:A1"});
  const Outcome outcome = rig.Run(R"(
    flash /dev/ttyACM0 115200 bulk-1.0.0 -U flash:r:$DIR/read.bin:r || exit 1
    board A1 dump $DIR/dump.bin || exit 2
    port_probe hello A1
    board A1 stat)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  ExpectHolds(rig.folder() / "read.bin", "bulk-1.0.0");
  ExpectHolds(rig.folder() / "dump.bin", "bulk-1.0.0");
  EXPECT_THAT(outcome.output, HasSubstr("hello firmware=bulk version=1.0.0"));
  EXPECT_THAT(outcome.output, HasSubstr(" overruns=0 garbled=0 "));
}

TEST(Avrdude, FlashesANanoThroughItsOldBootloader) {
  BoardRig rig({"nano:N1"});
  const Outcome outcome = rig.Run("flash /dev/ttyUSB0 57600 blink-1.1.0 && port_probe hello N1");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, HasSubstr("hello firmware=blink version=1.1.0"));
}

TEST(Avrdude, GetsNoSyncAtAnotherBaudRateFromAMutedBoardOrThroughCorruption) {
  BoardRig rig({"uno:A1", "uno:A2", "uno:A3"});
  const Outcome outcome = rig.Run(R"(
    board A2 mute on
    board A3 corrupt 100000
    no_sync -c arduino -P /dev/ttyACM0 -b 57600 & baud=$!
    no_sync -c arduino -P /dev/ttyACM1 -b 115200 & mute=$!
    no_sync -c arduino -P /dev/ttyACM2 -b 115200 & corrupt=$!
    wait $baud; codes=$?
    wait $mute; codes=$codes$?
    wait $corrupt; codes=$codes$?
    board A1 stat
    [ $codes = 000 ])");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
  EXPECT_THAT(outcome.output, Not(HasSubstr(" garbled=0 ")));
}

TEST(Avrdude, GetsNoSyncWithoutAResetWhileTheApplicationRuns) {
  // As stk500v1 avrdude does not move DTR. Opening the port raises it, unless somebody has the port open already. Its
  // way to read the signature is not optiboot's; -F goes on without.
  BoardRig rig({"uno:A1"});
  rig.Preload("A1", "blink-1.0.0");
  const Outcome outcome = rig.Run(R"(
    PLAIN="-F -c stk500v1 -P /dev/ttyACM0 -b 115200"
    avrdude -q -q -p m328p $PLAIN || exit 2
    exec 9<>/dev/ttyACM0
    port_probe hello A1 || exit 3  # the application runs since the line above has opened the port
    no_sync $PLAIN || exit 4
    exec 9>&-
    avrdude -q -q -p m328p $PLAIN || exit 5)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
}

TEST(SilentFirmware, RunsAndNeverSaysHello) {
  BoardRig rig({"uno:A1"});
  rig.Preload("A1", "blink-1.2.0");
  const Outcome outcome = rig.Run(R"(
    count() { board A1 stat | sed "s/.* $1=\([0-9]*\).*/\1/"; }
    for i in $(seq 100); do [ $(count led_edges) -ge 3 ] && break; sleep 0.05; done
    [ $(count led_edges) -ge 3 ] || exit 1
    [ $(count sent) = 0 ] || exit 2)");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output << rig.Logs();
}

}  // namespace
}  // namespace motley
