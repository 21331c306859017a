#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

class SafeModeTest : public testing::Test {
 protected:
  SafeModeTest() {
    v1::Context context;
    context.set_memory_mb(4096);
    core_.Enrol("g1", context);
    core_.Enrol("g2", context);
    Push("1.0.0");
  }

  void Push(const std::string& version) {
    v1::Release release = core_.MakeRelease(version);
    release.set_fallback("any");
    core_.catalog->PushRelease(release).value();
    const auto plan = core_.Propose("greeter", version).value().id();
    core_.Approve(plan).value();
    core_.rollout->Enact(plan).value();
  }

  Result<v1::Plan> SafeMode(const std::string& gateway, bool end) {
    v1::ProposePlanRequest request;
    request.set_application("greeter");
    request.mutable_safe_mode()->add_gateways(gateway);
    request.mutable_safe_mode()->set_end(end);
    return core_.Propose(request);
  }

  std::string Runs(const std::string& gateway) {
    const v1::DesiredApplication& application = core_.registry->Find(gateway)->desired().applications(0);
    return application.version() + "/" + application.variant();
  }

  Core core_;
};

TEST_F(SafeModeTest, SendsAGatewayToTheFallbackAtOnceAndBack) {
  const v1::Plan plan = SafeMode("g1", false).value();
  EXPECT_EQ(plan.state(), v1::Plan::STATE_ENACTED);
  EXPECT_EQ(plan.assignments(0).previous(), "1.0.0/big");
  EXPECT_EQ(Runs("g1"), "1.0.0/any");
  EXPECT_EQ(Runs("g2"), "1.0.0/big");
  core_.Restart();
  EXPECT_THAT(SafeMode("g1", false).value().assignments(0).reason(), HasSubstr("is in safe mode already"));
  SafeMode("g1", true).value();
  EXPECT_EQ(Runs("g1"), "1.0.0/big");
  EXPECT_THAT(SafeMode("g1", true).value().assignments(0).reason(), HasSubstr("is not in safe mode"));
}

TEST_F(SafeModeTest, LastsOverNewReleasesAndEndsWithWhatTheyHave) {
  SafeMode("g1", false).value();
  Push("2.0.0");
  EXPECT_EQ(Runs("g1"), "1.0.0/any");
  EXPECT_EQ(Runs("g2"), "2.0.0/big");
  core_.Restart();
  SafeMode("g1", true).value();
  EXPECT_EQ(Runs("g1"), "2.0.0/big");
}

TEST_F(SafeModeTest, TakesASelectorAndRefusesWhatMakesNoSense) {
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.mutable_safe_mode()->set_where("memory_mb > 1000");
  EXPECT_EQ(core_.Propose(request).value().assigned(), 2u);
  EXPECT_EQ(Runs("g2"), "1.0.0/any");
  request.mutable_safe_mode()->add_gateways("g1");
  EXPECT_EQ(core_.Propose(request).error().code, Code::kInvalid);
  EXPECT_EQ(SafeMode("nobody", false).error().code, Code::kNotFound);
  request.set_application("other");
  EXPECT_EQ(core_.Propose(request).error().code, Code::kNotFound);
}

TEST_F(SafeModeTest, NeedsAFallback) {
  core_.Deploy("3.0.0");
  EXPECT_THAT(SafeMode("g1", false).error().message, HasSubstr("has no fallback"));
}

}  // namespace
}  // namespace motley::tests
