// A board with MCUboot behind a gateway: an image is on trial until the board has proved itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/flash/smp_boards.h"
#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"

namespace motley::tests {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::size_t kProgramBytes = 8'000;

class McubootSystemTest : public testing::Test {
 protected:
  McubootSystemTest() {
    boards_.Tell(0, {"flash-time", "off"});
    controller_.Start();
    agent_ = std::make_unique<TestAgent>(TestAgent::Options{
        .controller_url = controller_.url(), .token = controller_.AddGateway("gw"), .boards = &boards_.boards()});
    agent_->Start();
    EXPECT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) {
      return gateway.online() && gateway.reported().devices_size() == 1;
    }));
  }

  /// The state in which the deployment ends, and its reason.
  std::pair<v1::Deployment::State, std::string> Deploy(const std::string& version, const std::string& words = "") {
    const std::string image = boards_.Put(version, kProgramBytes, words);
    const auto pushed =
        controller_.Push("application: greenhouse\nversion: " + version + "\nartifacts:\n  valves: {file: " + version +
                             ".bin}\ntemplate:\n  hosts:\n    board: {mcu: nrf52-mcuboot}\n"
                             "  components:\n    valves: {kind: firmware, host: board, image: valves, "
                             "version: \"" +
                             version + "\", hello_ms: 1500, probation_ms: 1000}\nvariants:\n  - {name: standard}\n",
                         boards_.folder());
    EXPECT_TRUE(pushed.has_value()) << pushed.error().message;
    controller_.Roll("greenhouse", version);
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
    return {deployment.state(), deployment.reason()};
  }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
  const SmpBoards boards_{1, kProgramBytes};
  std::unique_ptr<TestAgent> agent_;
};

TEST_F(McubootSystemTest, KeepsWhatProvesItselfAndGoesBackFromWhatCrashes) {
  auto [state, reason] = Deploy("1.1.0");
  ASSERT_EQ(state, v1::Deployment::STATE_DONE) << reason << "\n" << agent_->Output();
  EXPECT_EQ(boards_.Slots(0), "slot0=1.1.0,active,confirmed slot1=1.0.0");

  std::tie(state, reason) = Deploy("1.2.0", " crash_ms=400");
  EXPECT_EQ(state, v1::Deployment::STATE_FAILED) << agent_->Output();
  EXPECT_THAT(reason, HasSubstr("board N1"));
  ASSERT_TRUE(WaitFor([&] { return boards_.Slots(0).starts_with("slot0=1.1.0,active,confirmed"); }));
  EXPECT_TRUE(boards_.Holds(0, boards_.folder() + "/1.1.0.bin"));
  const v1::Gateway back = controller_.Gateway("gw");
  EXPECT_EQ(back.reported().devices(0).firmware_version(), "1.1.0");

  std::tie(state, reason) = Deploy("1.3.0");
  EXPECT_EQ(state, v1::Deployment::STATE_DONE) << reason << "\n" << agent_->Output();
  EXPECT_THAT(boards_.Slots(0), HasSubstr("slot0=1.3.0,active,confirmed"));

  // Nothing tells an agent that has started what runs there; a reset has it say so, and nothing is written for that.
  const std::uint64_t uploads = boards_.Statistic(0, "uploads");
  const std::uint64_t resets = boards_.Statistic(0, "resets");
  agent_->Kill();
  agent_->Start();
  EXPECT_TRUE(WaitFor([&] { return boards_.Statistic(0, "resets") > resets; }, seconds(60))) << agent_->Output();
  EXPECT_TRUE(WaitForGateway(
      controller_, "gw",
      [](const v1::Gateway& gateway) {
        return gateway.in_sync() && gateway.reported().devices(0).firmware_version() == "1.3.0";
      },
      seconds(60)))
      << agent_->Output();
  EXPECT_EQ(boards_.Statistic(0, "uploads"), uploads);
  EXPECT_THAT(boards_.Slots(0), HasSubstr("slot0=1.3.0,active,confirmed"));
}

}  // namespace
}  // namespace motley::tests
