#include "agent/orders/device_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "tests/fakes/fake_serial.h"
#include "tests/support/folder.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using tests::FakeBoard;
using tests::FakeProgram;

/// A controller that has what a test gives it, and answers when the test says so.
class FakeFetcher final : public Fetcher {
 public:
  explicit FakeFetcher(const ArtifactStore& store) : store_(store) {}

  void Fetch(std::vector<v1::ArtifactRef> artifacts, std::function<void(const std::string&)> waiting,
             std::function<void(Result<void>)> done) override {
    asked = std::move(artifacts);
    done_ = std::move(done);
    if (asked.empty()) return;
    if (away) return waiting("no connection to the controller");
    Answer();
  }
  void Answer() {
    const auto found = contents.find(asked.front().digest());
    if (found == contents.end()) return done_(Error{Code::kNotFound, "there is no such artifact"});
    WriteFileAtomically(store_.PathOf(found->first), found->second, 0600).value();
    std::exchange(done_, nullptr)({});
  }

  std::map<std::string, std::string> contents;
  bool away = false;
  std::vector<v1::ArtifactRef> asked;

 private:
  const ArtifactStore& store_;
  std::function<void(Result<void>)> done_;
};

class DeviceOrdersTest : public testing::Test {
 protected:
  DeviceOrdersTest() : board_(system_.Plug("/dev/ttyACM0", "A")) {
    const DeviceEvents events{[] {}, [] {}, [](const std::string&, const std::string&) {},
                              [](const std::string&, const std::string&, const std::string&, bool) {}};
    devices_ = std::make_unique<Devices>(*loop_, system_, catalogue_, events,
                                         Devices::Options{.scan_interval = milliseconds(5)});
    bool started = false;
    devices_->Start([&] { started = true; });
    EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return started && board_.opened == 1; }));
    auto images = std::make_unique<ArtifactStore>(ArtifactStore::Open(folder_ / "images").value());
    images_ = images.get();
    auto fetcher = std::make_unique<FakeFetcher>(*images);
    fetcher_ = fetcher.get();
    orders_ = std::make_unique<DeviceOrders>(*loop_, *devices_, std::move(images), std::move(fetcher),
                                             DeviceOrders::Options{milliseconds(300), milliseconds(300)});
  }

  v1::FlashDevice OrderOf(const std::string& content, const std::string& version, const std::string& device = "A") {
    v1::FlashDevice order;
    order.set_device(device);
    order.set_version(version);
    order.mutable_image()->set_name("program.bin");
    order.mutable_image()->set_digest(Sha256(content));
    order.mutable_image()->set_size_bytes(content.size());
    fetcher_->contents[order.image().digest()] = content;
    return order;
  }
  Result<std::string> Flash(const v1::FlashDevice& order) {
    return Await([&](auto done) { orders_->Flash(order, done); });
  }
  Result<std::string> Reset(const std::string& device) {
    return Await([&](auto done) { orders_->Reset(device, done); });
  }
  Result<std::string> Await(const std::function<void(DeviceOrders::Done)>& ask) {
    std::optional<Result<std::string>> answer;
    ask([&](Result<std::string> result) { answer = std::move(result); });
    EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return answer.has_value(); }));
    return *answer;
  }

  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  const tests::TemporaryFolder folder_;
  const BoardCatalogue catalogue_ = BoardCatalogue::BuiltIn();
  tests::FakeSerialSystem system_;
  FakeBoard& board_;
  std::unique_ptr<Devices> devices_;
  const ArtifactStore* images_ = nullptr;
  FakeFetcher* fetcher_ = nullptr;
  std::unique_ptr<DeviceOrders> orders_;
};

TEST_F(DeviceOrdersTest, FlashAndSayWhatRuns) {
  const auto order = OrderOf(FakeProgram("1.2.0"), "1.2.0");
  const auto done = Flash(order);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_THAT(*done, AllOf(HasSubstr("flashed "), HasSubstr("; it says "), HasSubstr(" 1.2.0")));
  EXPECT_FALSE(images_->Has(order.image().digest())) << "an image is kept only while it is needed";
}

TEST_F(DeviceOrdersTest, FlashWithoutWaitingForAHelloThatNobodyAskedFor) {
  const auto done = Flash(OrderOf("no program that speaks", ""));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_THAT(*done, testing::Not(HasSubstr("it says")));
}

TEST_F(DeviceOrdersTest, SayWhenAnotherVersionOrNothingRunsAfterTheFlash) {
  auto done = Flash(OrderOf(FakeProgram("1.1.0"), "1.2.0"));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, Code::kCorrupt);
  EXPECT_THAT(done.error().message, HasSubstr("1.1.0, and version 1.2.0 was flashed"));
  done = Flash(OrderOf("no program that speaks", "1.2.0"));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, Code::kTimeout);
  EXPECT_THAT(done.error().message, AllOf(HasSubstr("flashed "), HasSubstr("did not say hello within 300 ms")));
}

TEST_F(DeviceOrdersTest, AreRefusedForTheDeviceOfAComponentButAResetIsNot) {
  devices_->Assign("A", {"uno", "blinky/mcu", ""});
  const auto done = Flash(OrderOf(FakeProgram("1.2.0"), "1.2.0"));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, Code::kConflict);
  EXPECT_EQ(
      done.error().message,
      "device A belongs to component blinky/mcu, which would put its own image back; flash it by a release of that "
      "application");
  EXPECT_EQ(board_.pages_written, 0);
  EXPECT_TRUE(Reset("A").has_value());
}

TEST_F(DeviceOrdersTest, AreGivenUpWhenAComponentTakesTheDeviceWhileTheImageComes) {
  fetcher_->away = true;
  std::optional<Result<std::string>> answer;
  orders_->Flash(OrderOf(FakeProgram("1.2.0"), "1.2.0"), [&](Result<std::string> result) { answer = result; });
  devices_->Assign("A", {"uno", "blinky/mcu", ""});
  fetcher_->Answer();
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().code, Code::kConflict);
  EXPECT_EQ(board_.pages_written, 0);
}

TEST_F(DeviceOrdersTest, NameTheDevicesThatAreThere) {
  EXPECT_EQ(Reset("B").error().message, "there is no device \"B\"; there is uno A");
  EXPECT_EQ(Flash(OrderOf(FakeProgram("1.2.0"), "", "B")).error().code, Code::kNotFound);
  board_.Unplug();
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return devices_->Boards().empty(); }));
  EXPECT_EQ(Reset("A").error().message, "device A is not plugged in; plug it in and try again");
}

TEST_F(DeviceOrdersTest, CheckTheImageBeforeTheyTouchTheBoard) {
  auto done = Flash(OrderOf(std::string(40'000, 'x'), ""));
  EXPECT_EQ(done.error().code, Code::kInvalid);
  EXPECT_THAT(done.error().message, HasSubstr("program.bin: "));
  done = Flash(OrderOf(std::string("motley-firmware:blink 1.0.0\0", 28), "1.2.0"));
  EXPECT_EQ(
      done.error().message,
      "program.bin says that it is blink 1.0.0, and version 1.2.0 is asked for; give the image of that version, or "
      "version 1.0.0");
  EXPECT_EQ(board_.bootloader_starts, 0);
}

TEST_F(DeviceOrdersTest, GiveUpWhenTheImageDoesNotComeAndSayWhy) {
  fetcher_->away = true;
  const auto done = Flash(OrderOf(FakeProgram("1.2.0"), "1.2.0"));
  EXPECT_EQ(done.error().code, Code::kTimeout);
  EXPECT_THAT(done.error().message, HasSubstr("image program.bin did not come"));
  EXPECT_THAT(done.error().message, HasSubstr("no connection to the controller"));
  EXPECT_TRUE(fetcher_->asked.empty()) << "nobody goes on fetching";
  fetcher_->away = false;
  EXPECT_TRUE(Flash(OrderOf(FakeProgram("1.2.0"), "1.2.0")).has_value());
}

TEST_F(DeviceOrdersTest, OfOneDeviceDoNotOverlapAndThoseOfTwoDo) {
  FakeBoard& other = system_.Plug("/dev/ttyACM1", "B");
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return other.opened == 1; }));
  fetcher_->away = true;
  std::vector<std::string> ended;
  const auto note = [&](const Result<std::string>& result) {
    ended.push_back(result ? "done" : result.error().message);
  };
  orders_->Flash(OrderOf(FakeProgram("1.2.0"), "1.2.0"), note);
  orders_->Flash(OrderOf(FakeProgram("1.3.0"), "1.3.0"), note);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0], "device A is being flashed; wait until that has ended");
  orders_->Flash(OrderOf(FakeProgram("1.3.0"), "1.3.0", "B"), note);
  fetcher_->away = false;
  fetcher_->Answer();
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return ended.size() == 3; }));
  EXPECT_EQ(ended[1] + ended[2], "donedone");
}

TEST_F(DeviceOrdersTest, ResetAndSayWhatSpeaksThen) {
  ASSERT_TRUE(Flash(OrderOf(FakeProgram("1.2.0"), "1.2.0")).has_value());
  const auto done = Reset("A");
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_THAT(*done, AllOf(HasSubstr("reset; it says "), HasSubstr(" 1.2.0")));
  EXPECT_EQ(devices_->RestartsOf("A"), 0u) << "nobody takes it for a crash";
}

}  // namespace
}  // namespace motley::agent
