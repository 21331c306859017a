#include "agent/kinds/firmware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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
    firmware.set_probation_ms(30);
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
  bool Holds(const std::string& version) const {
    const std::string program = FakeProgram(version);
    return std::equal(program.begin(), program.end(), board_.flash.begin());
  }
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

TEST_F(FirmwareKindTest, WritesOnlyWhatIsNew) {
  ASSERT_TRUE(Apply(Make("1.0.0")).has_value());
  ASSERT_TRUE(Confirm(Make("1.0.0")).has_value());
  Restart();
  ASSERT_EQ(Observe(Make("1.0.0")).match, Match::kMatches);
  const int pages = board_.pages_written;
  ASSERT_TRUE(Apply(Make("1.1.0")).has_value());
  EXPECT_EQ(board_.pages_written, pages + 1);
  EXPECT_EQ(devices_->Report()[0].written_bytes(), 128u);
  EXPECT_EQ(devices_->Report()[0].skipped_bytes(), FakeProgram("1.1.0").size() - 128);
  EXPECT_TRUE(Holds("1.1.0"));
}

TEST_F(FirmwareKindTest, ComparesWhereTheImageInTheChipIsNotInTheStoreAnyMore) {
  ASSERT_TRUE(Apply(Make("1.0.0")).has_value());
  ASSERT_TRUE(Confirm(Make("1.0.0")).has_value());
  ASSERT_EQ(unlink((folder_ / Sha256(FakeProgram("1.0.0"))).c_str()), 0);
  ASSERT_TRUE(Apply(Make("1.1.0")).has_value());
  EXPECT_TRUE(Holds("1.1.0"));
}

TEST_F(FirmwareKindTest, DoesNotTrustItsRecordOfABoardThatSaysAnotherVersion) {
  ASSERT_TRUE(Apply(Make("1.0.0")).has_value());
  std::string other = FakeProgram("6.6.6");
  other[300] = 'q';  // in a page that is the same in both of ours
  std::copy(other.begin(), other.end(), board_.flash.begin());
  Restart();
  ASSERT_EQ(Observe(Make("1.0.0")).match, Match::kDiffers);
  ASSERT_TRUE(Apply(Make("1.1.0")).has_value());
  EXPECT_TRUE(Holds("1.1.0"));
}

TEST_F(FirmwareKindTest, EndsWithWhatItIsToldWhereverAFlashWasCutOff) {
  ASSERT_TRUE(Apply(Make("1.0.0")).has_value());
  ASSERT_TRUE(Confirm(Make("1.0.0")).has_value());
  int cuts = 0;
  for (int cut = 1; cut < 1000; cut += 5) {
    board_.CutAfter(cut);
    const bool flashed = Apply(Make(cuts % 2 == 0 ? "1.1.0" : "2.0.0")).has_value();
    board_.CutAfter(-1);
    if (flashed) break;
    ++cuts;
    board_.present = true;
    Restart();
    // The new one again, or the one before.
    const Instance next = Make(cuts % 3 == 0 ? "1.0.0" : "1.1.0");
    ASSERT_EQ(Observe(next).match, Match::kDiffers) << "cut after " << cut << " bytes";
    ASSERT_TRUE(Apply(next).has_value()) << "cut after " << cut << " bytes";
    ASSERT_TRUE(Holds(next.component.firmware().version())) << "cut after " << cut << " bytes";
    ASSERT_TRUE(Confirm(next).has_value());
  }
  EXPECT_GE(cuts, 10);
}

TEST_F(FirmwareKindTest, DoesNotConfirmABoardThatStartsAgainAndAgain) {
  const Instance instance = Make("1.0.0");
  board_.crashes = 2;
  ASSERT_TRUE(Apply(instance).has_value());
  EXPECT_EQ(Confirm(instance).error().message, "board A crashes: it started 3 times within 30 ms");
}

TEST_F(FirmwareKindTest, ReportsABoardThatCrashesLaterAndDoesNotFlashItAgain) {
  const Instance instance = Make("1.0.0");
  ASSERT_TRUE(Apply(instance).has_value());
  ASSERT_TRUE(Confirm(instance).has_value());
  board_.crashes = 2;
  board_.Reset(false);
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return devices_->RestartsOf("A") == 3; }));
  const Observed observed = Observe(instance);
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.state, v1::ReportedComponent::STATE_UNHEALTHY);
  EXPECT_EQ(observed.restarts, 3u);
  EXPECT_THAT(observed.detail, HasSubstr("crashes: it has started 3 times by itself"));
}

TEST_F(FirmwareKindTest, AsksForTheSelfTestWhereTheComponentSaysSo) {
  const auto with_test = [this](const std::string& words) {
    Instance instance = Make("1.0.0" + words);
    instance.component.mutable_firmware()->set_version("1.0.0");
    instance.component.mutable_firmware()->set_self_test(true);
    return instance;
  };
  for (const auto& [words, error] : std::map<std::string, std::string>{
           {"", "board A says nothing of its self-test in its hello, and selftest=ok is asked for"},
           {" selftest=flash", "the self-test of board A failed: it says selftest=flash where ok is asked for"}}) {
    ASSERT_TRUE(Apply(with_test(words)).has_value());
    EXPECT_THAT(Confirm(with_test(words)).error().message, HasSubstr(error));
  }
  ASSERT_TRUE(Apply(with_test(" selftest=ok")).has_value());
  EXPECT_TRUE(Confirm(with_test(" selftest=ok")).has_value());
}

TEST_F(FirmwareKindTest, WaitsForABoardAsLongAsTheComponentSays) {
  board_.Unplug();
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return devices_->Boards().empty(); }));
  Instance instance = Make("1.0.0");
  instance.component.mutable_firmware()->set_absent_ms(60'000);
  std::optional<Result<void>> answer;
  kind_->Apply(instance, [&](Result<void> result) { answer = std::move(result); });
  board_.present = true;
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return answer.has_value(); }));
  EXPECT_TRUE(answer->has_value());
  EXPECT_TRUE(Holds("1.0.0"));
}

TEST_F(FirmwareKindTest, ConfirmsABoardThatIsPulledAndPutBackIfItMayBeAbsent) {
  Instance instance = Make("1.0.0");
  instance.component.mutable_firmware()->set_absent_ms(60'000);
  instance.component.mutable_firmware()->set_probation_ms(200);
  ASSERT_TRUE(Apply(instance).has_value());
  std::optional<Result<void>> answer;
  kind_->Confirm(instance, [&](Result<void> result) { answer = std::move(result); });
  board_.Unplug();
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return devices_->Boards().empty(); }));
  EXPECT_FALSE(answer.has_value());
  board_.present = true;
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return answer.has_value(); }));
  EXPECT_TRUE(answer->has_value());
}

TEST_F(FirmwareKindTest, RefusesToWaitLongerThanADeploymentMayTake) {
  Instance instance = Make("1.0.0");
  instance.component.mutable_firmware()->set_absent_ms(3'600'000);
  EXPECT_THAT(kind_->Check(instance).error().message, HasSubstr("a deployment waits for 600 s at most"));
}

TEST_F(FirmwareKindTest, RefusesAnImageThatSaysAnotherVersion) {
  Instance instance = Make("1.0.0;motley-firmware:blink 2.0.0" + std::string(1, '\0'));
  instance.component.mutable_firmware()->set_version("1.0.0");
  EXPECT_THAT(kind_->Check(instance).error().message,
              HasSubstr("the image says that it is blink 2.0.0, and the model says version 1.0.0"));
  instance.component.mutable_firmware()->set_version("2.0.0");
  EXPECT_TRUE(kind_->Check(instance).has_value());
}

TEST_F(FirmwareKindTest, ReportsWhoseABoardIsAlsoWhileItIsAway) {
  const Instance instance = Make("1.0.0");
  ASSERT_TRUE(Apply(instance).has_value());
  EXPECT_EQ(devices_->Report()[0].owner(), "app/blink");
  board_.Unplug();
  Restart();
  ASSERT_EQ(devices_->Report().size(), 1u);
  const v1::ReportedDevice device = devices_->Report()[0];
  EXPECT_EQ(device.id(), "A");
  EXPECT_EQ(device.board(), "uno");
  EXPECT_EQ(device.state(), v1::ReportedDevice::STATE_ABSENT);
  EXPECT_EQ(device.image_digest(), instance.component.firmware().image().digest());
  ASSERT_TRUE(Ask(&FirmwareKind::Remove, instance).has_value());
  EXPECT_TRUE(devices_->Report().empty());
}

}  // namespace
}  // namespace motley::agent
