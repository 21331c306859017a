// Boards of two kinds and a program behind one gateway: all of the new version, or all of the one before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tools/boards/text_image.h"
#include "tools/espsim/firmware_image.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::size_t kPillBytes = 16 * 1024;
constexpr std::size_t kEspBytes = 48 * 1024;
constexpr std::size_t kEspAddress = 0x10000;

std::string Bytes(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

/// The whole image differs from version to version.
std::uint32_t SeedOf(const std::string& version) {
  return static_cast<std::uint32_t>(std::hash<std::string>()(version));
}

std::string PillImage(const std::string& version) {
  return Bytes(boards::MakeTextImage({.size_bytes = kPillBytes,
                                      .words = "firmware=valves version=" + version,
                                      .seed = SeedOf(version),
                                      .prefix = {0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08}}));
}

/// The second board: its type, and the model of its chip.
struct Esp {
  std::string type;
  std::string model;
};

/// `words` say more than name and version.
std::string EspImage(const Esp& esp, const std::string& version, const std::string& words = "") {
  return Bytes(espsim::MakeFirmwareImage(espsim::FindModel(esp.model).value(),
                                         {.size_bytes = kEspBytes,
                                          .words = "firmware=climate version=" + version + " selftest=ok " + words,
                                          .seed = SeedOf(version)}));
}

std::string Text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class LastMileTest : public testing::Test {
 protected:
  explicit LastMileTest(Esp esp = {"esp32", "esp32"}) : esp_(std::move(esp)) {
    controller_.Start();
    agent_ = std::make_unique<TestAgent>(TestAgent::Options{
        .controller_url = controller_.url(), .token = controller_.AddGateway("gw"), .boards = &boards_});
    agent_->Start();
    EXPECT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) {
      return gateway.online() && gateway.reported().devices_size() == 2;
    }));
  }

  /// `words` are of the ESP's program.
  void Push(const std::string& version, const std::string& words = "") {
    std::ofstream(folder_ / ("valves-" + version + ".bin"), std::ios::binary) << PillImage(version);
    std::ofstream(folder_ / ("climate-" + version + ".bin"), std::ios::binary) << EspImage(esp_, version, words);
    const std::string yaml = "application: greenhouse\nversion: " + version +
                             R"(
artifacts:
  valves: {file: valves-${version}.bin}
  climate: {file: climate-${version}.bin}
template:
  hosts:
    pill: {mcu: bluepill}
    esp: {mcu: )" + esp_.type +
                             R"(}
  components:
    log: {kind: process, command: [/bin/sh, -c, "echo log ${version}; exec sleep 1000000"], confirm_ms: 100}
    valves: {kind: firmware, host: pill, image: valves, version: "${version}", probation_ms: 0}
    climate: {kind: firmware, host: esp, image: climate, version: "${version}", self_test: true, probation_ms: 1000}
variants:
  - {name: standard}
)";
    std::string text = yaml;
    for (std::size_t at; (at = text.find("-${version}.bin")) != std::string::npos;) {
      text.replace(at, 15, "-" + version + ".bin");
    }
    const auto pushed = controller_.Push(text, folder_.path());
    ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
  }

  /// Waits for the end of the newest deployment.
  v1::Deployment::State EndOfDeployment() {
    const std::uint64_t revision = controller_.Gateway("gw").desired().revision();
    v1::Deployment deployment;
    EXPECT_TRUE(WaitForGateway(
        controller_, "gw",
        [&](const v1::Gateway& gateway) {
          deployment = gateway.reported().deployment();
          return deployment.revision() == revision && (deployment.state() == v1::Deployment::STATE_DONE ||
                                                       deployment.state() == v1::Deployment::STATE_FAILED);
        },
        seconds(120)))
        << agent_->Output();
    reason_ = deployment.reason();
    return deployment.state();
  }

  /// What is in the chips, by their own word, and what the program said.
  void ExpectWhole(const std::string& version, const std::string& when) {
    boards_.Control({"P1", "dump", folder_ / "pill"});
    boards_.Control({"E1", "dump", folder_ / "esp"});
    EXPECT_TRUE(Text(folder_ / "pill").substr(0, kPillBytes) == PillImage(version)) << when;
    EXPECT_TRUE(Text(folder_ / "esp").substr(kEspAddress, kEspBytes) == EspImage(esp_, version)) << when;
    const auto log = controller_.Call("POST", "/v1/gateways/gw/logs", R"({"component":"log","lines":100})");
    ASSERT_TRUE(log.has_value()) << log.error().message;
    EXPECT_EQ(log->substr(log->rfind("log ") + 4, version.size()), version) << when;
  }

  void Deploy(const std::string& version) {
    Push(version);
    controller_.Roll("greenhouse", version);
    ASSERT_EQ(EndOfDeployment(), v1::Deployment::STATE_DONE) << reason_ << "\n" << agent_->Output();
    ExpectWhole(version, "deployed");
  }

  const Esp esp_;
  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
  const TestBoards boards_{{"bluepill:P1", esp_.type + ":E1"}};
  std::unique_ptr<TestAgent> agent_;
  std::string reason_;
};

TEST_F(LastMileTest, BoardsOfTwoKindsAndAProgramAreUpdatedTogetherOrNotAtAll) {
  Deploy("1.0.0");
  Deploy("1.1.0");
  const std::pair<const char*, const char*> broken[] = {
      {"crash_ms=200", "board E1 crashes: it started"},
      {"hello=off", "board E1 did not say hello"},
      {"selftest=no-sensor", "no-sensor"},
  };
  int attempt = 0;
  for (const auto& [words, reason] : broken) {
    const std::string version = "2.0." + std::to_string(++attempt);
    Push(version, words);
    controller_.Roll("greenhouse", version);
    ASSERT_EQ(EndOfDeployment(), v1::Deployment::STATE_FAILED) << words;
    EXPECT_THAT(reason_, HasSubstr("greenhouse/climate"));
    EXPECT_THAT(reason_, HasSubstr(reason));
    ExpectWhole("1.1.0", words);
  }
}

/// With a board whose USB is its chip's own.
class LastMileOverUsbTest : public LastMileTest {
 protected:
  LastMileOverUsbTest() : LastMileTest({"xiao-esp32c3", "esp32c3"}) {}
};

TEST_F(LastMileOverUsbTest, ABoardIsUpdatedAndReturnsToWhatItHad) {
  Deploy("1.0.0");
  Deploy("1.1.0");
  Push("2.0.0", "crash_ms=200");
  controller_.Roll("greenhouse", "2.0.0");
  ASSERT_EQ(EndOfDeployment(), v1::Deployment::STATE_FAILED);
  EXPECT_THAT(reason_, HasSubstr("board E1 crashes: it started"));
  ExpectWhole("1.1.0", "crashed");
}

TEST_F(LastMileTest, AnAgentThatIsKilledOrACableThatIsPulledInAFlashLeavesOldOrNew) {
  Deploy("1.0.0");
  std::string now = "1.0.0";
  Push("1.1.0");
  // MOTLEY_CUTS: how many; the moments are spread over the 4 s that both flashes take.
  const char* wanted = std::getenv("MOTLEY_CUTS");
  const int cuts = wanted == nullptr ? 6 : std::atoi(wanted);
  for (int cut = 0; cut < cuts; ++cut) {
    const std::string next = now == "1.0.0" ? "1.1.0" : "1.0.0";
    const int after_ms = 100 + 4000 * cut / cuts;
    const bool kill = cut % 2 == 0;
    const std::string when = (kill ? "killed after " : "pulled after ") + std::to_string(after_ms) + " ms";
    controller_.Roll("greenhouse", next);
    poll(nullptr, 0, after_ms);
    if (kill) {
      agent_->Kill();
      ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) { return !gateway.online(); }));
      agent_->Start();
    } else {
      const std::string board = cut % 4 == 1 ? "P1" : "E1";
      boards_.Control({board, "unplug"});
      poll(nullptr, 0, 300);
      boards_.Control({board, "plug"});
    }
    const bool became_new = EndOfDeployment() == v1::Deployment::STATE_DONE;
    const std::string version = became_new ? next : now;
    // A board that came back late is put right when it is looked at.
    ASSERT_TRUE(WaitForGateway(
        controller_, "gw",
        [&](const v1::Gateway& gateway) {
          const auto& report = gateway.reported();
          if (!gateway.online() || report.devices_size() != 2 || report.applications_size() != 1) return false;
          for (const v1::ReportedDevice& device : report.devices()) {
            if (!device.present() || device.firmware_version() != version) return false;
          }
          return report.applications(0).version() == version;
        },
        seconds(60)))
        << when << "\n"
        << agent_->Output();
    ExpectWhole(version, when);
    if (HasFailure()) return;
    now = version;
  }
}

}  // namespace
}  // namespace motley::tests
