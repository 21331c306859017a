#include "controller/registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

v1::AddGatewayRequest Named(const std::string& id) {
  v1::AddGatewayRequest request;
  request.set_id(id);
  return request;
}

v1::EnrolRequest Enrolment(const std::string& token, const std::string& secret) {
  v1::EnrolRequest request;
  request.set_token(token);
  request.set_credential_digest(Sha256(secret));
  request.mutable_context()->set_arch("arm64");
  return request;
}

TEST(Registry, RefusesNamesAndTagsThatAreNone) {
  Core core;
  for (const char* id : {"", "Gateway", "a/b", "+", "../x", "a b"}) {
    EXPECT_EQ(core.registry->Add(Named(id)).error().code, Code::kInvalid) << id;
  }
  auto request = Named("g1");
  (*request.mutable_tags())["no blanks"] = "x";
  EXPECT_THAT(core.registry->Add(request).error().message, HasSubstr("no blanks"));
  EXPECT_EQ(core.registry->Find("g1"), nullptr);
}

TEST(Registry, RefusesASecondGatewayWithAnId) {
  Core core;
  core.registry->Add(Named("g1")).value();
  EXPECT_EQ(core.registry->Add(Named("g1")).error().code, Code::kConflict);
}

TEST(Registry, RemembersGatewaysAndTagsOverARestart) {
  Core core;
  auto request = Named("g1");
  (*request.mutable_tags())["region"] = "eu";
  (*request.mutable_tags())["old"] = "x";
  core.registry->Add(request).value();
  v1::TagGatewayRequest tags;
  (*tags.mutable_set())["site"] = "graz";
  tags.add_remove("old");
  core.registry->Tag("g1", tags).value();
  core.Enrol("g0");
  core.Restart();
  const auto list = core.registry->List();
  ASSERT_EQ(list.gateways_size(), 2);
  EXPECT_EQ(list.gateways(0).id(), "g0");
  EXPECT_TRUE(list.gateways(0).has_enrolled_at());
  EXPECT_FALSE(list.gateways(1).has_enrolled_at());
  EXPECT_EQ(core.registry->Find("g1")->SelectorAttributes().tags,
            (std::map<std::string, std::string, std::less<>>{{"region", "eu"}, {"site", "graz"}}));
}

TEST(Registry, EnrolsWithATokenThatItDoesNotKeep) {
  Core core;
  const auto added = core.registry->Add(Named("g1")).value();
  EXPECT_EQ(added.enrolment_token().size(), 64u);
  const auto reply = core.registry->Enrol(Enrolment(added.enrolment_token(), "secret")).value();
  EXPECT_EQ(reply.gateway(), "g1");
  EXPECT_EQ(reply.fleet(), "default");
  EXPECT_EQ(reply.broker_url(), "mqtt://127.0.0.1:1883");
  EXPECT_EQ(core.registry->Find("g1")->SelectorAttributes().arch, "arm64");
  core.Restart();
  EXPECT_EQ(core.registry->Authenticate("secret").value(), "g1");
  EXPECT_EQ(core.registry->Authenticate("another").error().code, Code::kDenied);
  for (const char* file : {"/controller.db", "/controller.db-wal"}) {
    const auto bytes = ReadFile(core.folder.path() + file, 100'000'000);
    EXPECT_TRUE(!bytes || bytes->find(added.enrolment_token()) == std::string::npos) << file;
  }
}

TEST(Registry, GivesTheSameAnswerAgainAndRefusesATokenForASecondAgent) {
  Core core;
  const auto added = core.registry->Add(Named("g1")).value();
  core.registry->Enrol(Enrolment(added.enrolment_token(), "secret")).value();
  core.loop.Advance(std::chrono::hours(48));
  core.Restart();
  EXPECT_TRUE(core.registry->Enrol(Enrolment(added.enrolment_token(), "secret")));
  const auto second = core.registry->Enrol(Enrolment(added.enrolment_token(), "another"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("already used by gateway g1 at 20"));
  EXPECT_THAT(second.error().message, HasSubstr("`motley gateway token g1`"));
  EXPECT_EQ(core.registry->Authenticate("secret").value(), "g1");
}

TEST(Registry, DeniesTokensThatAreUnknownExpiredOrReplaced) {
  Core core;
  EXPECT_EQ(core.registry->Enrol(Enrolment("guess", "secret")).error().code, Code::kDenied);
  const auto first = core.registry->Add(Named("g1")).value();
  const auto second = core.registry->NewToken("g1").value();
  EXPECT_EQ(core.registry->Enrol(Enrolment(first.enrolment_token(), "secret")).error().code, Code::kDenied);
  core.loop.Advance(std::chrono::hours(25));
  const auto late = core.registry->Enrol(Enrolment(second.enrolment_token(), "secret"));
  EXPECT_EQ(late.error().code, Code::kDenied);
  EXPECT_THAT(late.error().message, HasSubstr("expired at"));
}

TEST(Registry, ReplacesTheCredentialWhenAnAgentEnrolsAnew) {
  Core core;
  const std::string old_secret = core.Enrol("g1");
  const auto token = core.registry->NewToken("g1").value().enrolment_token();
  EXPECT_TRUE(core.registry->Authenticate(old_secret));
  core.registry->Enrol(Enrolment(token, "new")).value();
  EXPECT_FALSE(core.registry->Authenticate(old_secret));
  EXPECT_EQ(core.registry->Authenticate("new").value(), "g1");
}

TEST(Registry, RefusesACredentialThatAnotherGatewayHas) {
  Core core;
  const std::string secret = core.Enrol("g1");
  const auto token = core.registry->Add(Named("g2")).value().enrolment_token();
  const auto second = core.registry->Enrol(Enrolment(token, secret));
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr("gateway g1"));
}

TEST(Registry, VoidsTokenAndCredentialOfARemovedGateway) {
  Core core;
  const std::string secret = core.Enrol("g1");
  const auto token = core.registry->NewToken("g1").value().enrolment_token();
  ASSERT_TRUE(core.registry->Remove("g1"));
  EXPECT_EQ(core.registry->Authenticate(secret).error().code, Code::kDenied);
  EXPECT_EQ(core.registry->Enrol(Enrolment(token, "x")).error().code, Code::kDenied);
  for (const auto& code : {core.registry->Remove("g1").error().code, core.registry->Show("g1").error().code,
                           core.registry->NewToken("g1").error().code}) {
    EXPECT_EQ(code, Code::kNotFound);
  }
}

TEST(Registry, CountsTheFleetByWhatItReports) {
  Core core;
  for (const char* id : {"done", "failed", "silent"}) core.Enrol(id);
  core.registry->Add(Named("new")).value();
  core.Deploy("1.0.0");
  const auto report = [&](const std::string& gateway, v1::Deployment::State state) {
    v1::ReportedState reported;
    reported.set_gateway(gateway);
    reported.mutable_deployment()->set_revision(1);
    reported.mutable_deployment()->set_state(state);
    v1::ReportedApplication& application = *reported.add_applications();
    application.set_application("greeter");
    application.set_version("1.0.0");
    application.set_variant("any");
    core.registry->OnReportStored(reported);
  };
  report("done", v1::Deployment::STATE_DONE);
  report("failed", v1::Deployment::STATE_FAILED);
  const auto status = core.registry->Status("").value();
  EXPECT_EQ(status.gateways(), 4u);
  EXPECT_EQ(status.in_sync(), 1u);
  EXPECT_EQ(status.failed(), 1u);
  EXPECT_EQ(status.deploying(), 1u);
  ASSERT_EQ(status.applications_size(), 1);
  EXPECT_EQ(status.applications(0).gateways(), 2u);
  EXPECT_EQ(status.details(0).running(0), "greeter 1.0.0/any");
}

TEST(Registry, ShowsTwoAgentsWithOneIdentityAsAProblem) {
  Core core;
  core.Enrol("g1");
  v1::Presence presence;
  presence.set_gateway("g1");
  presence.set_online(true);
  for (const char* instance : {"one", "two", "one"}) {
    core.loop.Advance(std::chrono::seconds(1));
    presence.set_instance(instance);
    presence.mutable_since()->set_seconds(presence.since().seconds() + 1);
    core.registry->OnPresenceSeen(presence);
  }
  const auto shown = core.registry->Show("g1").value();
  ASSERT_EQ(shown.problems_size(), 1);
  EXPECT_THAT(shown.problems(0), HasSubstr("two agents use this identity"));
  EXPECT_EQ(core.registry->Status("").value().details(0).problems_size(), 1);
  core.loop.Advance(std::chrono::minutes(11));
  EXPECT_EQ(core.registry->Show("g1").value().problems_size(), 0);
}

}  // namespace
}  // namespace motley::tests
