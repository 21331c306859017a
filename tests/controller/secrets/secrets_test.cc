#include "controller/secrets/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

/// A release whose only component has the secret "password" in its environment.
v1::Release MakeRelease(Core& core, const std::string& version) {
  v1::Release release = core.MakeRelease(version);
  for (v1::Variant& variant : *release.mutable_variants()) {
    auto& environment = *variant.mutable_model()->mutable_components(0)->mutable_process()->mutable_environment();
    environment["PASSWORD"] = "${secret.password}";
  }
  return release;
}

v1::Plan Approve(Core& core, const std::string& version) {
  v1::ProposePlanRequest request;
  request.set_application("greeter");
  request.set_version(version);
  const std::uint64_t plan = core.Propose(request).value().id();
  return core.Approve(plan).value();
}

void Set(Core& core, const std::string& name, const std::string& value, const std::string& gateway = "") {
  v1::SetSecretRequest request;
  request.set_value(value);
  request.set_gateway(gateway);
  core.secrets->Set(name, request).value();
}

TEST(Secrets, AreNamedByDesiredStatesAndFetchedByTheirGatewaysAlone) {
  Core core;
  core.Enrol("g1");
  core.Enrol("g2");
  Set(core, "password", "for all");
  Set(core, "password", "for g2", "g2");
  core.catalog->PushRelease(MakeRelease(core, "1.0.0")).value();
  core.rollout->Enact(Approve(core, "1.0.0").id()).value();
  core.Restart();
  const auto& desired = core.registry->Find("g1")->desired();
  ASSERT_EQ(desired.secrets_size(), 1);
  EXPECT_EQ(desired.secrets(0).name(), "password");
  EXPECT_EQ(desired.DebugString().find("for all"), std::string::npos);
  const std::string version = desired.secrets(0).version();
  EXPECT_EQ(core.secrets->Value("g1", "password", version).value(), "for all");
  const std::string other = core.registry->Find("g2")->desired().secrets(0).version();
  EXPECT_EQ(core.secrets->Value("g2", "password", other).value(), "for g2");
  EXPECT_EQ(core.secrets->Value("g1", "password", other).error().code, Code::kDenied);
}

TEST(Secrets, ThatAreNotSetKeepAPlanFromBeingEnacted) {
  Core core;
  core.Enrol("g1");
  core.catalog->PushRelease(MakeRelease(core, "1.0.0")).value();
  const auto plan = Approve(core, "1.0.0");
  const auto enacted = core.rollout->Enact(plan.id());
  ASSERT_FALSE(enacted.has_value());
  EXPECT_THAT(enacted.error().message, HasSubstr("\"password\""));
  EXPECT_THAT(enacted.error().message, HasSubstr("motley secret set"));
  EXPECT_EQ(core.registry->Find("g1")->desired().revision(), 0u);
  Set(core, "password", "x");
  EXPECT_TRUE(core.rollout->Enact(plan.id()).has_value());
}

TEST(Secrets, WithANewValueGiveANewRevisionWithTheNextPlan) {
  Core core;
  core.Enrol("g1");
  Set(core, "password", "old");
  core.catalog->PushRelease(MakeRelease(core, "1.0.0")).value();
  core.rollout->Enact(Approve(core, "1.0.0").id()).value();
  const auto before = core.registry->Find("g1")->desired();
  core.rollout->Enact(Approve(core, "1.0.0").id()).value();
  EXPECT_EQ(core.registry->Find("g1")->desired().revision(), before.revision());
  Set(core, "password", "new");
  // The gateway may be away, and still asks for the value that it was told of.
  EXPECT_EQ(core.secrets->Value("g1", "password", before.secrets(0).version()).value(), "old");
  core.rollout->Enact(Approve(core, "1.0.0").id()).value();
  const auto after = core.registry->Find("g1")->desired();
  EXPECT_EQ(after.revision(), before.revision() + 1);
  EXPECT_EQ(core.secrets->Value("g1", "password", after.secrets(0).version()).value(), "new");
}

TEST(Secrets, InUseAreNotRemoved) {
  Core core;
  core.Enrol("g1");
  Set(core, "password", "x");
  core.catalog->PushRelease(MakeRelease(core, "1.0.0")).value();
  core.rollout->Enact(Approve(core, "1.0.0").id()).value();
  EXPECT_EQ(core.secrets->List().secrets(0).used_by(), 1u);
  EXPECT_EQ(core.secrets->Remove("password", "").error().code, Code::kConflict);
  core.registry->Remove("g1").value();
  EXPECT_TRUE(core.secrets->Remove("password", "").has_value());
  EXPECT_EQ(core.secrets->Remove("password", "").error().code, Code::kNotFound);
}

TEST(Secrets, HaveNamesAndSizesWithinBounds) {
  Core core;
  v1::SetSecretRequest request;
  EXPECT_THAT(core.secrets->Set("a", request).error().message, HasSubstr("no value"));
  request.set_value(std::string(64 * 1024 + 1, 'x'));
  EXPECT_THAT(core.secrets->Set("a", request).error().message, HasSubstr("65536"));
  request.set_value("x");
  EXPECT_EQ(core.secrets->Set("A b", request).error().code, Code::kInvalid);
  request.set_gateway("nobody");
  EXPECT_EQ(core.secrets->Set("a", request).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace motley::tests
