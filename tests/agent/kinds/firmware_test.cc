#include "agent/kinds/firmware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/model/model.h"
#include "tests/fakes/fake_serial.h"
#include "tests/support/folder.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using tests::FakeBoard;
using tests::FakeProgram;
using Match = Observed::Match;

class FirmwareKindTest : public testing::Test {
 protected:
  FirmwareKindTest() : board_(system_.Plug("/dev/ttyACM0", "A")) { Restart(); }

  /// As after a restart of the agent: the board and its record stay.
  void Restart() {
    kind_.reset();
    devices_.reset();
    const DeviceEvents events{[] {}, [] {}, [](const std::string&, const std::string&) {},
                              [](const std::string&, const std::string&, const std::string&, bool) {}};
    devices_ = std::make_unique<Devices>(*loop_, system_, catalogue_, events,
                                         Devices::Options{.scan_interval = milliseconds(5)});
    bool started = false;
    devices_->Start([&] { started = true; });
    EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return started; }));
    kind_ = std::make_unique<FirmwareKind>(*loop_, *devices_, folder_.path(),
                                           [this](const std::string& digest) { return folder_ / digest; });
  }

  Instance Make(const std::string& version, const std::string& application = "app") {
    Instance instance;
    instance.application = application;
    instance.host.mutable_mcu()->set_board("uno");
    instance.component.set_name("blink");
    v1::FirmwareSpec& firmware = *instance.component.mutable_firmware();
    const std::string program = FakeProgram(version);
    firmware.mutable_image()->set_digest(Sha256(program));
    firmware.mutable_image()->set_name("blink.bin");
    firmware.set_version(version);
    firmware.set_hello_ms(200);
    EXPECT_TRUE(WriteFileAtomically(folder_ / Sha256(program), program, 0600).has_value());
    instance.digest = Sha256(instance.component.SerializeAsString());
    return instance;
  }

  Result<void> Ask(void (FirmwareKind::*call)(const Instance&, std::function<void(Result<void>)>),
                   const Instance& instance) {
    std::optional<Result<void>> answer;
    ((*kind_).*call)(instance, [&](Result<void> result) { answer = std::move(result); });
    EXPECT_TRUE(tests::RunUntil(
        *loop_, [&] { return answer.has_value(); }, std::chrono::seconds(20)));
    return *answer;
  }
  Result<void> Apply(const Instance& instance) { return Ask(&FirmwareKind::Apply, instance); }
  Result<void> Confirm(const Instance& instance) { return Ask(&FirmwareKind::Confirm, instance); }
  Observed Observe(const Instance& instance) {
    std::optional<Observed> answer;
    kind_->Observe(instance, [&](Observed observed) { answer = std::move(observed); });
    EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return answer.has_value(); }));
    return *answer;
  }

  tests::TemporaryFolder folder_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  tests::FakeSerialSystem system_;
  FakeBoard& board_;
  std::unique_ptr<Devices> devices_;
  std::unique_ptr<FirmwareKind> kind_;
  const BoardCatalogue catalogue_ = BoardCatalogue::BuiltIn();
};

TEST_F(FirmwareKindTest, FlashesConfirmsAndKnowsItAgain) {
  const Instance instance = Make("1.0.0");
  EXPECT_TRUE(kind_->Check(instance).has_value());
  EXPECT_EQ(Observe(instance).match, Match::kMissing);
  ASSERT_TRUE(Apply(instance).has_value());
  EXPECT_TRUE(Confirm(instance).has_value());
  EXPECT_EQ(Observe(instance).detail, "fake 1.0.0 on board A at /dev/ttyACM0");
  Restart();
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
  EXPECT_EQ(Observe(Make("1.1.0")).match, Match::kDiffers);
}

TEST_F(FirmwareKindTest, KnowsThatAFlashWasCutOff) {
  const Instance instance = Make("1.0.0");
  board_.unplug_after = 400;
  EXPECT_FALSE(Apply(instance).has_value());
  board_.unplug_after = -1;
  board_.present = true;
  Restart();
  const Observed observed = Observe(instance);
  EXPECT_EQ(observed.match, Match::kDiffers);
  EXPECT_EQ(observed.detail, "a flash was cut off");
  EXPECT_TRUE(Apply(instance).has_value());
  EXPECT_TRUE(Confirm(instance).has_value());
}

TEST_F(FirmwareKindTest, FindsThatSomebodyElseFlashedTheBoard) {
  const Instance instance = Make("1.0.0");
  ASSERT_TRUE(Apply(instance).has_value());
  ASSERT_TRUE(Confirm(instance).has_value());
  const std::string other = FakeProgram("6.6.6");
  std::copy(other.begin(), other.end(), board_.flash.begin());
  Restart();
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
  EXPECT_THAT(Observe(instance).detail, HasSubstr("version 6.6.6 runs on board A"));
}

TEST_F(FirmwareKindTest, ResetsASilentBoardBeforeItCountsAsAnother) {
  const Instance instance = Make("1.0.0");
  ASSERT_TRUE(Apply(instance).has_value());
  ASSERT_TRUE(Confirm(instance).has_value());
  const int pages = board_.pages_written;
  board_.flash[0] = 'X';  // it hangs
  Restart();
  EXPECT_FALSE(Confirm(instance).has_value());
  board_.flash[0] = 'v';  // what a reset brings back
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
  EXPECT_EQ(board_.pages_written, pages);
  board_.flash[0] = 'X';
  Restart();
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
}

TEST_F(FirmwareKindTest, KeepsTheRecordsOfBoardsWithSimilarNamesApart) {
  FakeBoard& other = system_.Plug("/dev/ttyACM1", "B:1");
  system_.Plug("/dev/ttyACM2", "B_1");
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return devices_->Boards().size() == 3; }));
  Instance first = Make("1.0.0");
  first.host.mutable_mcu()->set_serial_number("B:1");
  Instance second = Make("1.0.0", "other");
  second.host.mutable_mcu()->set_serial_number("B_1");
  ASSERT_TRUE(Apply(first).has_value());
  EXPECT_GT(other.pages_written, 0);
  EXPECT_TRUE(Apply(second).has_value());
  ASSERT_TRUE(Ask(&FirmwareKind::Remove, first).has_value());
  EXPECT_EQ(Observe(first).match, Match::kMissing);
  EXPECT_EQ(Observe(second).match, Match::kMatches);
}

TEST_F(FirmwareKindTest, DoesNotConfirmABoardThatSaysAnotherVersion) {
  Instance instance = Make("1.0.0");
  ASSERT_TRUE(Apply(instance).has_value());
  instance.component.mutable_firmware()->set_version("2.0.0");
  EXPECT_EQ(Confirm(instance).error().message, "board A says that it runs version 1.0.0, and 2.0.0 was flashed");
}

TEST_F(FirmwareKindTest, LeavesABoardToTheApplicationThatHasIt) {
  ASSERT_TRUE(Apply(Make("1.0.0")).has_value());
  const auto second = Apply(Make("2.0.0", "other"));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("board A is used by app/blink"));
  ASSERT_TRUE(Ask(&FirmwareKind::Remove, Make("1.0.0")).has_value());
  EXPECT_TRUE(Apply(Make("2.0.0", "other")).has_value());
}

TEST_F(FirmwareKindTest, RefusesWhatCanNotFitBeforeAnythingIsTouched) {
  Instance unknown = Make("1.0.0");
  unknown.host.mutable_mcu()->set_board("teensy");
  EXPECT_THAT(kind_->Check(unknown).error().message,
              HasSubstr("no type of board \"teensy\" is known; known are uno, nano"));

  Instance large = Make("1.0.0");
  const std::string bytes(40000, 'x');
  large.component.mutable_firmware()->mutable_image()->set_digest(Sha256(bytes));
  ASSERT_TRUE(WriteFileAtomically(folder_ / Sha256(bytes), bytes, 0600).has_value());
  EXPECT_THAT(
      kind_->Check(large).error().message,
      HasSubstr("the image has something at 0x0 to 0x9C3F, and an application for board uno may occupy 0x0 to 0x7DFF"));

  Instance broken = Make("1.0.0");
  broken.component.mutable_firmware()->mutable_image()->set_name("blink.hex");
  EXPECT_EQ(kind_->Check(broken).error().code, Code::kCorrupt);
}

TEST_F(FirmwareKindTest, CanNotSayWhatABoardRunsThatIsNotThere) {
  const Instance instance = Make("1.0.0");
  ASSERT_TRUE(Apply(instance).has_value());
  board_.Unplug();
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return devices_->Boards().empty(); }));
  EXPECT_EQ(Observe(instance).match, Match::kUnknown);
  EXPECT_EQ(Apply(instance).error().message, "no uno is plugged in; there is no board");
}

}  // namespace
}  // namespace motley::agent
