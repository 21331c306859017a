#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "common/crypto/digest.h"
#include "common/mqtt/envelope.h"
#include "common/mqtt/link.h"
#include "common/mqtt/topics.h"
#include "motley/v1/desired.pb.h"
#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tests/system/releases.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

struct Silent final : MqttListener {
  void OnMqttConnected() override { connected = true; }
  void OnMqttDisconnected(const Error&) override {}
  void OnMqttMessage(const std::string&, const std::string&) override {}
  bool connected = false;
};

class BadInput : public testing::Test {
 protected:
  TestAgent::Options AgentOptions(const std::string& id) {
    TestAgent::Options options;
    options.controller_url = controller_.url();
    options.token = controller_.AddGateway(id);
    options.arguments = {"--telemetry-interval-ms", "200", "--drift-interval-ms", "500"};
    return options;
  }
  bool IsOnline(const std::string& id) {
    return WaitForGateway(controller_, id, [](const v1::Gateway& gateway) { return gateway.online(); });
  }
  static int ExitCodeOf(TestAgent& agent) {
    const auto status = agent.Wait(std::chrono::seconds(10));
    return status && WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
  }

  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
};

TEST_F(BadInput, AnEnrolmentTokenWorksOnce) {
  const auto options = AgentOptions("gw");
  TestAgent first(options), second(options);
  first.Start();
  ASSERT_TRUE(IsOnline("gw"));
  second.Start();
  EXPECT_EQ(ExitCodeOf(second), ExitCode(Code::kConflict)) << second.Output();
  EXPECT_THAT(second.Output(), HasSubstr("motley-agent: error: enrol: "));
  EXPECT_THAT(second.Output(), HasSubstr("gw"));
  EXPECT_TRUE(first.Running());
}

TEST_F(BadInput, ATokenThatNobodyMadeIsDenied) {
  auto options = AgentOptions("gw");
  options.token = std::string(64, '0');
  TestAgent agent(options);
  agent.Start();
  EXPECT_EQ(ExitCodeOf(agent), ExitCode(Code::kDenied)) << agent.Output();
}

TEST_F(BadInput, ASecondAgentOnOneStateFolderIsRefused) {
  auto options = AgentOptions("gw");
  TestAgent first(options);
  first.Start();
  ASSERT_TRUE(IsOnline("gw"));
  const Finished second = RunProgram({Built("motley-agent"), "--state", first.folder() + "/state"});
  EXPECT_EQ(second.exit_code, ExitCode(Code::kConflict));
  EXPECT_THAT(second.output, HasSubstr("is in use by process " + std::to_string(first.pid())));
}

TEST_F(BadInput, ACopiedAgentIsAProblemOfItsGateway) {
  TestAgent first(AgentOptions("gw"));
  first.Start();
  ASSERT_TRUE(IsOnline("gw"));
  first.Stop();
  std::filesystem::copy(first.folder() + "/state", folder_ / "copy", std::filesystem::copy_options::recursive);
  first.Start();
  auto copy = Program::Start({{Built("motley-agent"), "--state", folder_ / "copy"}, {}, folder_ / "copy.log"});
  EXPECT_TRUE(WaitForGateway(
      controller_, "gw", [](const v1::Gateway& gateway) { return gateway.problems_size() > 0; },
      std::chrono::seconds(60)));
}

TEST_F(BadInput, GarbageOnEveryTopicChangesNothing) {
  TestAgent agent(AgentOptions("gw"));
  agent.Start();
  ASSERT_TRUE(IsOnline("gw"));
  auto loop = EventLoop::Create();
  Silent silent;
  MqttOptions options;
  options.url = broker_.url();
  options.client_id = "vandal";
  const auto link = *MqttLink::Create(*loop, options, silent);
  ASSERT_TRUE(RunUntil(*loop, [&] { return silent.connected; }));
  v1::DesiredState foreign;
  foreign.set_gateway("somebody-else");
  foreign.set_revision(1000);
  for (const Channel channel : {Channel::kDesired, Channel::kCommand, Channel::kAck, Channel::kReported,
                                Channel::kPresence, Channel::kTelemetry, Channel::kLog}) {
    for (const char* gateway : {"gw", "nobody"}) {
      for (const std::string& payload :
           {std::string("garbage"), std::string("\0\xff\xfe\x01", 4), std::string(2 << 20, 'x'), Seal(foreign)}) {
        ASSERT_TRUE(link->Publish({TopicOf("default", gateway, channel), payload, Retain::kNo}).has_value());
      }
    }
  }
  ASSERT_TRUE(RunUntil(*loop, [&] { return link->pending() == 0; }));
  EXPECT_TRUE(agent.Running());
  EXPECT_TRUE(controller_.Running());
  ASSERT_TRUE(controller_.Push(BlinkyRelease("1.0.0"), folder_.path()).has_value());
  controller_.Roll("blinky", "1.0.0");
  EXPECT_TRUE(WaitForVersion(controller_, "gw", "1.0.0"));
}

TEST_F(BadInput, ABrokerThatIsAwayAtTheStartIsWaitedFor) {
  broker_.Stop();
  TestController late(folder_ / "late", broker_.url());
  TestAgent::Options options;
  options.controller_url = late.url();
  options.token = late.AddGateway("gw");
  TestAgent agent(options);
  agent.Start();
  EXPECT_TRUE(WaitFor([&] { return agent.Output().find("trying again until it works") != std::string::npos; }));
  broker_.Start();
  EXPECT_TRUE(WaitForGateway(late, "gw", [](const v1::Gateway& gateway) { return gateway.online(); }));
}

TEST_F(BadInput, AReleaseWhoseArtifactIsMissingIsRefused) {
  const auto pushed = controller_.Push(BlinkyRelease("9.9.9"), folder_.path());
  ASSERT_FALSE(pushed.has_value());
  EXPECT_EQ(pushed.error().code, Code::kNotFound);
}

TEST_F(BadInput, AnUploadWithAnotherDigestIsRefused) {
  std::ofstream(folder_ / "file") << "content";
  const auto put = controller_.Call("PUT", "/v1/artifacts/" + Sha256("other"), "content");
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code, Code::kCorrupt);
  EXPECT_FALSE(controller_.Call("GET", "/v1/artifacts/" + Sha256("other")).has_value());
}

/// A disk of its own for the agent's state.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, const std::string& size) : folder_(folder) {
    std::filesystem::create_directories(folder);
    CHECK(mount("none", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0);
  }
  ~SmallDisk() { umount2(folder_.c_str(), MNT_DETACH); }

 private:
  const std::string folder_;
};

TEST_F(BadInput, AnAgentWhoseDiskIsTooSmallSaysSoAndKeepsWhatRuns) {
  TestAgent agent(AgentOptions("gw"));
  SmallDisk disk(agent.folder() + "/state", "12M");
  agent.Start();
  ASSERT_TRUE(IsOnline("gw"));
  ASSERT_TRUE(controller_.Push(ConfigRelease("1.0.0", folder_ / "file"), folder_.path()).has_value());
  controller_.Roll("config", "1.0.0");
  ASSERT_TRUE(WaitForVersion(controller_, "gw", "1.0.0"));
  std::ofstream(folder_ / "big") << std::string(20 << 20, 'x');
  ASSERT_TRUE(controller_.Push(BigFileRelease("2.0.0", folder_ / "file", folder_ / "big"), folder_.path()).has_value());
  controller_.Roll("config", "2.0.0");
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) {
    return gateway.reported().deployment().state() == v1::Deployment::STATE_FAILED;
  }));
  const v1::Gateway gateway = controller_.Gateway("gw");
  EXPECT_THAT(gateway.reported().deployment().reason(), HasSubstr("is full"));
  EXPECT_EQ(gateway.reported().applications(0).version(), "1.0.0");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "file"));
}

TEST_F(BadInput, AnotherAddressWithoutTlsIsRefused) {
  const Finished open = RunProgram({Built("motley-controller"), "--state", folder_ / "other", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(open.exit_code, ExitCode(Code::kInvalid));
  EXPECT_THAT(open.output, HasSubstr("--tls-certificate"));
  const Finished broker = RunProgram({Built("motley-controller"), "--state", folder_ / "other", "--listen",
                                      "127.0.0.1:0", "--broker", "mqtt://192.0.2.1:1883"});
  EXPECT_EQ(broker.exit_code, ExitCode(Code::kInvalid));
  EXPECT_THAT(broker.output, HasSubstr("mqtts://"));
}

}  // namespace
}  // namespace motley::tests
