#include "tools/swarm/deployment.h"

#include <gtest/gtest.h>

namespace motley::swarm {
namespace {

v1::DesiredState Desired(std::uint64_t revision, const std::string& variant) {
  v1::DesiredState desired;
  desired.set_revision(revision);
  v1::DesiredApplication& application = *desired.add_applications();
  application.set_application("app");
  application.set_version("1.0.0");
  application.set_variant(variant);
  application.mutable_bundle()->set_digest("sha256:" + variant);
  return desired;
}

class DeploymentTest : public testing::Test {
 protected:
  DeploymentTest() {
    v1::Component& component = *model_.add_components();
    component.set_name("main");
    component.mutable_process();
  }
  Deployment::FindModel Finder() {
    return [this](const v1::ArtifactRef& bundle) {
      asked_ = bundle.digest();
      return there_ ? &model_ : nullptr;
    };
  }
  v1::ReportedState Report() {
    v1::ReportedState report;
    deployment_.Report(Finder(), report);
    return report;
  }

  v1::DeploymentModel model_;
  bool there_ = true;
  std::string asked_;
  Deployment deployment_;
};

TEST_F(DeploymentTest, NothingIsReportedBeforeSomethingIsDesired) {
  const v1::ReportedState report = Report();
  EXPECT_EQ(report.desired_revision(), 0u);
  EXPECT_FALSE(report.has_deployment());
  EXPECT_EQ(report.applications_size(), 0);
}

TEST_F(DeploymentTest, OnlyAHigherRevisionIsTaken) {
  EXPECT_EQ(deployment_.Accept(Desired(2, "a")), Deployment::Answer::kNew);
  deployment_.Succeed();
  EXPECT_EQ(deployment_.Accept(Desired(2, "b")), Deployment::Answer::kKnown);
  EXPECT_EQ(deployment_.Accept(Desired(1, "b")), Deployment::Answer::kKnown);
  EXPECT_EQ(Report().applications(0).variant(), "a");
  EXPECT_EQ(deployment_.Accept(Desired(3, "b")), Deployment::Answer::kNew);
}

TEST_F(DeploymentTest, TheOldVariantIsReportedUntilTheNewOneIsDone) {
  deployment_.Accept(Desired(1, "a"));
  deployment_.Succeed();
  deployment_.Accept(Desired(2, "b"));
  there_ = false;
  EXPECT_FALSE(deployment_.HasAll(Finder()));
  EXPECT_EQ(asked_, "sha256:b");
  there_ = true;
  EXPECT_TRUE(deployment_.HasAll(Finder()));
  deployment_.Apply();
  v1::ReportedState report = Report();
  EXPECT_EQ(report.desired_revision(), 2u);
  EXPECT_EQ(report.deployment().state(), v1::Deployment::STATE_APPLYING);
  EXPECT_EQ(report.applications(0).variant(), "a");
  deployment_.Succeed();
  report = Report();
  EXPECT_EQ(report.deployment().state(), v1::Deployment::STATE_DONE);
  EXPECT_EQ(report.deployment().steps_done(), 1u);
  EXPECT_EQ(report.applications(0).variant(), "b");
  EXPECT_EQ(report.applications(0).components(0).name(), "main");
  EXPECT_EQ(report.applications(0).components(0).kind(), "process");
}

TEST_F(DeploymentTest, WhatFailsLeavesWhatRanAndCanBeTriedAgain) {
  deployment_.Accept(Desired(1, "a"));
  deployment_.Succeed();
  EXPECT_EQ(deployment_.Retry(), Deployment::Answer::kKnown) << "nothing has failed";
  deployment_.Accept(Desired(2, "b"));
  deployment_.Fail("no luck");
  const v1::ReportedState report = Report();
  EXPECT_EQ(report.deployment().revision(), 2u);
  EXPECT_EQ(report.deployment().state(), v1::Deployment::STATE_FAILED);
  EXPECT_EQ(report.deployment().reason(), "no luck");
  EXPECT_EQ(report.applications(0).variant(), "a");
  EXPECT_EQ(deployment_.Retry(), Deployment::Answer::kNew);
  deployment_.Succeed();
  EXPECT_EQ(Report().applications(0).variant(), "b");
  EXPECT_EQ(Report().deployment().reason(), "");
}

}  // namespace
}  // namespace motley::swarm
