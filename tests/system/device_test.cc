// Devices by `motley device`: real controller, agent and boards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/files/files.h"
#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tests/system/releases.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DeviceCommands : public testing::Test {
 protected:
  void Start(const std::string& id = "gw") {
    TestAgent::Options options;
    options.controller_url = controller_.url();
    options.token = controller_.AddGateway(id);
    options.arguments = {"--telemetry-interval-ms", "200", "--drift-interval-ms", "500"};
    options.boards = &boards_;
    agent_.emplace(options);
    agent_->Start();
    ASSERT_TRUE(WaitForGateway(controller_, id, [](const v1::Gateway& gateway) {
      return gateway.online() && gateway.reported().devices_size() == 1;
    }));
  }
  Finished Motley(std::vector<std::string> words) const {
    words.insert(words.begin(), {Built("motley"), "--state", controller_.folder(), "device"});
    return RunProgram(words, {}, std::chrono::seconds(60));
  }
  Finished Flash(const std::string& image, const std::string& version) const {
    return Motley({"flash", "gw", "A1", FirmwareFile(image), "--version", version, "--wait"});
  }

  /// The last one; 0: there is none.
  static double ValueOf(const v1::TelemetryPage& page, const std::string& metric) {
    double value = 0;
    for (const v1::Sample& sample : page.samples()) {
      if (sample.metric() == metric) value = sample.value();
    }
    return value;
  }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
  TestBoards boards_{{"uno:A1"}};
  std::optional<TestAgent> agent_;
};

TEST_F(DeviceCommands, FlashShowAndLogADeviceThatSpeaksInFrames) {
  Start();
  EXPECT_THAT(Motley({"list"}).output, AllOf(HasSubstr("gw"), HasSubstr("A1"), HasSubstr("uno"), HasSubstr("ttyACM0")));
  const Finished flashed = Flash("frames-1.0.0.hex", "1.0.0");
  ASSERT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_THAT(flashed.output, AllOf(HasSubstr("A1: flashed "), HasSubstr("; it says frames 1.0.0")));

  v1::TelemetryPage page;
  ASSERT_TRUE(WaitFor([&] {
    page = controller_.Telemetry("gw", "source=device:A1&limit=10000");
    return page.lines_size() >= 4 && ValueOf(page, "refused_values") > 0;
  }));
  EXPECT_GT(ValueOf(page, "uptime_ms"), 0);
  EXPECT_GT(ValueOf(page, "half_uptime_s"), 0);
  // They are in one batch, or the second one is in the next.
  EXPECT_NEAR(ValueOf(page, "half_uptime_s") * 2000, ValueOf(page, "uptime_ms"), 201);
  for (const v1::Sample& sample : page.samples()) {
    EXPECT_NE(sample.metric(), "no number");
    EXPECT_NE(sample.metric(), "broken_frames");
  }

  const Finished shown = Motley({"show", "gw", "A1"});
  EXPECT_THAT(shown.output, AllOf(HasSubstr("frames 1.0.0"), HasSubstr("nobody"), HasSubstr("listening"),
                                  HasSubstr("half_uptime_s"), HasSubstr("still here"), HasSubstr("written")));
  EXPECT_THAT(Motley({"log", "gw", "A1", "--since", "1h"}).output,
              AllOf(HasSubstr("hello firmware=frames version=1.0.0 selftest=ok"), HasSubstr("still here")));
}

TEST_F(DeviceCommands, ResetADeviceAndFlashTextAfterFrames) {
  Start();
  ASSERT_EQ(Flash("frames-1.0.0.hex", "1.0.0").exit_code, 0);
  const Finished reset = Motley({"reset", "gw", "A1"});
  EXPECT_EQ(reset.exit_code, 0);
  EXPECT_THAT(reset.output, HasSubstr("A1: reset; it says frames 1.0.0"));
  const Finished flashed = Flash("blink-1.1.0.hex", "1.1.0");
  EXPECT_EQ(flashed.exit_code, 0) << flashed.output;
  EXPECT_THAT(flashed.output, HasSubstr("; it says blink 1.1.0"));
  EXPECT_EQ(controller_.Gateway("gw").reported().devices(0).restarts(), 0u);
}

TEST_F(DeviceCommands, SayWhatIsWrongAndWhatThereIs) {
  Start();
  const Finished nobody = Motley({"show", "gw", "B2"});
  EXPECT_EQ(nobody.exit_code, ExitCode(Code::kNotFound));
  EXPECT_EQ(nobody.output, "motley: error: gateway gw has no device \"B2\"; it has uno A1\n");
  EXPECT_THAT(Motley({"reset", "gw-9", "A1"}).output, HasSubstr("there is no gateway \"gw-9\""));
  const Finished other = Flash("frames-1.0.0.hex", "2.0.0");
  EXPECT_EQ(other.exit_code, ExitCode(Code::kInvalid));
  EXPECT_THAT(other.output, HasSubstr("frames-1.0.0.hex says that it is frames 1.0.0, and version 2.0.0 is asked for"));
  // This one never says a word.
  const Finished silent = Flash("blink-1.2.0.hex", "1.2.0");
  EXPECT_EQ(silent.exit_code, ExitCode(Code::kTimeout));
  EXPECT_THAT(silent.output, AllOf(HasSubstr("flashed "), HasSubstr("but board A1 did not say hello")));
  agent_->Stop();
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) { return !gateway.online(); }));
  const Finished offline = Motley({"reset", "gw", "A1"});
  EXPECT_EQ(offline.exit_code, ExitCode(Code::kUnavailable));
  EXPECT_THAT(offline.output, HasSubstr("gateway gw is offline since "));
  EXPECT_THAT(Motley({"list"}).output, HasSubstr("gateway offline"));
}

TEST_F(DeviceCommands, LeaveTheDevicesOfComponentsToTheirReleases) {
  Start("factory");
  ASSERT_TRUE(controller_.Push(BlinkyRelease("1.0.0"), folder_.path()).has_value());
  controller_.Roll("blinky", "1.0.0");
  ASSERT_TRUE(WaitForVersion(controller_, "factory", "1.0.0"));
  const Finished flash =
      Motley({"flash", "factory", "A1", FirmwareFile("frames-1.0.0.hex"), "--version", "1.0.0", "--wait"});
  EXPECT_EQ(flash.exit_code, ExitCode(Code::kConflict));
  EXPECT_THAT(flash.output, AllOf(HasSubstr("device A1 belongs to component blinky/"), HasSubstr("by a release")));
  EXPECT_EQ(controller_.Gateway("factory").reported().devices(0).firmware(), "blink");
}

}  // namespace
}  // namespace motley::tests
