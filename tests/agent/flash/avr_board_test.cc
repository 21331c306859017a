// Both AVR bootloaders on virtual boards with faults, and with the process killed, or the cable out, at messages of a
// flash: the next flash ends in what it wants, as avrdude reads from the chip. MOTLEY_CUTS says at how many messages,
// for each board and way; the suite has time for a few.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr int kSamples = 4;

struct Kind {
  const char* name;
  const char* part;
  const char* programmer;
  const char* last_good;
  const char* next;
  /// An address at which they differ.
  const char* differs;
};

class AvrBoardTest : public testing::TestWithParam<Kind> {
 protected:
  Finished Run(std::vector<std::string> command) const {
    std::vector<std::string> words = boards_.prefix();
    words.insert(words.end(), command.begin(), command.end());
    return RunProgram(words, boards_.environment(), seconds(60));
  }
  Finished Flash(const std::string& image, const std::vector<std::string>& options = {}) const {
    std::vector<std::string> words{MOTLEY_TESTS_DIR "/flash-probe"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {kPort, FirmwareFile(image)});
    return Run(words);
  }
  /// Flashes, and gives the board a command as soon as some pages are written.
  std::string FlashWithFault(const std::string& image, const std::vector<std::string>& fault) const {
    std::vector<std::string> words = boards_.prefix();
    words.insert(words.end(), {MOTLEY_TESTS_DIR "/flash-probe", kPort, FirmwareFile(image)});
    const auto probe = Program::Start({words, boards_.environment(), folder_ / "output"});
    EXPECT_TRUE(WaitFor([&] { return probe->Output().find("512 of ") != std::string::npos; })) << probe->Output();
    std::vector<std::string> command{"A1"};
    command.insert(command.end(), fault.begin(), fault.end());
    boards_.Control(command);
    EXPECT_TRUE(probe->Wait());
    return probe->Output();
  }
  void ExpectInChip(const std::string& image) const {
    const auto verified = Run({"avrdude", "-q", "-q", "-p", GetParam().part, "-c", GetParam().programmer, "-P", kPort,
                               "-b", "115200", "-D", "-U", "flash:v:" + FirmwareFile(image) + ":i"});
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
  }
  /// How many messages it takes to write `image` over another one.
  int MessagesOf(const std::string& image) const {
    const auto flashed = Flash(image);
    EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
    const auto at = flashed.output.find("messages=");
    return at == std::string::npos ? 0 : std::atoi(flashed.output.c_str() + at + std::string("messages=").size());
  }
  void CutEverywhere(const std::string& option) const {
    std::string in_chip = GetParam().last_good;
    ASSERT_EQ(Flash(in_chip).exit_code, 0);
    const int messages = MessagesOf(GetParam().next);
    in_chip = GetParam().next;
    ASSERT_GT(messages, 12);
    const char* asked = std::getenv("MOTLEY_CUTS");
    const int step = std::max(1, messages / (asked != nullptr ? std::max(1, std::atoi(asked)) : kSamples));
    bool forward = true;
    for (int message = 1; message <= messages; message += step, forward = !forward) {
      SCOPED_TRACE(option + " " + std::to_string(message) + " of " + std::to_string(messages));
      const std::string other = in_chip == GetParam().next ? GetParam().last_good : GetParam().next;
      EXPECT_NE(Flash(other, {option, std::to_string(message)}).exit_code, 0);
      if (forward) in_chip = other;
      const auto again = Flash(in_chip);
      EXPECT_THAT(again.output, HasSubstr("done: "));
      ExpectInChip(in_chip);
    }
  }

  static constexpr char kPort[] = "/dev/ttyACM0";
  const TemporaryFolder folder_;
  const TestBoards boards_{{std::string(GetParam().name) + ":A1"}};
};

TEST_P(AvrBoardTest, OvercomesNoise) {
  EXPECT_THAT(FlashWithFault(GetParam().next, {"corrupt", "2"}), HasSubstr("done: "));
  ExpectInChip(GetParam().next);
  EXPECT_THAT(FlashWithFault(GetParam().last_good, {"lose-input", "1"}), HasSubstr("done: "));
  ExpectInChip(GetParam().last_good);
}

TEST_P(AvrBoardTest, OvercomesAResetInTheMiddle) {
  EXPECT_THAT(FlashWithFault(GetParam().next, {"reset-at", "100"}), HasSubstr("done: "));
  ExpectInChip(GetParam().next);
}

TEST_P(AvrBoardTest, SaysThatNoBootloaderAnswersAnyMore) {
  EXPECT_THAT(FlashWithFault(GetParam().next, {"mute-at", "100"}),
              HasSubstr("timeout: the bootloader on /dev/ttyACM0 does not answer after 4 resets"));
  boards_.Control({"A1", "mute", "off"});
  EXPECT_EQ(Flash(GetParam().next).exit_code, 0);
  ExpectInChip(GetParam().next);
}

TEST_P(AvrBoardTest, NamesThePlaceThatDoesNotTake) {
  ASSERT_EQ(Flash(GetParam().last_good).exit_code, 0);
  boards_.Control({"A1", "fail-write", GetParam().differs});
  EXPECT_THAT(Flash(GetParam().next).output, HasSubstr("corrupt: verify: 0x"));
  boards_.Control({"A1", "fail-write", "off"});
  EXPECT_EQ(Flash(GetParam().next).exit_code, 0);
  ExpectInChip(GetParam().next);
}

TEST_P(AvrBoardTest, WritesNothingThatTheChipHolds) {
  ASSERT_EQ(Flash(GetParam().next).exit_code, 0);
  EXPECT_THAT(Flash(GetParam().next).output, HasSubstr("written=0 "));
}

TEST_P(AvrBoardTest, EndsRightAfterTheProcessWasKilledAtAMessage) { CutEverywhere("--die-at"); }

TEST_P(AvrBoardTest, EndsRightAfterTheCableWasPulledAtAMessage) { CutEverywhere("--cut-at"); }

INSTANTIATE_TEST_SUITE_P(Boards, AvrBoardTest,
                         testing::Values(Kind{"uno", "m328p", "arduino", "blink-1.0.0.hex", "blink-slow-1.1.0.hex",
                                              "0x12"},
                                         Kind{"mega", "m2560", "wiring", "mega-1.0.0.hex", "mega-1.1.0.hex", "0xfb"}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace motley::tests
