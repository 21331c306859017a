#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/support/wait.h"
#include "tests/system/subsystem.h"

namespace motley::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A whole subsystem that is sent back and forth between two releases by an agent that is killed on the way.
class SubsystemCrash : public testing::Test {
 protected:
  SubsystemCrash() {
    for (const char* version : {"1.0.0", "1.1.0"}) {
      EXPECT_TRUE(subsystem_.controller().Push(subsystem_.Release(version), subsystem_.folder()).has_value());
    }
    subsystem_.agent().Start();
    EXPECT_TRUE(WaitForGateway(subsystem_.controller(), "gw", [](const v1::Gateway& gateway) {
      return gateway.online() && !gateway.reported().context().container_engine().empty() &&
             gateway.reported().devices_size() == 2;
    }));
    subsystem_.controller().Roll("station", version_);
    EXPECT_TRUE(WaitForVersion(subsystem_.controller(), "gw", version_, seconds(60)));
    subsystem_.agent().Stop();
  }

  std::string Other() const { return version_ == "1.0.0" ? "1.1.0" : "1.0.0"; }

  /// Whether the agent was killed at its durable write of this number; it deploys with fewer.
  bool KillAtWrite(int write, const std::string& moment) {
    subsystem_.agent().Start({{"LD_PRELOAD", Built("libmotley_kill_at_sync.so")},
                              {"MOTLEY_KILL_AT_SYNC", "motley-agent:" + std::to_string(write) + ":" + moment}});
    const std::uint64_t revision = subsystem_.controller().Gateway("gw").desired().revision();
    EXPECT_TRUE(WaitFor(
        [&] {
          const auto& deployment = subsystem_.controller().Gateway("gw").reported().deployment();
          return !subsystem_.agent().Running() ||
                 (deployment.revision() == revision && deployment.state() == v1::Deployment::STATE_DONE);
        },
        seconds(60)));
    const bool cut = !subsystem_.agent().Running();
    if (!cut) subsystem_.agent().Stop();
    return cut;
  }

  void KillAfter(milliseconds time) {
    subsystem_.agent().Start();
    poll(nullptr, 0, static_cast<int>(time.count()));
    subsystem_.agent().Kill();
  }

  /// The agent runs again and is left alone: all parts must end with one version, the old or the new.
  void ExpectOldOrNew(const std::string& when) {
    subsystem_.agent().Start();
    const std::string old_version = version_;
    v1::Gateway last;
    const bool ended = WaitForGateway(
        subsystem_.controller(), "gw",
        [&](const v1::Gateway& gateway) {
          const auto& deployment = gateway.reported().deployment();
          last = gateway;
          return Answers() && deployment.revision() == gateway.desired().revision() &&
                 (deployment.state() == v1::Deployment::STATE_DONE ||
                  deployment.state() == v1::Deployment::STATE_FAILED) &&
                 AllRun(gateway.reported()) &&
                 subsystem_.Seen() == Subsystem::Expected(gateway.reported().applications(0).version());
        },
        seconds(90));
    ASSERT_TRUE(ended) << when << "\n"
                       << testing::PrintToString(subsystem_.Seen()) << "\n"
                       << subsystem_.agent().Output();
    version_ = last.reported().applications(0).version();
    EXPECT_TRUE(version_ == old_version || version_ == (old_version == "1.0.0" ? "1.1.0" : "1.0.0")) << when;
    EXPECT_EQ(last.reported().deployment().state() == v1::Deployment::STATE_DONE, version_ != old_version) << when;
    subsystem_.agent().Stop();
  }

  /// Whether the agent that runs now is there: what was reported may be from the time before.
  bool Answers() {
    return subsystem_.controller()
        .Call("POST", "/v1/gateways/gw/logs", R"({"component":"server","lines":1})")
        .has_value();
  }

  static bool AllRun(const v1::ReportedState& report) {
    if (report.applications_size() != 1 || report.devices_size() != 2) return false;
    for (const v1::ReportedDevice& device : report.devices()) {
      if (device.firmware_version().empty()) return false;
    }
    for (const v1::ReportedComponent& component : report.applications(0).components()) {
      if (component.state() != v1::ReportedComponent::STATE_RUNNING) return false;
    }
    return report.applications(0).components_size() == static_cast<int>(Subsystem::components().size());
  }

  Subsystem subsystem_;
  std::string version_ = "1.0.0";
};

/// MOTLEY_CUTS says how many; the suite has time for a few.
TEST_F(SubsystemCrash, EndsWithTheOldOrTheNewWhereverTheAgentIsKilled) {
  const char* asked = std::getenv("MOTLEY_CUTS");
  const int wanted = asked != nullptr ? std::atoi(asked) : 16;
  std::mt19937 random(1);
  int most_writes = 150;
  int cuts = 0;
  int became_new = 0;
  for (int round = 0; cuts < wanted; ++round) {
    subsystem_.controller().Roll("station", Other());
    std::string when;
    if (round % 2 == 0) {
      const int write = std::uniform_int_distribution<int>(1, most_writes)(random);
      const std::string moment = round % 4 == 0 ? "before" : "after";
      when = moment + " durable write " + std::to_string(write);
      if (KillAtWrite(write, moment)) {
        ++cuts;
      } else {
        most_writes = write - 1;
      }
    } else {
      const milliseconds time(std::uniform_int_distribution<int>(0, 3500)(random));
      when = std::to_string(time.count()) + " ms after its start";
      KillAfter(time);
      ++cuts;
    }
    const std::string before = version_;
    ExpectOldOrNew("killed " + when);
    if (HasFailure()) return;
    became_new += version_ != before ? 1 : 0;
  }
  std::cout << cuts << " cuts, each ended whole; " << became_new << " with the new version\n";
}

}  // namespace
}  // namespace motley::tests
