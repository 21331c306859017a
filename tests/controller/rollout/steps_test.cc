#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

/// What an agent reports once it runs `version` in `variant`.
v1::ReportedState Running(const std::string& gateway, const std::string& version, const std::string& variant,
                          v1::ReportedComponent::State state) {
  v1::ReportedState report;
  report.set_gateway(gateway);
  report.set_epoch("e");
  report.set_sequence(1);
  v1::ReportedApplication& application = *report.add_applications();
  application.set_application("greeter");
  application.set_version(version);
  application.set_variant(variant);
  v1::ReportedComponent& component = *application.add_components();
  component.set_name("greeter");
  component.set_state(state);
  component.set_detail("not running");
  return report;
}

void Report(Core& core, const v1::ReportedState& report) {
  core.mqtt.Connect();
  core.Deliver(report.gateway(), Channel::kReported, report);
  core.Settle();
}

std::uint64_t Propose(Core& core, const std::string& version) {
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version(version);
  return core.Propose(request).value().id();
}

TEST(Steps, ArePlannedFromNothingWhereNothingRuns) {
  Core core;
  core.Enrol("g1");
  core.Enrol("g2");
  core.catalog->PushRelease(core.MakeRelease("1.0.0")).value();
  const v1::PlanSteps steps = core.rollout->Steps(Propose(core, "1.0.0")).value();
  ASSERT_EQ(steps.groups_size(), 1);
  EXPECT_THAT(steps.groups(0).gateways(), testing::ElementsAre("g1", "g2"));
  ASSERT_EQ(steps.groups(0).steps_size(), 1);
  EXPECT_EQ(steps.groups(0).steps(0).action(), "apply");
  EXPECT_EQ(steps.groups(0).steps(0).undo(), "remove");
}

TEST(Steps, AreOnlyWhatDiffersFromWhatRuns) {
  Core core;
  core.Enrol("g1");
  core.catalog->PushRelease(core.MakeRelease("1.0.0")).value();
  core.catalog->PushRelease(core.MakeRelease("1.1.0")).value();
  Report(core, Running("g1", "1.0.0", "any", v1::ReportedComponent::STATE_RUNNING));
  EXPECT_EQ(core.rollout->Steps(Propose(core, "1.0.0")).value().groups(0).steps_size(), 0);
  const v1::PlanSteps steps = core.rollout->Steps(Propose(core, "1.1.0")).value();
  ASSERT_EQ(steps.groups(0).steps_size(), 1);
  EXPECT_EQ(steps.groups(0).from(), "1.0.0/any");
  EXPECT_EQ(steps.groups(0).steps(0).reason(), "artifact differs");
}

TEST(Steps, SeeWhatTheGatewayReportsAsMissing) {
  Core core;
  core.Enrol("g1");
  core.catalog->PushRelease(core.MakeRelease("1.0.0")).value();
  Report(core, Running("g1", "1.0.0", "any", v1::ReportedComponent::STATE_MISSING));
  const v1::PlanSteps steps = core.rollout->Steps(Propose(core, "1.0.0")).value();
  ASSERT_EQ(steps.groups(0).steps_size(), 1);
  EXPECT_EQ(steps.groups(0).steps(0).reason(), "not running");
}

}  // namespace
}  // namespace motley::tests
