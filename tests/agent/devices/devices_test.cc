#include "agent/devices/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_serial.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::HasSubstr;
using tests::FakeBoard;
using tests::FakeProgram;
using tests::RunUntil;

class DevicesTest : public testing::Test {
 protected:
  void Start(milliseconds scan_interval = milliseconds(5)) {
    DeviceEvents events;
    events.boards_changed = [this] { ++changes_; };
    events.changed = [] {};
    events.line = [this](const std::string& device, const std::string& line) {
      lines_.push_back(device + ": " + line);
    };
    events.plugged = [this](const std::string& device, const std::string&, const std::string&, bool came) {
      plugged_.push_back((came ? "+" : "-") + device);
    };
    Devices::Options options;
    options.scan_interval = scan_interval;
    devices_ = std::make_unique<Devices>(*loop_, system_, catalogue_, events, options);
    bool started = false;
    devices_->Start([&] { started = true; });
    ASSERT_TRUE(RunUntil(*loop_, [&] { return started; }));
  }
  static void Program(FakeBoard& board, const std::string& version) {
    const std::string program = FakeProgram(version);
    std::copy(program.begin(), program.end(), board.flash.begin());
  }
  Result<Hello> WaitForHello(const std::string& device, milliseconds patience = milliseconds(2000)) {
    std::optional<Result<Hello>> answer;
    devices_->WaitForHello(device, patience, [&](Result<Hello> hello) { answer = std::move(hello); });
    EXPECT_TRUE(RunUntil(*loop_, [&] { return answer.has_value(); }));
    return *answer;
  }
  Result<void> Flash(const std::string& device, const std::string& version) {
    return FlashProgram(device, FakeProgram(version));
  }
  Result<void> FlashProgram(const std::string& device, const std::string& program) {
    std::optional<Result<FlashReport>> answer;
    devices_->Flash(device, *catalogue_.Find("uno"), {.image = {{{0, {program.begin(), program.end()}}}}},
                    [&](Result<FlashReport> result) { answer = std::move(result); });
    EXPECT_TRUE(RunUntil(*loop_, [&] { return answer.has_value(); }));
    if (!*answer) return answer->error();
    return {};
  }
  static v1::McuHost Uno(const std::string& serial_number = "") {
    v1::McuHost host;
    host.set_board("uno");
    host.set_serial_number(serial_number);
    return host;
  }

  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  tests::FakeSerialSystem system_;
  std::vector<std::string> lines_;
  std::vector<std::string> plugged_;
  int changes_ = 0;
  std::unique_ptr<Devices> devices_;
  const BoardCatalogue catalogue_ = BoardCatalogue::BuiltIn();
};

TEST_F(DevicesTest, TellsTwoSameBoardsApartByTheirSerialNumbers) {
  Program(system_.Plug("/dev/ttyACM0", "A"), "1.0.0");
  Program(system_.Plug("/dev/ttyACM1", "B"), "2.0.0");
  Start();
  EXPECT_EQ(WaitForHello("A")->version, "1.0.0");
  EXPECT_EQ(WaitForHello("B")->version, "2.0.0");
  EXPECT_EQ(*devices_->Find(Uno("B")), "B");
  const auto any = devices_->Find(Uno());
  ASSERT_FALSE(any.has_value());
  EXPECT_EQ(any.error().code, Code::kConflict);
  EXPECT_THAT(any.error().message, HasSubstr("(A at /dev/ttyACM0, B at /dev/ttyACM1); give the serial_number"));
}

TEST_F(DevicesTest, FallsBackToThePortWhereSerialNumbersAreTheSame) {
  system_.Plug("/dev/ttyACM0", "0001");
  system_.Plug("/dev/ttyACM1", "0001");
  Start();
  ASSERT_EQ(devices_->Boards().size(), 2u);
  EXPECT_TRUE(devices_->Find(Uno("0001")).error().code == Code::kConflict);
  EXPECT_THAT(plugged_, testing::UnorderedElementsAre("+port:/dev/ttyACM0", "+port:/dev/ttyACM1"));
  EXPECT_FALSE(RunUntil(
      *loop_, [&] { return plugged_.size() > 2; }, milliseconds(50)));
}

TEST_F(DevicesTest, SaysWhatIsPluggedInWhenABoardIsMissing) {
  system_.Plug("/dev/ttyACM0", "A");
  Start();
  EXPECT_EQ(devices_->Find(Uno("Z")).error().message, "no uno with serial number Z is plugged in; there is uno A");
}

TEST_F(DevicesTest, NoticesThatABoardIsUnpluggedAndPluggedAgain) {
  system_.Plug("/dev/ttyACM0", "A").Unplug();
  Start();
  EXPECT_TRUE(devices_->Boards().empty());
  Program(system_.Plug("/dev/ttyACM3", "A"), "1.0.0");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return devices_->Boards().size() == 1; }));
  EXPECT_EQ(devices_->PortOf("A"), "/dev/ttyACM3");
  EXPECT_TRUE(WaitForHello("A").has_value());
}

TEST_F(DevicesTest, SaysWhatABoardSaidInsteadOfHello) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Start();
  EXPECT_EQ(WaitForHello("A", milliseconds(30)).error().message,
            "board A did not say hello within 30 ms; it said nothing");
  board.Say("booting\n");
  EXPECT_THAT(WaitForHello("A", milliseconds(100)).error().message, HasSubstr("it said \"booting\""));
}

TEST_F(DevicesTest, PassesLinesOnButNotAFlood) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Start();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return board.opened == 1; }));
  for (int i = 0; i < 1000; ++i) board.Say("n=" + std::to_string(i) + "\n");
  board.Say("x\n");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return lines_.size() >= 100; }));
  EXPECT_FALSE(RunUntil(
      *loop_, [&] { return lines_.size() > 200; }, milliseconds(50)));
}

TEST_F(DevicesTest, FlashesAndListensAgain) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Program(board, "1.0.0");
  Start();
  EXPECT_EQ(WaitForHello("A")->version, "1.0.0");
  const auto flashed = Flash("A", "1.1.0");
  ASSERT_TRUE(flashed.has_value()) << flashed.error().message;
  EXPECT_EQ(WaitForHello("A")->version, "1.1.0");
}

TEST_F(DevicesTest, FlashesABoardWhosePortIsStillBeingOpened) {
  system_.Plug("/dev/ttyACM0", "A");
  Start();
  // Without letting the loop run in between.
  EXPECT_TRUE(Flash("A", "1.0.0").has_value());
  EXPECT_EQ(WaitForHello("A")->version, "1.0.0");
}

TEST_F(DevicesTest, FlashesAgainRightAfterAFlashThatFailed) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Start();
  board.broken_address = 200;
  EXPECT_EQ(Flash("A", "1.0.0").error().code, Code::kCorrupt);
  board.broken_address = -1;
  EXPECT_TRUE(Flash("A", "1.0.0").has_value());
}

TEST_F(DevicesTest, SaysWhoHasAPortAndTriesItAgain) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Program(board, "1.0.0");
  board.busy = true;
  Start();
  EXPECT_THAT(WaitForHello("A").error().message, HasSubstr("in use by picocom"));
  EXPECT_THAT(Flash("A", "1.1.0").error().message, HasSubstr("in use by picocom"));
  board.busy = false;
  ASSERT_TRUE(RunUntil(*loop_, [&] { return board.opened > 0; }));
  EXPECT_EQ(WaitForHello("A")->version, "1.0.0");
}

TEST_F(DevicesTest, ForgetsWhoHadThePortOnceTheBoardIsFlashed) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  board.busy = true;
  Start(std::chrono::hours(1));
  EXPECT_THAT(WaitForHello("A").error().message, HasSubstr("in use by picocom"));
  board.busy = false;
  ASSERT_TRUE(FlashProgram("A", "says nothing").has_value());
  EXPECT_EQ(WaitForHello("A", milliseconds(30)).error().message,
            "board A did not say hello within 30 ms; it said nothing");
}

TEST_F(DevicesTest, ForgetsTheHelloOfABoardThatItRestarts) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Program(board, "1.0.0");
  Start();
  EXPECT_EQ(WaitForHello("A")->version, "1.0.0");
  Program(board, "1.1.0");
  devices_->Restart("A");
  EXPECT_EQ(WaitForHello("A")->version, "1.1.0");
}

TEST_F(DevicesTest, LetsABoardThatGetsATwinLeaveItsPortFirst) {
  system_.Plug("/dev/ttyACM0", "0001");
  Start();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return plugged_.size() == 1; }));
  system_.Plug("/dev/ttyACM1", "0001");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return plugged_.size() == 4; }));
  EXPECT_THAT(plugged_, testing::ElementsAre("+0001", "-0001", "+port:/dev/ttyACM0", "+port:/dev/ttyACM1"));
}

TEST_F(DevicesTest, AnswersWhoeverWaitsWhenTheBoardIsPulled) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Start();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return board.opened == 1; }));
  std::optional<Result<Hello>> answer;
  devices_->WaitForHello("A", std::chrono::seconds(60), [&](Result<Hello> hello) { answer = std::move(hello); });
  board.Unplug();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().message, "board A is unplugged");
  EXPECT_THAT(plugged_, Contains("-A"));
}

}  // namespace
}  // namespace motley::agent
