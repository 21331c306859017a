#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>
#include <iostream>
#include <map>

#include "agent/link/uplink.h"
#include "agent/store/store.h"
#include "common/crypto/digest.h"
#include "tests/support/broker.h"
#include "tests/support/wait.h"
#include "tests/system/fleet.h"
#include "tests/system/releases.h"

namespace motley::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ControllerCrash : public testing::Test {
 protected:
  TemporaryFolder folder_;
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
};

TEST_F(ControllerCrash, LosesNothingOfAPushThatItAcknowledged) {
  TestAgent agent({.controller_url = controller_.url(), .token = controller_.AddGateway("gw")});
  agent.Start();
  ASSERT_TRUE(WaitForGateway(controller_, "gw", [](const v1::Gateway& gateway) { return gateway.online(); }));
  int acknowledged = 0;
  std::string version;
  for (int round = 0; round < 12; ++round) {
    version = "1.0." + std::to_string(round);
    const std::string file = folder_ / ("release-" + version + ".yaml");
    std::ofstream(file) << ConfigRelease(version, folder_ / "file");
    const std::vector<std::string> push{Built("motley"), "--state", controller_.folder(), "release",
                                        "push",          file,      "--approve"};
    auto program = Program::Start({push, {}, folder_ / "push.log"});
    poll(nullptr, 0, 2 * round);
    controller_.Kill();
    ASSERT_TRUE(program->Wait());
    const bool done = *program->Wait() == 0;
    controller_.Start();
    if (done) {
      ++acknowledged;
      EXPECT_TRUE(controller_.Call("GET", "/v1/releases/config/" + version).has_value());
    }
    // Whatever was done of it, the same command leads to the end.
    const Finished again = RunProgram(push);
    ASSERT_EQ(again.exit_code, 0) << again.output;
  }
  std::cout << acknowledged << " of 12 pushes were acknowledged before the controller was killed\n";
  EXPECT_TRUE(WaitForVersion(controller_, "gw", version)) << agent.Output();
}

/// Who the test is, as an agent would be after its enrolment.
agent::Identity Enrol(TestController& controller, const std::string& gateway, const std::string& broker_url) {
  const std::string secret = RandomHex(32);
  const std::string token = controller.AddGateway(gateway);
  const auto enrolled = controller.Call(
      "POST", "/v1/enrol", R"({"token":")" + token + R"(","credential_digest":")" + Sha256(secret) + R"("})");
  CHECK(enrolled.has_value());
  return {gateway, "default", broker_url, controller.url(), secret};
}

TEST_F(ControllerCrash, HasEachSampleOnceHoweverOftenItIsKilled) {
  constexpr int kSamples = 3000;
  const auto loop = EventLoop::Create();
  const auto store = *agent::Store::Open(folder_ / "agent.db");
  agent::Uplink::Options options;
  options.identity = Enrol(controller_, "gw", broker_.url());
  options.outbox.gateway = "gw";
  options.outbox.collect = milliseconds(20);
  options.outbox.resend = milliseconds(500);
  agent::UplinkHandlers handlers;
  handlers.desired = [](const v1::DesiredState&) {};
  handlers.retry = [] {};
  handlers.logs = [](const v1::FetchLogs&) { return std::vector<v1::LogLine>(); };
  handlers.report = [](v1::ReportedState&) {};
  const auto uplink = *agent::Uplink::Create(*loop, *store, options, handlers);

  int added = 0;
  Handle timer;
  std::function<void()> add = [&] {
    v1::Sample sample;
    sample.set_time_us(1'000'000 + added);
    sample.set_source("gateway");
    sample.set_metric("number");
    sample.set_value(added);
    uplink->outbox().Add(std::move(sample));
    if (++added < kSamples) timer = loop->After(milliseconds(1), add);
  };
  timer = loop->After(milliseconds(0), add);
  for (int round = 1; round <= 6; ++round) {
    ASSERT_TRUE(RunUntil(
        *loop, [&] { return added >= kSamples * round / 7; }, seconds(60)));
    controller_.Kill();
    ASSERT_TRUE(RunUntil(
        *loop, [&] { return added >= kSamples * round / 7 + 60; }, seconds(60)));
    controller_.Start();
  }
  ASSERT_TRUE(RunUntil(
      *loop, [&] { return added == kSamples && !store->BatchAfter(0)->has_value(); }, seconds(60)));

  std::map<int, int> seen;
  std::string after;
  while (true) {
    const auto page = controller_.Telemetry("gw", "since=1970-01-01T00:00:00Z&metric=number&limit=5000&after=" + after);
    for (const v1::Sample& sample : page.samples()) ++seen[static_cast<int>(sample.value())];
    after = page.cursor();
    if (!page.more()) break;
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kSamples));
  for (const auto& [value, times] : seen) EXPECT_EQ(times, 1) << value;
}

}  // namespace
}  // namespace motley::tests
