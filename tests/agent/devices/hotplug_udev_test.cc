#include <gtest/gtest.h>
#include <umockdev.h>

#include "agent/devices/devices.h"
#include "common/files/files.h"
#include "tests/fakes/fake_serial.h"
#include "tests/support/folder.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

/// A /sys and udev events of this test's own. Under umockdev-wrapper.
class UdevHotplugTest : public testing::Test {
 protected:
  UdevHotplugTest() : bed_(umockdev_testbed_new()) {
    hotplug_ = std::move(CreateUdevHotplug(folder_ / "control").value());
  }
  ~UdevHotplugTest() override { g_object_unref(bed_); }

  /// Plugs in a device; udev tells of it.
  void Plug(const char* subsystem, const char* name) {
    gchar* path = umockdev_testbed_add_device(bed_, subsystem, name, nullptr, nullptr, "DEVNAME", name, nullptr);
    g_free(path);
  }
  bool Told() {
    bool told = false;
    const Handle watch = loop_->WatchReadable(hotplug_->fd(), [&] { told |= hotplug_->Take(); });
    return tests::RunUntil(
        *loop_, [&] { return told; }, milliseconds(500));
  }

  tests::TemporaryFolder folder_;
  UMockdevTestbed* bed_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  std::unique_ptr<Hotplug> hotplug_;
};

TEST_F(UdevHotplugTest, RunsUnderAMockOfUdev) { ASSERT_TRUE(umockdev_in_mock_environment()) << "use umockdev-wrapper"; }

TEST_F(UdevHotplugTest, TellsOfSerialPorts) {
  Plug("tty", "ttyACM0");
  EXPECT_TRUE(Told());
  umockdev_testbed_uevent(bed_, "/sys/devices/ttyACM0", "remove");
  EXPECT_TRUE(Told());
}

TEST_F(UdevHotplugTest, SaysNothingOfOtherDevices) {
  Plug("block", "sda");
  EXPECT_FALSE(Told());
}

TEST_F(UdevHotplugTest, WorksOnlyWhereUdevRuns) {
  EXPECT_FALSE(hotplug_->Works());
  ASSERT_TRUE(WriteFileAtomically(folder_ / "control", "", 0600));
  EXPECT_TRUE(hotplug_->Works());
}

TEST_F(UdevHotplugTest, LetsABoardBeFoundThatNobodyWouldHaveLookedForForAnHour) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "control", "", 0600));
  tests::FakeSerialSystem system;
  const BoardCatalogue catalogue = BoardCatalogue::BuiltIn();
  const DeviceEvents events{[] {}, [] {}, [](const std::string&, const std::string&) {},
                            [](const std::string&, const std::string&, const std::string&, bool) {}};
  Devices devices(*loop_, system, catalogue, events,
                  {.rare_scan_interval = std::chrono::hours(1), .hotplug = hotplug_.get()});
  bool started = false;
  devices.Start([&] { started = true; });
  ASSERT_TRUE(tests::RunUntil(*loop_, [&] { return started; }));
  system.Plug("/dev/ttyACM0", "A");
  Plug("tty", "ttyACM0");
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return devices.Boards().size() == 1; }));
}

}  // namespace
}  // namespace motley::agent
