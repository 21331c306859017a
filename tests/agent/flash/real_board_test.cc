// Ports and flashing on virtual boards: a real bootloader, the real library, and avrdude as a peer of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/program.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class BoardsTest : public testing::Test {
 protected:
  std::vector<std::string> Behind(std::vector<std::string> command) const {
    std::vector<std::string> words = boards_.prefix();
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  Finished Run(std::vector<std::string> command) const {
    return RunProgram(Behind(std::move(command)), boards_.environment(), seconds(60));
  }
  std::unique_ptr<Program> Start(std::vector<std::string> command) const {
    return Program::Start({Behind(std::move(command)), boards_.environment(), folder_ / "output"});
  }
  Finished Flash(const std::string& port, const std::string& image) const {
    return Run({MOTLEY_TESTS_DIR "/flash-probe", port, FirmwareFile(image)});
  }
  /// Whether avrdude, which reads the file and the chip itself, finds the image there.
  Finished VerifyByAvrdude(const std::string& port, const std::string& baud, const std::string& image) const {
    return Run({"avrdude", "-q", "-q", "-p", "m328p", "-c", "arduino", "-P", port, "-b", baud, "-U",
                "flash:v:" + FirmwareFile(image) + ":i"});
  }
  std::string Resets(const std::string& board) const {
    const std::string stat = boards_.Control({board, "stat"});
    const auto start = stat.find("resets=");
    return stat.substr(start, stat.find(' ', start) - start);
  }

  const TestBoards boards_{{"uno:A1", "nano:N1"}};
  const TemporaryFolder folder_;
};

TEST_F(BoardsTest, FlashWhatAvrdudeThenReadsBack) {
  const auto uno = Flash("/dev/ttyACM0", "blink-slow-1.0.0.hex");
  EXPECT_EQ(uno.exit_code, 0) << uno.output;
  const auto nano = Flash("/dev/ttyUSB0", "blink-1.1.0.hex");
  EXPECT_EQ(nano.exit_code, 0) << nano.output;
  auto verified = VerifyByAvrdude("/dev/ttyACM0", "115200", "blink-slow-1.0.0.hex");
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  verified = VerifyByAvrdude("/dev/ttyUSB0", "57600", "blink-1.1.0.hex");
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  // And it is not satisfied by just anything.
  EXPECT_NE(VerifyByAvrdude("/dev/ttyUSB0", "57600", "blink-1.0.0.hex").exit_code, 0);
}

TEST_F(BoardsTest, NameTheProgramThatHasThePortAndLeaveItInPeace) {
  const auto holder = Start({"sh", "-c", "exec sleep infinity <>/dev/ttyACM0"});
  ASSERT_TRUE(WaitFor([&] { return boards_.Control({"A1", "lines"}).find("dtr=1") != std::string::npos; }));
  const std::string resets = Resets("A1");
  const auto flashed = Flash("/dev/ttyACM0", "blink-1.0.0.hex");
  EXPECT_EQ(flashed.exit_code, 1);
  EXPECT_EQ(flashed.output, "conflict: serial port /dev/ttyACM0 is in use by sleep (pid " +
                                std::to_string(holder->pid()) + "): close that program first\n");
  EXPECT_EQ(Resets("A1"), resets);
  holder->Signal(SIGTERM);
  ASSERT_TRUE(holder->Wait());
  const auto again = Flash("/dev/ttyACM0", "blink-1.0.0.hex");
  EXPECT_EQ(again.exit_code, 0) << again.output;
}

TEST_F(BoardsTest, SayThatTheBoardWasPulledInTheMiddleAndTakeTheImageAfterwards) {
  const auto cut_off = Start({MOTLEY_TESTS_DIR "/flash-probe", "/dev/ttyACM0", FirmwareFile("bulk-1.0.0.hex")});
  // Some pages are written, most are not.
  ASSERT_TRUE(WaitFor([&] { return cut_off->Output().find("1024 of ") != std::string::npos; })) << cut_off->Output();
  boards_.Control({"A1", "unplug"});
  ASSERT_TRUE(cut_off->Wait());
  EXPECT_THAT(cut_off->Output(), AllOf(HasSubstr("unavailable: write page at 0x"),
                                       HasSubstr("serial port /dev/ttyACM0 is gone"), Not(HasSubstr("done"))));
  const auto nothing = Flash("/dev/ttyACM0", "bulk-1.0.0.hex");
  EXPECT_EQ(nothing.output, "not_found: no serial port /dev/ttyACM0; there are: /dev/ttyUSB0\n");

  boards_.Control({"A1", "plug"});
  EXPECT_NE(VerifyByAvrdude("/dev/ttyACM0", "115200", "bulk-1.0.0.hex").exit_code, 0);
  const auto again = Flash("/dev/ttyACM0", "bulk-1.0.0.hex");
  EXPECT_EQ(again.exit_code, 0) << again.output;
  const auto verified = VerifyByAvrdude("/dev/ttyACM0", "115200", "bulk-1.0.0.hex");
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
}

TEST_F(BoardsTest, GiveUpOnABoardThatDoesNotAnswer) {
  boards_.Control({"A1", "mute", "on"});
  const auto silent = Flash("/dev/ttyACM0", "blink-1.0.0.hex");
  EXPECT_THAT(silent.output, StartsWith("timeout: the bootloader on /dev/ttyACM0 does not answer after 4 resets"));
  boards_.Control({"A1", "mute", "off"});
  EXPECT_EQ(Flash("/dev/ttyACM0", "blink-1.0.0.hex").exit_code, 0);
}

}  // namespace
}  // namespace motley::tests
