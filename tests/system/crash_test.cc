#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <iostream>

#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tests/system/releases.h"

namespace motley::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// One gateway with a board, and two releases between which it is sent back and forth.
class AgentCrash : public testing::Test {
 protected:
  AgentCrash() : boards_({"uno:A1"}) {
    TestAgent::Options options;
    options.controller_url = controller_.url();
    options.token = controller_.AddGateway("gw");
    options.boards = &boards_;
    agent_ = std::make_unique<TestAgent>(options);
    for (const char* version : {"1.0.0", "1.1.0"}) {
      EXPECT_TRUE(controller_.Push(BlinkyRelease(version), folder_.path()).has_value());
    }
    agent_->Start();
    EXPECT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) { return gateway.online(); }));
    controller_.Roll("blinky", version_);
    EXPECT_TRUE(WaitForVersion(controller_, "gw", version_));
    agent_->Stop();
  }

  std::string Other() const { return version_ == "1.0.0" ? "1.1.0" : "1.0.0"; }

  /// The agent runs again and is left alone: gateway and board must end with one version, the old or the new.
  void ExpectOldOrNew(const std::string& when) {
    agent_->Start();
    const std::string old_version = version_;
    const std::string new_version = Other();
    // Its answer proves that the agent is back; what is reported until then is from the time before.
    ASSERT_TRUE(WaitFor([&] { return GreeterLog().has_value(); }, seconds(60))) << when << "\n" << agent_->Output();
    v1::Gateway last;
    const bool ended = WaitForGateway(
        controller_, "gw",
        [&](const v1::Gateway& gateway) {
          const auto& report = gateway.reported();
          const auto state = report.deployment().state();
          last = gateway;
          return gateway.online() && report.deployment().revision() == gateway.desired().revision() &&
                 (state == v1::Deployment::STATE_DONE || state == v1::Deployment::STATE_FAILED) &&
                 report.devices_size() == 1 && !report.devices(0).firmware_version().empty() &&
                 report.applications_size() == 1 && Running(report.applications(0));
        },
        seconds(60));
    ASSERT_TRUE(ended) << when << "\n" << agent_->Output();
    const v1::ReportedState& report = last.reported();
    version_ = report.applications(0).version();
    EXPECT_TRUE(version_ == old_version || version_ == new_version) << when;
    EXPECT_EQ(report.devices(0).firmware_version(), version_) << when << "\n" << agent_->Output();
    EXPECT_EQ(report.deployment().state(),
              version_ == new_version ? v1::Deployment::STATE_DONE : v1::Deployment::STATE_FAILED)
        << when;
    EXPECT_EQ(GreeterVersion(), version_) << when;
    agent_->Stop();
  }

  static bool Running(const v1::ReportedApplication& application) {
    for (const v1::ReportedComponent& component : application.components()) {
      if (component.state() != v1::ReportedComponent::STATE_RUNNING) return false;
    }
    return true;
  }

  Result<std::string> GreeterLog() {
    return controller_.Call("POST", "/v1/gateways/gw/logs", R"({"component":"greeter","lines":100})");
  }

  /// Starts the agent on a new deployment and waits until it begins the flash.
  void StartFlash() {
    const auto flashes = [this] {
      int count = 0;
      const std::string log = agent_->Output();
      for (auto at = log.find(kFlash); at != std::string::npos; at = log.find(kFlash, at + 1)) ++count;
      return count;
    };
    controller_.Roll("blinky", Other());
    const int before = flashes();
    agent_->Start();
    ASSERT_TRUE(WaitFor([&] { return flashes() > before; }));
  }

  /// What the one process that runs was started with, by its own word.
  std::string GreeterVersion() {
    const auto logs = GreeterLog();
    if (!logs) return logs.error().message;
    const auto at = logs->rfind("hello from ");
    return at == std::string::npos ? *logs : logs->substr(at + 11, 5);
  }

  static constexpr std::string_view kFlash = "apply blinky/blink";
  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
  TestBoards boards_;
  std::unique_ptr<TestAgent> agent_;
  std::string version_ = "1.0.0";
};

TEST_F(AgentCrash, EndsWithTheOldOrTheNewAtEveryDurableWriteOfADeployment) {
  constexpr int kMost = 200;
  int cuts = 0;
  int became_new = 0;
  for (int write = 1; write <= kMost; ++write) {
    controller_.Roll("blinky", Other());
    agent_->Start({{"LD_PRELOAD", Built("libmotley_kill_at_sync.so")},
                   {"MOTLEY_KILL_AT_SYNC", "motley-agent:" + std::to_string(write) + ":after"}});
    const std::uint64_t revision = controller_.Gateway("gw").desired().revision();
    bool deployed = false;
    ASSERT_TRUE(WaitFor(
        [&] {
          if (!agent_->Running()) return true;
          const auto& deployment = controller_.Gateway("gw").reported().deployment();
          deployed = deployment.revision() == revision && deployment.state() == v1::Deployment::STATE_DONE;
          return deployed;
        },
        seconds(60)));
    const bool cut = !agent_->Running();
    if (!cut) agent_->Stop();
    cuts += cut;
    const std::string before = version_;
    ExpectOldOrNew("cut at durable write " + std::to_string(write));
    if (HasFailure()) return;
    became_new += version_ != before;
    // Deployed without having come so far: there are no more cut points.
    if (!cut) break;
  }
  std::cout << cuts << " cut points, each ended whole; " << became_new << " with the new version\n";
  EXPECT_GE(cuts, 10);
  EXPECT_LT(cuts, kMost);
}

TEST_F(AgentCrash, EndsWithTheOldOrTheNewWhenItIsKilledInTheMiddleOfAFlash) {
  for (int after_ms = 100; after_ms <= 1300; after_ms += 200) {
    StartFlash();
    poll(nullptr, 0, after_ms);
    agent_->Kill();
    ExpectOldOrNew("killed " + std::to_string(after_ms) + " ms after the flash began");
    if (HasFailure()) return;
  }
}

TEST_F(AgentCrash, FlashesAnewWhenTheBoardLostItsPowerInTheMiddle) {
  StartFlash();
  poll(nullptr, 0, 600);
  boards_.Control({"A1", "unplug"});
  ASSERT_TRUE(WaitForGateway(
      controller_, "gw",
      [](const v1::Gateway& gateway) {
        return gateway.reported().deployment().state() == v1::Deployment::STATE_FAILED;
      },
      seconds(60)));
  boards_.Control({"A1", "plug"});
  // What was committed is put back as soon as the board is there.
  EXPECT_TRUE(WaitForGateway(
      controller_, "gw",
      [&](const v1::Gateway& gateway) {
        const auto& report = gateway.reported();
        return report.devices_size() == 1 && report.devices(0).firmware_version() == version_ &&
               report.applications(0).version() == version_ && Running(report.applications(0));
      },
      seconds(60)))
      << agent_->Output();
}

}  // namespace
}  // namespace motley::tests
