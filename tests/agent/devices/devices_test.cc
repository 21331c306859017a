#include "agent/devices/devices.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "common/files/files.h"
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

/// Says that something came whenever a test says so.
class FakeHotplug final : public Hotplug {
 public:
  FakeHotplug() {
    int ends[2];
    CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    reader_ = UniqueFd(ends[0]);
    writer_ = UniqueFd(ends[1]);
  }
  int fd() const override { return reader_.get(); }
  bool Take() override {
    char byte;
    return read(reader_.get(), &byte, 1) == 1;
  }
  bool Works() const override { return works; }
  void Say() { CHECK(write(writer_.get(), "x", 1) == 1); }
  bool works = true;

 private:
  UniqueFd reader_;
  UniqueFd writer_;
};

class DevicesTest : public testing::Test {
 protected:
  void Start(milliseconds scan_interval = milliseconds(5), Hotplug* hotplug = nullptr) {
    DeviceEvents events;
    events.boards_changed = [this] { ++changes_; };
    events.changed = [] {};
    events.line = [this](const std::string& device, const std::string& line) {
      lines_.push_back(device + ": " + line);
    };
    events.reading = [this](const std::string& device, const std::string& metric, double value) {
      readings_[device + ": " + metric] = value;
    };
    events.trouble = [this](const std::string& device, const std::string& text) {
      troubles_.push_back(device + ": " + text);
    };
    events.plugged = [this](const std::string& device, const std::string&, const std::string&, bool came) {
      plugged_.push_back((came ? "+" : "-") + device);
    };
    Devices::Options options;
    options.scan_interval = scan_interval;
    options.rare_scan_interval = std::chrono::hours(1);
    options.return_patience = milliseconds(500);
    options.hotplug = hotplug;
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
  v1::ReportedDevice Reported(const std::string& id) const {
    for (const v1::ReportedDevice& device : devices_->Report()) {
      if (device.id() == id) return device;
    }
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
  std::vector<std::string> troubles_;
  std::map<std::string, double> readings_;
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

TEST_F(DevicesTest, TellOfAFloodOnceAndCountOn) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Start();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return board.opened == 1; }));
  for (const double sum : {150.0, 300.0}) {
    for (int i = 0; i < 250; ++i) board.Say("x\n");
    ASSERT_TRUE(RunUntil(*loop_, [&] { return readings_["A: dropped_lines"] == sum; })) << sum;
  }
  ASSERT_EQ(troubles_.size(), 1u);
  EXPECT_THAT(troubles_[0], HasSubstr("A: it says too much: 150 lines and 0 readings were dropped; 100 lines and 500"));
}

TEST_F(DevicesTest, HearFramesAsWellAsLines) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Start();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return board.opened == 1; }));
  // The message with the metric "t" and the integer 5, and a frame whose CRC is wrong.
  board.Say("u=1\n" + std::string("\x00\x0a\x12\x05\x0a\x01t\x18\x0a\xfa\x15\x00", 12));
  board.Say(std::string("\x00\x0a\x12\x05\x0a\x01t\x18\x0a\xfa\x16\x00", 12));
  ASSERT_TRUE(RunUntil(*loop_, [&] { return readings_.contains("A: broken_frames"); }));
  EXPECT_EQ(readings_["A: u"], 1);
  EXPECT_EQ(readings_["A: t"], 5);
  EXPECT_EQ(readings_["A: broken_frames"], 1);
}

TEST_F(DevicesTest, SayWhenABoardWasThereLast) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Start();
  EXPECT_FALSE(devices_->Report().at(0).has_last_seen());
  board.Unplug();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !devices_->Report().at(0).present(); }));
  EXPECT_TRUE(devices_->Report().at(0).has_last_seen());
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

TEST_F(DevicesTest, CountsTheStartsThatNobodyAskedFor) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A");
  Program(board, "1.0.0");
  Start();
  ASSERT_TRUE(WaitForHello("A").has_value());
  devices_->Restart("A");
  ASSERT_TRUE(WaitForHello("A").has_value());
  EXPECT_EQ(Reported("A").restarts(), 0u);
  board.Reset(false);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Reported("A").restarts() == 1; }));
  EXPECT_FALSE(devices_->InCrashLoop("A"));
  ASSERT_TRUE(Flash("A", "1.1.0").has_value());
  ASSERT_TRUE(WaitForHello("A").has_value());
  EXPECT_EQ(devices_->RestartsOf("A"), 1u);
}

TEST_F(DevicesTest, SaysHowItIsWithEachBoard) {
  FakeBoard& blocked = system_.Plug("/dev/ttyACM0", "A");
  blocked.busy = true;
  FakeBoard& absent = system_.Plug("/dev/ttyACM1", "B");
  Program(system_.Plug("/dev/ttyACM2", "C"), "1.0.0");
  Start();
  devices_->Assign("D", {"nano", "app/blink", "sha256:1"});
  ASSERT_TRUE(WaitForHello("C").has_value());
  ASSERT_FALSE(WaitForHello("A").has_value());
  absent.Unplug();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !Reported("B").present(); }));
  EXPECT_EQ(Reported("A").state(), v1::ReportedDevice::STATE_BLOCKED);
  EXPECT_THAT(Reported("A").detail(), HasSubstr("in use by picocom (pid 77)"));
  EXPECT_EQ(Reported("B").state(), v1::ReportedDevice::STATE_ABSENT);
  EXPECT_EQ(Reported("C").state(), v1::ReportedDevice::STATE_LISTENING);
  EXPECT_EQ(Reported("D").state(), v1::ReportedDevice::STATE_ABSENT);
  EXPECT_EQ(Reported("D").board(), "nano");
  EXPECT_EQ(Reported("D").owner(), "app/blink");
}

TEST_F(DevicesTest, WaitsForABoardThatIsToBePluggedIn) {
  Start();
  std::optional<Result<std::string>> found;
  const auto keep = [&](Result<std::string> device) { found = std::move(device); };
  devices_->WaitForBoard(Uno(), milliseconds(30), keep);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return found.has_value(); }));
  EXPECT_EQ(found->error().message, "no uno is plugged in; there is no board; it was waited for 1 s");
  found.reset();
  devices_->WaitForBoard(Uno(), std::chrono::minutes(1), keep);
  system_.Plug("/dev/ttyACM0", "A");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return found.has_value(); }));
  EXPECT_EQ(**found, "A");
}

TEST_F(DevicesTest, FlashesSeveralBoardsAtTheSameTime) {
  std::atomic<int> waiting = 0;
  std::atomic<bool> met = true;
  for (const char* id : {"A", "B"}) {
    system_.Plug(std::string("/dev/tty") + id, id).before_page = [&, first = true]() mutable {
      if (!std::exchange(first, false)) return;
      ++waiting;
      // Each waits in the middle of its flash until the other is there, too.
      if (!tests::WaitFor([&] { return waiting == 2; })) met = false;
    };
  }
  Start();
  const std::string program = FakeProgram("1.0.0");
  int flashed = 0;
  for (const char* id : {"A", "B"}) {
    devices_->Flash(id, *catalogue_.Find("uno"), {.image = {{{0, {program.begin(), program.end()}}}}},
                    [&](const Result<FlashReport>& result) { flashed += result.has_value(); });
  }
  ASSERT_TRUE(RunUntil(
      *loop_, [&] { return flashed == 2; }, std::chrono::seconds(20)));
  EXPECT_TRUE(met);
}

TEST_F(DevicesTest, RefusesASecondFlashWhileOneIsUnderWay) {
  system_.Plug("/dev/ttyACM0", "A");
  Start();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Reported("A").state() == v1::ReportedDevice::STATE_LISTENING; }));
  bool first = false;
  devices_->Flash("A", *catalogue_.Find("uno"), {.image = {{{0, {1}}}}},
                  [&](const Result<FlashReport>& result) { first = result.has_value(); });
  EXPECT_EQ(Flash("A", "1.0.0").error().message, "board A is being flashed; wait until that has ended");
  EXPECT_TRUE(RunUntil(*loop_, [&] { return first; }));
}

TEST_F(DevicesTest, AwaitsABoardThatLeavesItsPortAfterAReset) {
  constexpr std::uint32_t kLeonardo = 0x8036;
  if (catalogue_.Of(0x2341, kLeonardo) == nullptr) FAIL() << "no board with native USB is known";
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A", kLeonardo);
  Start();
  ASSERT_TRUE(Flash("A", "1.0.0").has_value());
  board.Unplug();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Reported("A").state() == v1::ReportedDevice::STATE_FLASHING; }));
  std::optional<Result<Hello>> answer;
  devices_->WaitForHello("A", milliseconds(2000), [&](Result<Hello> hello) { answer = std::move(hello); });
  Program(system_.Plug("/dev/ttyACM7", "A", kLeonardo), "1.0.0");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return answer.has_value(); }));
  EXPECT_TRUE(answer->has_value());
  EXPECT_EQ(devices_->PortOf("A"), "/dev/ttyACM7");
  EXPECT_THAT(plugged_, testing::ElementsAre("+A"));
}

TEST_F(DevicesTest, ABoardThatDoesNotComeBackIsUnplugged) {
  FakeBoard& board = system_.Plug("/dev/ttyACM0", "A", 0x8036);
  Start();
  ASSERT_TRUE(Flash("A", "1.0.0").has_value());
  board.Unplug();
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Reported("A").state() == v1::ReportedDevice::STATE_FLASHING; }));
  EXPECT_EQ(WaitForHello("A", std::chrono::seconds(5)).error().message, "board A is unplugged");
}

TEST_F(DevicesTest, LooksForBoardsWhenItIsToldOfThem) {
  FakeHotplug hotplug;
  Start(milliseconds(5), &hotplug);
  system_.Plug("/dev/ttyACM0", "A");
  EXPECT_FALSE(RunUntil(
      *loop_, [&] { return !devices_->Boards().empty(); }, milliseconds(60)));
  hotplug.Say();
  EXPECT_TRUE(RunUntil(*loop_, [&] { return !devices_->Boards().empty(); }));
}

TEST_F(DevicesTest, ScansWhereNobodyTellsOfBoards) {
  FakeHotplug hotplug;
  hotplug.works = false;
  Start(milliseconds(5), &hotplug);
  system_.Plug("/dev/ttyACM0", "A");
  EXPECT_TRUE(RunUntil(*loop_, [&] { return !devices_->Boards().empty(); }));
}

}  // namespace
}  // namespace motley::agent
