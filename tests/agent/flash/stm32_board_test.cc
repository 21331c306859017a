// The bootloader of STM32 chips on virtual boards, by the real library: each image is looked at by stm32flash, or in
// the simulator's own dump.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "common/files/files.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tools/boards/text_image.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Stm32BoardTest : public testing::Test {
 protected:
  explicit Stm32BoardTest(const std::vector<std::string>& boards = {"bluepill:S1", "nucleo-f401:N1"})
      : boards_(boards) {}

  /// The file of an image that says hello with `version`; `changed_page` is another one than without it.
  std::string Put(const std::string& version, std::size_t size, std::optional<std::size_t> changed_page = {}) const {
    const auto image = boards::MakeTextImage({.size_bytes = size,
                                              .words = "firmware=blink version=" + version,
                                              .changed_page = changed_page,
                                              .page_bytes = 1024});
    const std::string file = folder_ / (version + (changed_page ? "-changed.bin" : ".bin"));
    CHECK(WriteFileAtomically(file, std::string(image.begin(), image.end()), 0644));
    return file;
  }
  std::vector<std::string> Behind(std::vector<std::string> command) const {
    std::vector<std::string> words = boards_.prefix();
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }
  Finished Run(std::vector<std::string> command) const {
    return RunProgram(Behind(std::move(command)), boards_.environment(), seconds(60));
  }
  Finished Flash(const std::string& port, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), MOTLEY_TESTS_DIR "/flash-probe");
    arguments.insert(arguments.end() - 1, port);
    return Run(arguments);
  }
  std::unique_ptr<Program> StartFlash(const std::string& image) const {
    return Program::Start(
        {Behind({MOTLEY_TESTS_DIR "/flash-probe", "/dev/ttyUSB0", image}), boards_.environment(), folder_ / "output"});
  }
  /// What stm32flash, which reads the chip itself, finds there, is that.
  bool Stm32flashReads(const std::string& port, const std::string& image) const {
    const std::string content = ReadFile(image, 1 << 20).value();
    const std::string file = folder_ / "read.bin";
    std::filesystem::remove(file);
    const auto read = Run({"stm32flash", "-b", "115200", "-i", "rts,dtr,-dtr,:-rts,dtr,-dtr", "-S",
                           "0x08000000:" + std::to_string(content.size()), "-r", file, port});
    EXPECT_EQ(read.exit_code, 0) << read.output;
    return ReadFile(file, 1 << 20).value() == content;
  }
  bool DumpHolds(const std::string& board, const std::string& image) const {
    const std::string content = ReadFile(image, 1 << 20).value();
    const std::string file = folder_ / (board + ".dump");
    EXPECT_EQ(boards_.Control({board, "dump", file}), "");
    return ReadFile(file, 1 << 20).value().starts_with(content);
  }
  std::string Statistic(const std::string& board, const std::string& name) const {
    const std::string stat = boards_.Control({board, "stat"});
    const auto start = stat.find(" " + name + "=") + name.size() + 2;
    return stat.substr(start, stat.find_first_of(" \n", start) - start);
  }

  const TestBoards boards_;
  const TemporaryFolder folder_;
};

TEST_F(Stm32BoardTest, FlashWhatStm32flashThenReadsBack) {
  const std::string image = Put("1.0.0", 7000);
  for (const auto& [port, board] : {std::pair("/dev/ttyUSB0", "S1"), std::pair("/dev/ttyUSB1", "N1")}) {
    const auto flashed = Flash(port, {image});
    EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
    EXPECT_EQ(Statistic(board, "runs"), "application");
    EXPECT_EQ(Statistic(board, "overruns"), "0");
    EXPECT_EQ(Statistic(board, "refused"), "0");
    EXPECT_TRUE(Stm32flashReads(port, image));
    // And it is not satisfied by just anything.
    EXPECT_FALSE(Stm32flashReads(port, Put("1.0.1", 7000)));
  }
}

TEST_F(Stm32BoardTest, WriteOnlyWhatChanged) {
  const std::string image = Put("1.0.0", 32768);
  const std::string changed = Put("1.0.0", 32768, 20);
  ASSERT_EQ(Flash("/dev/ttyUSB0", {image}).exit_code, 0);
  const int before = std::stoi(Statistic("S1", "programmed_bytes"));
  const auto flashed = Flash("/dev/ttyUSB0", {"--known", image, changed});
  EXPECT_THAT(flashed.output, HasSubstr("written=1024 skipped=31744"));
  EXPECT_LE(std::stoi(Statistic("S1", "programmed_bytes")) - before, 1024);
  EXPECT_TRUE(DumpHolds("S1", changed));
  // What is thought to be known is not believed where the chip says something else.
  const auto mistaken = Flash("/dev/ttyUSB0", {"--known", Put("0.9.0", 32768), image});
  EXPECT_EQ(mistaken.exit_code, 0) << mistaken.output;
  EXPECT_TRUE(DumpHolds("S1", image));
}

TEST_F(Stm32BoardTest, LeaveAnotherOrAProtectedChipAlone) {
  const std::string image = Put("1.0.0", 2000);
  boards_.Control({"S1", "id", "0x414"});
  EXPECT_THAT(Flash("/dev/ttyUSB0", {image}).output,
              AllOf(StartsWith("invalid: "), HasSubstr("says that it is 0x414"), HasSubstr("nothing was written")));
  boards_.Control({"S1", "id", "0x410"});
  boards_.Control({"S1", "protect", "on"});
  EXPECT_THAT(Flash("/dev/ttyUSB0", {image}).output,
              AllOf(StartsWith("denied: "), HasSubstr("protected against reading"), HasSubstr("stm32flash -k")));
  EXPECT_EQ(Statistic("S1", "erased_sectors"), "0");
  EXPECT_EQ(Statistic("S1", "protected"), "1");
}

TEST_F(Stm32BoardTest, SayThatABoardIsSilentOrItsFlashIsWornOut) {
  const std::string image = Put("1.0.0", 2000);
  boards_.Control({"S1", "mute", "on"});
  EXPECT_THAT(Flash("/dev/ttyUSB0", {image}).output,
              StartsWith("timeout: the bootloader on /dev/ttyUSB0 does not answer after 3 resets"));
  boards_.Control({"S1", "mute", "off"});
  boards_.Control({"S1", "fail-write", "0x08000500"});
  EXPECT_THAT(Flash("/dev/ttyUSB0", {image}).output,
              AllOf(HasSubstr("corrupt: verify: "), HasSubstr("at 0x8000500 of /dev/ttyUSB0 and 0xFF was read back")));
  boards_.Control({"S1", "fail-write", "off"});
  EXPECT_EQ(Flash("/dev/ttyUSB0", {image}).exit_code, 0);
  EXPECT_TRUE(DumpHolds("S1", image));
}

TEST_F(Stm32BoardTest, GetThroughNoiseAndAResetInTheMiddle) {
  for (const std::string fault : {"corrupt 2", "corrupt-input 2", "lose 2", "lose-input 2", "reset-at 1"}) {
    const std::string image = Put("1.0." + std::to_string(fault.size()), 16000 + 8 * fault.size());
    const auto flash = StartFlash(image);
    const std::string before = flash->Output();
    ASSERT_TRUE(WaitFor([&] { return flash->Output().substr(before.size()).find("2048 of") != std::string::npos; }))
        << flash->Output();
    const auto space = fault.find(' ');
    EXPECT_EQ(boards_.Control({"S1", fault.substr(0, space), fault.substr(space + 1)}), "");
    const auto status = flash->Wait(seconds(30));
    EXPECT_EQ(status, 0) << fault << "\n" << flash->Output();
    EXPECT_TRUE(DumpHolds("S1", image)) << fault;
  }
}

/// Several boards, so that a sweep does not take for ever: most of the time is waited for resets.
class Stm32SweepTest : public Stm32BoardTest {
 protected:
  static constexpr int kBoards = 4;
  Stm32SweepTest() : Stm32BoardTest({"bluepill:S0", "bluepill:S1", "bluepill:S2", "bluepill:S3"}) {
    for (int i = 0; i < kBoards; ++i) boards_.Control({"S" + std::to_string(i), "pace", "off"});
  }

  int Messages() const {
    const auto whole = Flash("/dev/ttyUSB0", {new_});
    EXPECT_EQ(whole.exit_code, 0) << whole.output;
    const auto start = whole.output.find("messages=");
    return start == std::string::npos ? 0 : std::stoi(whole.output.substr(start + 9));
  }

  /// Each message that is `board` modulo their number: what was wrong.
  std::string Sweep(int board, const std::string& fault, int messages) const {
    const std::string port = "/dev/ttyUSB" + std::to_string(board);
    const std::string serial = "S" + std::to_string(board);
    for (int message = 1 + board; message <= messages; message += kBoards) {
      const std::string at = fault + " at " + std::to_string(message) + ": ";
      if (Flash(port, {old_}).exit_code != 0 || !DumpHolds(serial, old_))
        return at + "the old image does not get there";
      if (Flash(port, {fault, std::to_string(message), new_}).exit_code == 0) return at + "nothing went wrong";
      const std::string& image = message / kBoards % 2 == 0 ? new_ : old_;
      const auto again = Flash(port, {image});
      if (again.exit_code != 0) return at + again.output;
      if (!DumpHolds(serial, image)) return at + "the chip holds something else";
      if (Statistic(serial, "runs") != "application") return at + "the application does not run";
    }
    return "";
  }

  void SweepAll(const std::string& fault) {
    const int messages = Messages();
    EXPECT_GE(messages, 20);
    EXPECT_LE(messages, 60);
    std::vector<std::future<std::string>> sweeps;
    for (int board = 0; board < kBoards; ++board) {
      sweeps.push_back(std::async(std::launch::async, [=, this] { return Sweep(board, fault, messages); }));
    }
    for (auto& sweep : sweeps) EXPECT_EQ(sweep.get(), "");
  }

  const std::string old_ = Put("1.0.0", 1024);
  const std::string new_ = Put("1.1.0", 1000);
};

TEST_F(Stm32SweepTest, EndInOneImageOrTheOtherWhereverTheProgramIsKilled) { SweepAll("--die-at"); }

TEST_F(Stm32SweepTest, EndInOneImageOrTheOtherWhereverTheCableIsPulled) { SweepAll("--cut-at"); }

}  // namespace
}  // namespace motley::tests
