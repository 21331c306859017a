#include "controller/rollout/rollout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

v1::Context WithMemory(std::uint64_t memory_mb) {
  v1::Context context;
  context.set_memory_mb(memory_mb);
  return context;
}

v1::Plan Propose(Core& core, const std::string& version) {
  core.catalog->PushRelease(core.MakeRelease(version)).value();
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version(version);
  return core.Propose(request).value();
}

TEST(Rollout, ProposesForEveryGatewayAndChangesNothing) {
  Core core;
  core.Enrol("g1", WithMemory(512));
  core.Enrol("g2", WithMemory(4096));
  v1::AddGatewayRequest add;
  add.set_id("g3");
  core.registry->Add(add).value();
  const auto plan = Propose(core, "1.0.0");
  EXPECT_EQ(plan.id(), 1u);
  EXPECT_EQ(plan.assigned(), 2u);
  EXPECT_EQ(plan.unassigned(), 1u);
  core.Restart();
  const auto shown = core.rollout->Show(1).value();
  ASSERT_EQ(shown.assignments_size(), 3);
  EXPECT_EQ(shown.assignments(0).variant(), "any");
  EXPECT_EQ(shown.assignments(1).variant(), "big");
  EXPECT_THAT(shown.assignments(2).reason(), HasSubstr("not enrolled"));
  EXPECT_EQ(core.registry->Find("g1")->desired().revision(), 0u);
  const auto list = core.rollout->List().value();
  ASSERT_EQ(list.plans_size(), 1);
  EXPECT_EQ(list.plans(0).assignments_size(), 0);
}

TEST(Rollout, EnactsOnceOverARestart) {
  Core core;
  core.Enrol("g1", WithMemory(512));
  const auto plan = core.Deploy("1.0.0");
  core.Restart();
  EXPECT_EQ(core.rollout->Show(plan).value().state(), v1::Plan::STATE_ENACTED);
  const auto& desired = core.registry->Find("g1")->desired();
  EXPECT_EQ(desired.gateway(), "g1");
  EXPECT_EQ(desired.revision(), 1u);
  ASSERT_EQ(desired.applications_size(), 1);
  EXPECT_EQ(desired.applications(0).variant(), "any");
  EXPECT_EQ(desired.applications(0).bundle().digest(),
            core.catalog->Bundles("greeter", "1.0.0").value().at(0).digest());
  const auto again = core.rollout->Enact(plan);
  EXPECT_EQ(again.error().code, Code::kConflict);
  EXPECT_EQ(again.error().message, "plan 1 is enacted and can not be enacted; propose a new plan");
}

TEST(Rollout, RefusesStepsOutOfOrder) {
  Core core;
  const auto plan = Propose(core, "1.0.0").id();
  EXPECT_EQ(core.rollout->Enact(plan).error().code, Code::kConflict);
  EXPECT_EQ(core.rollout->Reject(plan, "not today").value().reason(), "not today");
  EXPECT_EQ(core.Approve(plan).error().code, Code::kConflict);
  EXPECT_EQ(core.Approve(99).error().code, Code::kNotFound);
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version("9.9.9");
  EXPECT_EQ(core.Propose(request).error().code, Code::kNotFound);
}

TEST(Rollout, KeepsOtherApplicationsAndGivesNoRevisionForTheSame) {
  Core core;
  core.Enrol("g1", WithMemory(512));
  core.Deploy("1.0.0");
  auto other = core.MakeRelease("1.0.0");
  other.set_application("other");
  core.catalog->PushRelease(other).value();
  v1::ProposePlanRequest request;
  request.set_application("other");
  request.set_version("1.0.0");
  for (int i = 0; i < 2; ++i) {
    const auto plan = core.Propose(request).value().id();
    core.Approve(plan).value();
    core.rollout->Enact(plan).value();
  }
  const auto& desired = core.registry->Find("g1")->desired();
  EXPECT_EQ(desired.revision(), 2u);
  EXPECT_EQ(desired.applications_size(), 2);
  EXPECT_EQ(core.rollout->Show(3).value().assignments(0).previous(), "1.0.0/any");
}

TEST(Rollout, LeavesOutGatewaysThatWereRemovedSinceAlsoWhenTheirIdIsBack) {
  Core core;
  core.Enrol("g1", WithMemory(512));
  core.Enrol("g2", WithMemory(512));
  const auto plan = Propose(core, "1.0.0").id();
  core.Approve(plan).value();
  core.registry->Remove("g1").value();
  core.registry->Remove("g2").value();
  core.Enrol("g2");
  core.rollout->Enact(plan).value();
  EXPECT_EQ(core.registry->Find("g2")->desired().revision(), 0u);
}

TEST(Rollout, ExplainsOneGatewayOnTheFactsOfNow) {
  Core core;
  core.Enrol("g1", WithMemory(512));
  const auto plan = Propose(core, "1.0.0").id();
  const auto assignment = core.Explain(plan, "g1").value();
  EXPECT_EQ(assignment.variant(), "any");
  ASSERT_EQ(assignment.verdicts_size(), 2);
  EXPECT_FALSE(assignment.verdicts(1).fits());
  EXPECT_THAT(assignment.verdicts(1).reason(), HasSubstr("memory_mb is 512"));
  core.Enrol("late");
  EXPECT_EQ(core.Explain(plan, "late").error().code, Code::kNotFound);
}

TEST(Rollout, HandlesTenThousandGateways) {
  Core core;
  core.store
      ->Atomically([&]() -> Result<void> {
        for (int i = 0; i < 10'000; ++i) core.Enrol("g" + std::to_string(i), WithMemory(i % 4096));
        return {};
      })
      .value();
  const auto began = std::chrono::steady_clock::now();
  const auto plan = Propose(core, "1.0.0");
  const auto proposed = std::chrono::steady_clock::now();
  core.Approve(plan.id()).value();
  core.rollout->Enact(plan.id()).value();
  const auto enacted = std::chrono::steady_clock::now();
  const auto milliseconds = [](auto time) { return std::chrono::duration<double, std::milli>(time).count(); };
  std::printf("10,000 gateways: proposed in %.0f ms, enacted in %.0f ms\n", milliseconds(proposed - began),
              milliseconds(enacted - proposed));
  EXPECT_EQ(plan.assigned(), 10'000u);
  EXPECT_EQ(core.registry->Find("g9999")->desired().revision(), 1u);
}

}  // namespace
}  // namespace motley::tests
