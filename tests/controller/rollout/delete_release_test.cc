#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class DeleteRelease : public testing::Test {
 protected:
  DeleteRelease() {
    core_.Enrol("g1");
    core_.Enrol("g2");
  }

  std::string Refusal(const std::string& version) {
    const auto deleted = core_.rollout->DeleteRelease("greeter", version);
    if (deleted) return "";
    EXPECT_EQ(deleted.error().code, Code::kConflict) << deleted.error().message;
    return deleted.error().message;
  }
  void Report(const std::string& gateway, const std::string& version) {
    v1::ReportedState report;
    report.set_gateway(gateway);
    report.set_epoch("e");
    report.set_sequence(++sequence_);
    v1::ReportedApplication& runs = *report.add_applications();
    runs.set_application("greeter");
    runs.set_version(version);
    core_.Deliver(gateway, Channel::kReported, report);
    core_.Settle();
  }

  Core core_;
  std::uint64_t sequence_ = 0;
};

TEST_F(DeleteRelease, IsDoneWhereNobodyNeedsIt) {
  core_.catalog->PushRelease(core_.MakeRelease("1.0.0")).value();
  core_.Deploy("2.0.0");
  core_.rollout->DeleteRelease("greeter", "1.0.0").value();
  core_.Restart();
  EXPECT_EQ(core_.catalog->Release("greeter", "1.0.0").error().code, Code::kNotFound);
  EXPECT_EQ(core_.catalog->Releases("").value().releases_size(), 1);
  EXPECT_EQ(core_.rollout->DeleteRelease("greeter", "1.0.0").error().code, Code::kNotFound);
  EXPECT_EQ(core_.Propose("greeter", "1.0.0").error().code, Code::kNotFound);
}

TEST_F(DeleteRelease, IsRefusedWhileGatewaysAreToRunIt) {
  core_.Deploy("1.0.0");
  EXPECT_EQ(Refusal("1.0.0"),
            "release greeter 1.0.0 can not be deleted: gateways g1, g2 are to run it; enact a plan for another release "
            "first");
  for (const char* gateway : {"g3", "g4"}) core_.Enrol(gateway);
  core_.Deploy("2.0.0");
  EXPECT_THAT(Refusal("2.0.0"), HasSubstr("gateways g1, g2, g3 and 1 more are to run it"));
  EXPECT_EQ(Refusal("1.0.0"), "");
}

TEST_F(DeleteRelease, IsRefusedWhileAGatewayRunsItOrGoesBackToIt) {
  core_.Deploy("1.0.0");
  Report("g1", "1.0.0");
  core_.Deploy("2.0.0");
  core_.Restart();
  EXPECT_THAT(Refusal("1.0.0"), HasSubstr("gateway g1 still runs it, or would go back to it; wait until"));
  Report("g1", "2.0.0");
  EXPECT_EQ(Refusal("1.0.0"), "");
}

TEST_F(DeleteRelease, IsRefusedForWhatSafeModeEndsWith) {
  v1::Release release = core_.MakeRelease("1.0.0");
  release.set_fallback("any");
  core_.catalog->PushRelease(release).value();
  for (const char* version : {"1.0.0", "2.0.0"}) {
    if (version == std::string("2.0.0")) core_.catalog->PushRelease(core_.MakeRelease(version)).value();
    const auto plan = core_.Propose("greeter", version).value().id();
    core_.Approve(plan).value();
    core_.rollout->Enact(plan).value();
  }
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version("1.0.0");
  request.mutable_safe_mode()->add_gateways("g1");
  core_.Propose(request).value();
  request.mutable_safe_mode()->set_gateways(0, "g2");
  core_.Propose(request).value();
  // Both are to run 1.0.0 now, and go back to 2.0.0.
  EXPECT_THAT(Refusal("1.0.0"), HasSubstr("gateways g1, g2 are to run it"));
  EXPECT_THAT(Refusal("2.0.0"), HasSubstr("gateways g1, g2 go back to it when safe mode ends; end safe mode and"));
}

TEST_F(DeleteRelease, IsRefusedWhileAPlanWaitsForIt) {
  core_.catalog->PushRelease(core_.MakeRelease("1.0.0")).value();
  const auto plan = core_.Propose("greeter", "1.0.0").value().id();
  EXPECT_THAT(Refusal("1.0.0"), AllOf(HasSubstr("plan 1 for it waits"), HasSubstr("`motley plan reject 1`")));
  core_.Approve(plan).value();
  EXPECT_THAT(Refusal("1.0.0"), HasSubstr("plan 1 for it waits"));
  core_.rollout->Reject(plan, "no").value();
  EXPECT_EQ(Refusal("1.0.0"), "");
  EXPECT_EQ(core_.rollout->Show(plan).value().version(), "1.0.0");
}

TEST_F(DeleteRelease, IsRefusedWhileAPlanForItIsBeingMade) {
  core_.catalog->PushRelease(core_.MakeRelease("1.0.0")).value();
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version("1.0.0");
  std::optional<Result<v1::Plan>> plan;
  core_.rollout->Propose(request, [&](Result<v1::Plan> made) { plan.emplace(std::move(made)); });
  EXPECT_THAT(Refusal("1.0.0"), HasSubstr("a plan for it is being made"));
  ASSERT_TRUE(core_.loop.RunUntil([&] { return plan.has_value(); }));
  EXPECT_THAT(Refusal("1.0.0"), HasSubstr("plan 1 for it waits"));
}

TEST_F(DeleteRelease, IsRefusedForTheCurrentRelease) {
  core_.Deploy("1.0.0");
  core_.registry->Remove("g1").value();
  core_.registry->Remove("g2").value();
  EXPECT_THAT(Refusal("1.0.0"), HasSubstr("it is the current release of greeter, which gateways that join get"));
  core_.Deploy("2.0.0");
  EXPECT_EQ(Refusal("1.0.0"), "");
}

TEST_F(DeleteRelease, KeepsItsNameAndVersionForTheSameContent) {
  const v1::Release release = core_.MakeRelease("1.0.0");
  core_.catalog->PushRelease(release).value();
  core_.rollout->DeleteRelease("greeter", "1.0.0").value();
  core_.Restart();
  v1::Release other = release;
  other.set_description("another");
  EXPECT_EQ(core_.catalog->PushRelease(other).error().message,
            "release greeter@1.0.0 was deleted, and had other content; choose another version");
  core_.catalog->PushRelease(release).value();
  EXPECT_TRUE(core_.catalog->Release("greeter", "1.0.0"));
}

TEST_F(DeleteRelease, FindsOldReleasesThatNobodyNeeds) {
  for (const char* version : {"1.0.0", "1.1.0"}) core_.catalog->PushRelease(core_.MakeRelease(version)).value();
  core_.Deploy("1.2.0");
  for (const char* version : {"1.3.0", "1.4.0"}) core_.catalog->PushRelease(core_.MakeRelease(version)).value();
  core_.loop.Advance(std::chrono::hours(1));
  EXPECT_THAT(core_.rollout->NeedlessReleases(1, WallMicros(core_.loop)).value(),
              ElementsAre(Pair("greeter", "1.3.0"), Pair("greeter", "1.1.0"), Pair("greeter", "1.0.0")));
  EXPECT_THAT(core_.rollout->NeedlessReleases(4, WallMicros(core_.loop)).value(),
              ElementsAre(Pair("greeter", "1.0.0")));
  EXPECT_THAT(core_.rollout->NeedlessReleases(1, WallMicros(core_.loop) - 3'700'000'000).value(), ElementsAre());
}

}  // namespace
}  // namespace motley::tests
