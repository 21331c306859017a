#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <iostream>

#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tests/system/releases.h"

namespace motley::tests {
namespace {

/// A network namespace with one cable to this one, on which a relay leads to ports of loopback.
class FarEnd {
 public:
  explicit FarEnd(const std::vector<int>& ports) {
    Run({"ip", "netns", "add", name_});
    Run({"ip", "link", "add", near_, "type", "veth", "peer", "name", "far", "netns", name_});
    Run({"ip", "address", "add", address_ + "/30", "dev", near_});
    Run({"ip", "link", "set", near_, "up"});
    RunInside({"ip", "address", "add", subnet_ + ".2/30", "dev", "far"});
    RunInside({"ip", "link", "set", "far", "up"});
    RunInside({"ip", "link", "set", "lo", "up"});
    for (const int port : ports) {
      const std::string number = std::to_string(port);
      relays_.push_back(Program::Start(
          {{"socat", "TCP-LISTEN:" + number + ",bind=" + address_ + ",fork,reuseaddr", "TCP:127.0.0.1:" + number},
           {},
           ""}));
    }
  }
  ~FarEnd() {
    // Each connection has a relay process of its own.
    for (const auto& relay : relays_) kill(-relay->pid(), SIGKILL);
    RunProgram({"ip", "netns", "delete", name_});
    RunProgram({"ip", "link", "delete", near_});
  }

  /// nsenter, since `ip netns exec` changes mounts as well, which a chroot does not allow.
  std::vector<std::string> prefix() const { return {"nsenter", "--net=/run/netns/" + name_, "--"}; }
  std::string Url(const std::string& scheme, int port) const {
    return scheme + "://" + address_ + ":" + std::to_string(port);
  }
  void Cut() { Run({"ip", "link", "set", near_, "down"}); }
  void Mend() { Run({"ip", "link", "set", near_, "up"}); }

 private:
  static void Run(std::vector<std::string> command) {
    const Finished finished = RunProgram(std::move(command));
    if (finished.exit_code != 0) std::cerr << finished.output;
    CHECK(finished.exit_code == 0);
  }

  void RunInside(const std::vector<std::string>& command) const {
    std::vector<std::string> whole = prefix();
    whole.insert(whole.end(), command.begin(), command.end());
    Run(std::move(whole));
  }

  // 198.18.0.0/15 is set aside for tests of networks (RFC 2544); one of its subnets for each process.
  const std::string subnet_ = "198.18." + std::to_string(getpid() % 256);
  const std::string address_ = subnet_ + ".1";
  const std::string name_ = "motley-" + std::to_string(getpid());
  const std::string near_ = "mo" + std::to_string(getpid());
  std::vector<std::unique_ptr<Program>> relays_;
};

TEST(LinkCut, AGatewayThatIsCutOffDuringAPushCatchesUp) {
  TemporaryFolder folder;
  Broker broker;
  TestController controller(folder / "controller", broker.url());
  const int controller_port = std::stoi(controller.url().substr(controller.url().rfind(':') + 1));
  FarEnd far({broker.port(), controller_port});
  TestAgent::Options options;
  options.controller_url = far.Url("http", controller_port);
  options.token = controller.AddGateway("gw");
  options.prefix = far.prefix();
  options.arguments = {"--broker", far.Url("mqtt", broker.port()), "--telemetry-interval-ms", "200"};
  TestAgent agent(options);
  agent.Start();
  ASSERT_TRUE(WaitForGateway(controller, "gw", [](const v1::Gateway& gateway) { return gateway.online(); }));
  for (const char* version : {"1.0.0", "1.1.0", "1.2.0"}) {
    ASSERT_TRUE(controller.Push(BlinkyRelease(version), folder.path()).has_value());
  }
  controller.Roll("blinky", "1.0.0");
  ASSERT_TRUE(WaitForVersion(controller, "gw", "1.0.0"));

  far.Cut();
  controller.Roll("blinky", "1.1.0");
  controller.Roll("blinky", "1.2.0");
  // Long enough for the broker to give the agent up.
  ASSERT_TRUE(WaitForGateway(
      controller, "gw", [](const v1::Gateway& gateway) { return !gateway.online(); }, std::chrono::seconds(60)));
  EXPECT_EQ(controller.Gateway("gw").reported().applications(0).version(), "1.0.0");
  far.Mend();
  EXPECT_TRUE(WaitForVersion(controller, "gw", "1.2.0", std::chrono::seconds(90))) << agent.Output();

  // Telemetry of the time without a link has come, each sample once, with no gap.
  ASSERT_TRUE(WaitFor(
      [&] {
        const auto page = controller.Telemetry("gw", "source=gateway&metric=uptime_seconds&limit=10000");
        std::int64_t last = 0;
        for (const v1::Sample& sample : page.samples()) {
          EXPECT_GT(sample.time_us(), last);
          if (last != 0 && sample.time_us() - last > 2'000'000) return false;
          last = sample.time_us();
        }
        return page.samples_size() > 100;
      },
      std::chrono::seconds(60)));
}

}  // namespace
}  // namespace motley::tests
