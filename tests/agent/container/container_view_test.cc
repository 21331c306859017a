#include "agent/kinds/container_view.h"

#include <gmock/gmock.h>

#include "agent/kinds/container_spec.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Match = Observed::Match;
using Status = ContainerDetails::Status;
using Checks = ContainerTrial::HealthChecks;
using Verdict = ContainerTrial::Verdict;
using Component = v1::ReportedComponent;

class ContainerViewTest : public ::testing::Test {
 protected:
  ContainerViewTest() {
    instance_.digest = "sha256:1";
    instance_.component.mutable_container()->set_confirm_ms(500);
    container_.labels[std::string(kDigestLabel)] = "sha256:1";
    container_.status = Status::kRunning;
    container_.started_at = "then";
  }
  Result<Verdict> After(milliseconds time, Checks checks = Checks::kByEngine) {
    return trial_.Next(instance_, container_, checks, ContainerTrial::Clock::time_point(seconds(1000)) + time);
  }
  Observed View() { return ViewOf(instance_, container_, {}); }

  Instance instance_;
  ContainerDetails container_;
  ContainerTrial trial_;
};

TEST_F(ContainerViewTest, TellsEachStatus) {
  struct Row {
    Status status;
    int exit_code;
    v1::ProcessSpec::Restart restart;
    Match match;
    Component::State state;
  };
  const auto always = v1::ProcessSpec::RESTART_ALWAYS;
  const auto never = v1::ProcessSpec::RESTART_NEVER;
  for (const Row& row : {
           Row{Status::kRunning, 0, always, Match::kMatches, Component::STATE_RUNNING},
           Row{Status::kRestarting, 1, always, Match::kMatches, Component::STATE_BACKOFF},
           Row{Status::kCreated, 0, always, Match::kDiffers, Component::STATE_MISSING},
           Row{Status::kPaused, 0, always, Match::kDiffers, Component::STATE_STOPPED},
           Row{Status::kStopping, 0, always, Match::kDiffers, Component::STATE_STOPPED},
           Row{Status::kEnded, 0, always, Match::kDiffers, Component::STATE_STOPPED},
           Row{Status::kEnded, 0, never, Match::kMatches, Component::STATE_STOPPED},
           Row{Status::kEnded, 1, never, Match::kDiffers, Component::STATE_STOPPED},
           Row{Status::kBroken, 0, always, Match::kDiffers, Component::STATE_MISSING},
       }) {
    container_.status = row.status;
    container_.exit_code = row.exit_code;
    instance_.component.mutable_container()->set_restart(row.restart);
    EXPECT_EQ(View().match, row.match) << static_cast<int>(row.status);
    EXPECT_EQ(View().state, row.state) << static_cast<int>(row.status);
    instance_.digest = "sha256:2";
    EXPECT_EQ(View().match, Match::kDiffers);
    EXPECT_THAT(View().detail, HasSubstr("another version is there"));
    instance_.digest = "sha256:1";
  }
  EXPECT_EQ(ViewOf(instance_, std::nullopt, {}).match, Match::kMissing);
}

TEST_F(ContainerViewTest, TellsWhyItEnded) {
  container_.exit_code = 137;
  EXPECT_EQ(EndOf(container_), "it ended with exit code 137");
  container_.memory_bytes = 64 << 20;
  EXPECT_EQ(EndOf(container_), "it was killed (exit code 137), perhaps since it used more than its 64 MB of memory");
  container_.oom_killed = true;
  EXPECT_EQ(EndOf(container_), "it was killed, since it used more than its 64 MB of memory");
  container_.error = "no such file";
  EXPECT_EQ(EndOf(container_), "it could not be started: no such file");
}

TEST_F(ContainerViewTest, ConfirmsWhatStaysUp) {
  EXPECT_EQ(*After(milliseconds(0)), Verdict::kWait);
  EXPECT_EQ(*After(milliseconds(499)), Verdict::kWait);
  EXPECT_EQ(*After(milliseconds(500)), Verdict::kGood);
}

TEST_F(ContainerViewTest, SeesARestartBetweenTwoLooks) {
  EXPECT_EQ(*After(milliseconds(0)), Verdict::kWait);
  container_.started_at = "now";
  container_.restarts = 1;
  EXPECT_THAT(After(milliseconds(600)).error().message, HasSubstr("was restarted 1 times"));
}

TEST_F(ContainerViewTest, DoesNotCountRestartsOfLongAgo) {
  container_.restarts = 9;
  EXPECT_EQ(*After(milliseconds(0)), Verdict::kWait);
  EXPECT_EQ(*After(milliseconds(500)), Verdict::kGood);
}

TEST_F(ContainerViewTest, BelievesTheEngineAtOnceAndItselfInTime) {
  container_.health = {ContainerHealth::Status::kUnhealthy, "refused", seconds(10), seconds(3)};
  EXPECT_EQ(*After(milliseconds(0), Checks::kOnDemand), Verdict::kWait);
  EXPECT_THAT(After(seconds(1), Checks::kByEngine).error().message, HasSubstr("check fails: refused"));
  EXPECT_FALSE(After(seconds(10), Checks::kOnDemand));
  container_.health->status = ContainerHealth::Status::kHealthy;
  EXPECT_EQ(*After(seconds(1)), Verdict::kGood);
}

TEST_F(ContainerViewTest, DoesNotWaitForAVerdictForever) {
  container_.health = {ContainerHealth::Status::kStarting, "", seconds(10), seconds(3)};
  EXPECT_EQ(*After(milliseconds(0)), Verdict::kWait);
  EXPECT_EQ(*After(seconds(14)), Verdict::kWait);
  EXPECT_EQ(After(seconds(16)).error().code, Code::kTimeout);
}

TEST_F(ContainerViewTest, KnowsTheLimitOfTheDisk) {
  EXPECT_FALSE(OverDiskLimit(instance_, container_));
  container_.size_bytes = 3 << 20;
  EXPECT_FALSE(OverDiskLimit(instance_, container_));
  instance_.component.mutable_limits()->set_disk_mb(3);
  EXPECT_FALSE(OverDiskLimit(instance_, container_));
  container_.size_bytes = (3 << 20) + 1;
  EXPECT_TRUE(OverDiskLimit(instance_, container_));
}

}  // namespace
}  // namespace motley::agent
