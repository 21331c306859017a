#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/base/result.h"
#include "common/crypto/digest.h"
#include "tests/tools/motley/fake_controller.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kDevice[] = R"({"gateway": "gw-1", "gateway_online": true, "last_seen": "2026-01-31T12:00:00Z",
  "device": {"id": "A1", "board": "uno", "port": "/dev/ttyACM0", "present": true, "state": "STATE_LISTENING",
    "firmware": "blink", "firmware_version": "1.2.0", "owner": "blinky/mcu", "restarts": 3, "written_bytes": 1536,
    "skipped_bytes": 27846, "flash_ms": 412}})";

TEST(MotleyDevice, ListsTheDevicesOfAllGatewaysOrOfOne) {
  FakeController controller;
  controller.Answer("GET /v1/devices", 200, std::string(R"({"devices": [)") + kDevice + R"(,
    {"gateway": "gw-2", "device": {"id": "B\u001b[2J", "board": "nano", "present": true, "state": "STATE_FLASHING"}}]})");
  controller.Answer("GET /v1/devices?gateway=gw-3", 200, "{}");
  const Finished all = controller.Run({"device", "list"});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_THAT(all.output, AllOf(HasSubstr("GATEWAY  DEVICE"), HasSubstr("listening"), HasSubstr("blink 1.2.0"),
                                HasSubstr("blinky/mcu"), HasSubstr("gateway offline"), HasSubstr("B\\x1b[2J")));
  EXPECT_THAT(controller.Run({"device", "list", "gw-3"}).output, HasSubstr("no devices"));
}

TEST(MotleyDevice, ListsPageAfterPage) {
  FakeController controller;
  controller.Answer("GET /v1/devices", 200,
                    R"({"devices": [{"gateway": "a", "device": {"id": "A1"}}], "cursor": "a"})");
  controller.Answer("GET /v1/devices?after=a", 200, R"({"cursor": "b c"})");
  controller.Answer("GET /v1/devices?after=b%20c", 200, R"({"devices": [{"gateway": "d", "device": {"id": "D1"}}]})");
  const Finished all = controller.Run({"device", "list"});
  EXPECT_THAT(all.output, AllOf(HasSubstr("A1"), HasSubstr("D1")));
  EXPECT_THAT(controller.Run({"device", "list", "--json"}).output, HasSubstr("\"cursor\": \"\""));
  EXPECT_EQ(controller.requests().size(), 6u);
}

TEST(MotleyDevice, ShowsADeviceWithItsLatestReadingsAndLines) {
  FakeController controller;
  controller.Answer("GET /v1/gateways/gw-1/devices/A1", 200, kDevice);
  controller.Answer("GET /v1/gateways/gw-1/telemetry?source=device%3AA1", 200,
                    R"({"samples": [{"time_us": "2", "metric": "t", "value": 21.5}, {"time_us": "1", "metric": "t",
                    "value": 3}], "lines": [{"time_us": "1", "device": "A1", "text": "door open"}]})");
  const Finished shown = controller.Run({"device", "show", "gw-1", "A1"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.output, AllOf(HasSubstr("1.5 KiB written, 27.2 KiB were there already, in 0.4 s"),
                                  HasSubstr("restarts by itself:  3"), HasSubstr("21.5"), HasSubstr("door open")));
}

TEST(MotleyDevice, LogsTheLinesAlone) {
  FakeController controller;
  controller.Answer("GET /v1/gateways/gw-1/devices/A1", 200, kDevice);
  controller.Answer("GET /v1/gateways/gw-1/telemetry?source=device%3AA1", 200,
                    R"({"samples": [{"metric": "t"}], "lines": [{"device": "A1", "text": "door open"}]})");
  EXPECT_THAT(controller.Run({"device", "log", "gw-1", "A1"}).output, testing::EndsWith("  door open\n"));
  const Finished json = controller.Run({"device", "log", "gw-1", "A1", "--json"});
  EXPECT_THAT(json.output, AllOf(HasSubstr("door open"), Not(HasSubstr("\"t\""))));
}

TEST(MotleyDevice, UploadsAnImageFlashesItAndWaitsForTheOutcome) {
  FakeController controller;
  const std::string file = controller.folder() / "blink.hex";
  std::ofstream(file) << "image";
  const std::string digest = Sha256("image");
  controller.Answer("GET /v1/gateways/gw-1/devices/A1", 200, kDevice);
  controller.Answer("HEAD /v1/artifacts/" + digest, 200, "");
  controller.Answer("HEAD /v1/artifacts/sha256%3A" + digest.substr(7), 200, "");
  controller.Answer("POST /v1/gateways/gw-1/devices/A1/flash", 202,
                    R"({"id": "6f1c", "gateway": "gw-1", "device": "A1"})");
  controller.Answer("GET /v1/gateways/gw-1/orders/6f1c", 200, R"({"id": "6f1c", "gateway": "gw-1", "device": "A1"})");
  controller.Answer(
      "GET /v1/gateways/gw-1/orders/6f1c", 200,
      R"({"id": "6f1c", "gateway": "gw-1", "device": "A1", "finished": true, "done": "flashed 5 bytes"})");
  const Finished flashed = controller.Run({"device", "flash", "gw-1", "A1", file, "--version", "1.2.0", "--wait"});
  EXPECT_EQ(flashed.exit_code, 0);
  EXPECT_EQ(flashed.output, "A1: flashed 5 bytes\n");
  const auto& requests = controller.requests();
  ASSERT_EQ(requests.size(), 5u);
  EXPECT_THAT(requests[2].body,
              AllOf(HasSubstr(digest), HasSubstr(R"("name":"blink.hex")"), HasSubstr(R"("version":"1.2.0")")));
}

TEST(MotleyDevice, EndsWithTheErrorOfTheGateway) {
  FakeController controller;
  controller.Answer("POST /v1/gateways/gw-1/devices/A1/reset", 202,
                    R"({"id": "6f1c", "gateway": "gw-1", "device": "A1"})");
  controller.Answer("GET /v1/gateways/gw-1/orders/6f1c", 200,
                    R"({"finished": true, "error": "device A1 is being flashed", "error_code": "conflict"})");
  const Finished reset = controller.Run({"device", "reset", "gw-1", "A1"});
  EXPECT_EQ(reset.exit_code, ExitCode(Code::kConflict));
  EXPECT_EQ(reset.output, "motley: error: device A1 is being flashed\n");
}

TEST(MotleyDevice, UploadsNothingForADeviceThatIsNotThere) {
  FakeController controller;
  const std::string file = controller.folder() / "blink.hex";
  std::ofstream(file) << "image";
  controller.Answer("GET /v1/gateways/gw-1/devices/A1", 404, R"({"code": "not_found", "message": "no such device"})");
  EXPECT_EQ(controller.Run({"device", "flash", "gw-1", "A1", file}).exit_code, ExitCode(Code::kNotFound));
  EXPECT_THAT(controller.lines(), ElementsAre("GET /v1/gateways/gw-1/devices/A1"));
}

}  // namespace
}  // namespace motley::tests
