#include "controller/api/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/api/answer.h"
#include "controller/api/target.h"
#include "tests/controller/api/fake_core.h"

namespace motley::controller {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kDigest = "sha256:" + std::string(64, 'a');

class ApiTest : public testing::Test {
 protected:
  static HttpRequest Request(const std::string& method, const std::string& target, const std::string& token) {
    HttpRequest request;
    auto parsed = ParseTarget(target);
    EXPECT_TRUE(parsed);
    request.method = method;
    request.path = parsed->path;
    request.segments = parsed->segments;
    request.query = parsed->query;
    request.bearer_token = token;
    request.remote_address = "10.0.0.1";
    return request;
  }

  /// As the server does: the head first, and then the whole. Nothing: not answered yet.
  std::optional<HttpAnswer> Send(HttpRequest request) {
    auto admission = api_.Admit(request);
    if (admission.refusal) return admission.refusal;
    std::optional<HttpAnswer> answer;
    api_.Handle(std::move(request), [&](HttpAnswer given) { answer = std::move(given); });
    return answer;
  }

  HttpAnswer Ask(const std::string& method, const std::string& target, const std::string& body = "",
                 const std::string& token = "admin-token") {
    HttpRequest request = Request(method, target, token);
    request.body = body;
    auto answer = Send(std::move(request));
    EXPECT_TRUE(answer) << method << " " << target;
    return answer.value_or(HttpAnswer());
  }

  static std::string HeaderOf(const HttpAnswer& answer, const std::string& name) {
    for (const auto& [key, value] : answer.headers) {
      if (key == name) return value;
    }
    return "";
  }

  std::unique_ptr<EventLoop> loop_ = EventLoop::Create();
  FakeCore core_;
  Api api_{*loop_, core_, {.admin_token = "admin-token", .admin_token_file = "/state/admin.token"}};
};

TEST_F(ApiTest, BringsEachRouteToItsCall) {
  EXPECT_EQ(Ask("POST", "/v1/gateways", R"({"id":"gw-1"})").status, 201);
  EXPECT_EQ(Ask("GET", "/v1/gateways").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/gateways/gw-1").status, 200);
  EXPECT_EQ(Ask("DELETE", "/v1/gateways/gw-1").status, 204);
  EXPECT_EQ(Ask("POST", "/v1/gateways/gw-1/tags", R"({"set":{"a":"b"}})").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/gateways/gw-1/token").status, 201);
  EXPECT_EQ(Ask("GET", "/v1/gateways/gw-1/telemetry").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/gateways/gw-1/retry").status, 204);
  EXPECT_EQ(Ask("GET", "/v1/artifacts").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/releases", R"({"version":"1.0.0"})").status, 201);
  EXPECT_EQ(Ask("GET", "/v1/releases?application=blinky").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/releases/blinky/1.0.0").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/plans", R"({"version":"1.0.0"})").status, 201);
  EXPECT_EQ(Ask("GET", "/v1/plans").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/plans/7").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/plans/7/approve").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/plans/7/enact").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/plans/7/reject", R"({"reason":"no"})").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/plans/7/explain/gw-1").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/status").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/enrol", R"({"token":"t"})", "").status, 200);
  EXPECT_THAT(core_.calls, ElementsAre("add gw-1", "list", "get gw-1", "remove gw-1", "tag gw-1", "renew gw-1",
                                       "telemetry gw-1", "retry gw-1", "artifacts", "add release 1.0.0",
                                       "releases blinky", "release blinky 1.0.0", "propose 1.0.0", "plans", "plan 7",
                                       "approve 7", "enact 7", "reject 7 no", "explain 7 gw-1", "status ", "enrol t"));
}

TEST_F(ApiTest, BringsEachRouteOfDevicesToItsCall) {
  EXPECT_EQ(Ask("GET", "/v1/devices").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/devices?gateway=gw-1").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/devices?after=gw-1&limit=10").status, 200);
  EXPECT_EQ(Ask("GET", "/v1/devices?limit=10001").status, 400);
  EXPECT_EQ(Ask("GET", "/v1/gateways/gw-1/devices/port:%2Fdev%2FttyACM0").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/gateways/gw-1/devices/A1/reset").status, 202);
  EXPECT_EQ(Ask("POST", "/v1/gateways/gw-1/devices/A1/flash", R"({"version":"1.2.0"})").status, 202);
  EXPECT_EQ(Ask("GET", "/v1/gateways/gw-1/orders/6f1c").status, 200);
  EXPECT_THAT(core_.calls,
              ElementsAre("devices  after  1000", "devices gw-1 after  1000", "devices  after gw-1 10",
                          "device gw-1 port:/dev/ttyACM0", "reset gw-1 A1", "flash gw-1 A1 1.2.0", "order gw-1 6f1c"));
}

TEST_F(ApiTest, BringsEachRouteThatDeletesToItsCall) {
  EXPECT_EQ(Ask("DELETE", "/v1/releases/blinky/1.0.0").status, 204);
  EXPECT_EQ(Ask("DELETE", "/v1/templates/blink/1.0.0").status, 204);
  EXPECT_EQ(Ask("DELETE", "/v1/variants/fast/1.0.0").status, 204);
  EXPECT_EQ(Ask("POST", "/v1/artifacts/collect", R"({"dry_run":true,"unused_for_hours":3})").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/artifacts/collect", R"({"unused_for_hours":-3})").status, 400);
  EXPECT_THAT(core_.calls, ElementsAre("delete release blinky 1.0.0", "delete template blink 1.0.0",
                                       "delete variant fast 1.0.0", "collect 3"));
}

TEST_F(ApiTest, GivesFieldsWithDefaultValuesAndProtoNames) {
  EXPECT_THAT(Ask("GET", "/v1/status").body,
              AllOf(HasSubstr("\"in_sync\":0"), HasSubstr("\"broker_connected\":false")));
}

TEST_F(ApiTest, AnswersWithTheErrorOfTheCore) {
  core_.error = Error{Code::kConflict, "gateway \"gw-1\" exists already"};
  const auto answer = Ask("POST", "/v1/gateways", R"({"id":"gw-1"})");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, R"({"code":"conflict","message":"gateway \"gw-1\" exists already"})");
}

TEST_F(ApiTest, KeepsErrorMessagesPrintable) {
  core_.error = Error{Code::kInvalid, "tag \"\xc3\xa4\xff\xe2\x82\" is wrong"};
  EXPECT_THAT(Ask("GET", "/v1/status").body, HasSubstr("\xc3\xa4???\\\" is wrong"));
}

TEST_F(ApiTest, AsksForATokenOnEveryRouteThatNeedsOne) {
  for (const Route& route : Routes()) {
    std::string target(route.pattern);
    for (const auto& [name, value] : {std::pair<std::string, std::string>{"{plan}", "7"}, {"{digest}", kDigest}}) {
      if (const auto at = target.find(name); at != std::string::npos) target.replace(at, name.size(), value);
    }
    const std::string method(route.method);
    const auto refusal = [&](const std::string& token) { return api_.Admit(Request(method, target, token)).refusal; };
    if (route.access == Access::kAnybody) {
      EXPECT_FALSE(refusal("")) << target;
      continue;
    }
    EXPECT_EQ(refusal("").value_or(HttpAnswer()).status, 401) << target;
    EXPECT_EQ(refusal("wrong").value_or(HttpAnswer()).status, 401) << target;
    const bool for_admin = route.access != Access::kAgent;
    const bool for_agent = route.access != Access::kAdmin;
    EXPECT_EQ(refusal("admin-token").value_or(HttpAnswer()).status, for_admin ? 200 : 403) << target;
    EXPECT_EQ(refusal("agent-secret").value_or(HttpAnswer()).status, for_agent ? 200 : 403) << target;
  }
  EXPECT_THAT(core_.calls, IsEmpty());
}

TEST_F(ApiTest, GivesTheValueOfASecretToTheAgentThatAsks) {
  const auto answer = Ask("GET", "/v1/agent/secrets/password/v1", "", "agent-secret");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "the value");
  EXPECT_EQ(HeaderOf(answer, "Cache-Control"), "no-store");
  EXPECT_THAT(core_.calls, ElementsAre("value of password v1 for gw-1"));
}

TEST_F(ApiTest, SaysHowToAuthenticate) {
  const auto missing = Ask("GET", "/v1/status", "", "");
  EXPECT_EQ(HeaderOf(missing, "WWW-Authenticate"), "Bearer realm=\"motley\"");
  EXPECT_THAT(missing.body, HasSubstr("/state/admin.token"));
  EXPECT_THAT(HeaderOf(Ask("GET", "/v1/status", "", "wrong"), "WWW-Authenticate"), HasSubstr("invalid_token"));
  EXPECT_THAT(Ask("GET", "/v1/status", "", "agent-secret").body,
              HasSubstr("gateway \\\"gw-1\\\" may not GET /v1/status"));
}

TEST_F(ApiTest, NamesAnUnknownPathAndTheMethodsOfAKnownOne) {
  EXPECT_EQ(Ask("GET", "/v1/nothing").status, 404);
  EXPECT_EQ(Ask("GET", "/").status, 404);
  EXPECT_EQ(Ask("GET", "/v1/gateways/").status, 404);
  EXPECT_EQ(Ask("GET", "/v1/gateways/a/b/c").status, 404);
  const auto answer = Ask("PATCH", "/v1/gateways");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(HeaderOf(answer, "Allow"), "POST, GET");
  EXPECT_EQ(Ask("HEAD", "/v1/gateways").status, 200);
}

TEST_F(ApiTest, RefusesUnknownFieldsAndParameters) {
  const auto field = Ask("POST", "/v1/gateways", R"({"id":"gw-1","tagz":{}})");
  EXPECT_EQ(field.status, 400);
  EXPECT_THAT(field.body, AllOf(HasSubstr("AddGatewayRequest"), HasSubstr("tagz")));
  EXPECT_EQ(Ask("POST", "/v1/gateways", "{").status, 400);
  EXPECT_EQ(Ask("POST", "/v1/gateways", R"({"id":5})").status, 400);
  EXPECT_EQ(Ask("POST", "/v1/gateways", "\xff").status, 400);
  const auto parameter = Ask("GET", "/v1/gateways/gw-1/telemetry?form=x");
  EXPECT_EQ(parameter.status, 400);
  EXPECT_THAT(parameter.body, AllOf(HasSubstr("\\\"form\\\""), HasSubstr("since metric source after limit")));
  EXPECT_THAT(core_.calls, IsEmpty());
}

TEST_F(ApiTest, RefusesADeeplyNestedBody) {
  EXPECT_EQ(Ask("POST", "/v1/gateways", std::string(1000000, '[')).status, 400);
}

TEST_F(ApiTest, ReadsTheQueryForTelemetry) {
  Ask("GET", "/v1/gateways/g/telemetry?since=2026-01-31T12:00:00Z&metric=cpu_percent&source=gateway&after=12&limit=50");
  EXPECT_EQ(core_.filter.since_us, 1769860800000000);
  EXPECT_EQ(core_.filter.metric, "cpu_percent");
  EXPECT_EQ(core_.filter.source, "gateway");
  EXPECT_EQ(core_.filter.after, "12");
  EXPECT_EQ(core_.filter.limit, 50U);
  for (const std::string wrong : {"since=yesterday", "limit=0", "limit=10001", "limit=-1", "limit=1x"}) {
    EXPECT_EQ(Ask("GET", "/v1/gateways/g/telemetry?" + wrong).status, 400) << wrong;
  }
}

TEST_F(ApiTest, PutsALargePlanIntoWordsWhileTheLoopGoesOn) {
  core_.assignments = 5000;
  HttpRequest request = Request("POST", "/v1/plans", "admin-token");
  request.body = R"({"version":"1.0.0"})";
  std::optional<HttpAnswer> answer;
  api_.Handle(std::move(request), [&](HttpAnswer given) {
    answer = std::move(given);
    loop_->Stop();
  });
  EXPECT_FALSE(answer);
  loop_->Run();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_THAT(answer->body, AllOf(HasSubstr("\"gw-0\""), HasSubstr("\"gw-4999\"")));
}

TEST_F(ApiTest, RefusesWhatIsNotAPlan) {
  for (const std::string plan : {"0", "x", "-1", "99999999999999999999"}) {
    const auto answer = Ask("GET", "/v1/plans/" + plan);
    EXPECT_EQ(answer.status, 400) << plan;
    EXPECT_THAT(answer.body, HasSubstr("\\\"" + plan + "\\\""));
  }
}

TEST_F(ApiTest, AnswersForLogsWhenTheGatewayDoes) {
  HttpRequest request = Request("POST", "/v1/gateways/gw-1/logs", "admin-token");
  request.body = R"({"component":"hello"})";
  std::optional<HttpAnswer> answer;
  api_.Handle(std::move(request), [&](HttpAnswer given) { answer = std::move(given); });
  EXPECT_THAT(core_.calls, ElementsAre("logs gw-1 hello"));
  EXPECT_FALSE(answer);
  core_.logs_done(Error{Code::kTimeout, "too slow"});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 504);
}

TEST_F(ApiTest, AdmitsAnUploadByItsHead) {
  const auto wrong = api_.Admit(Request("PUT", "/v1/artifacts/sha256:12", "admin-token"));
  ASSERT_TRUE(wrong.refusal);
  EXPECT_EQ(wrong.refusal->status, 400);
  const auto right = api_.Admit(Request("PUT", "/v1/artifacts/" + kDigest + "?name=x", "admin-token"));
  EXPECT_FALSE(right.refusal);
  EXPECT_EQ(right.upload_folder, "/nowhere");
  EXPECT_EQ(right.body_limit_bytes, 2147483648U);
  EXPECT_EQ(api_.Admit(Request("POST", "/v1/gateways", "admin-token")).body_limit_bytes, 8388608U);
  EXPECT_EQ(api_.Admit(Request("GET", "/v1/gateways", "admin-token")).body_limit_bytes, 0U);
}

TEST_F(ApiTest, TakesAnUploadWithTheRightDigestOnly) {
  HttpRequest request = Request("PUT", "/v1/artifacts/" + kDigest + "?name=app", "admin-token");
  request.file = std::make_shared<ReceivedFile>("/nowhere/1", "sha256:other", 5);
  const auto wrong = Send(request);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->status, 422);
  EXPECT_THAT(wrong->body, AllOf(HasSubstr("sha256:other"), HasSubstr(kDigest)));
  EXPECT_THAT(core_.calls, IsEmpty());

  request.file = std::make_shared<ReceivedFile>("/nowhere/1", kDigest, 5);
  const auto right = Send(request);
  ASSERT_TRUE(right);
  EXPECT_EQ(right->status, 201);
  EXPECT_THAT(right->body, HasSubstr("\"size_bytes\":\"5\""));
  EXPECT_THAT(core_.calls, ElementsAre("add artifact " + kDigest + " app"));
}

TEST_F(ApiTest, GivesArtifactsToAgents) {
  core_.artifact_path = "/artifacts/aa";
  const auto answer = Ask("GET", "/v1/artifacts/" + kDigest, "", "agent-secret");
  ASSERT_TRUE(answer.file);
  EXPECT_EQ(answer.file->path, "/artifacts/aa");
  EXPECT_EQ(answer.file->entity_tag, kDigest);
  EXPECT_EQ(answer.content_type, "application/octet-stream");
}

TEST_F(ApiTest, HoldsUpWhoFailsToEnrolTooOften) {
  core_.error = Error{Code::kDenied, "unknown token"};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask("POST", "/v1/enrol", R"({"token":"t"})", "").status, 403);
  const auto held_up = Ask("POST", "/v1/enrol", R"({"token":"t"})", "");
  EXPECT_EQ(held_up.status, 429);
  EXPECT_EQ(HeaderOf(held_up, "Retry-After"), "1");
  EXPECT_EQ(core_.calls.size(), 20U);
}

TEST(FailureLimit, ForgivesWithTimeAndByCaller) {
  FailureLimit limit;
  const FailureLimit::Time start{};
  for (int i = 0; i < 20; ++i) limit.Count("a", start);
  EXPECT_TRUE(limit.IsExhausted("a", start));
  EXPECT_FALSE(limit.IsExhausted("b", start));
  EXPECT_FALSE(limit.IsExhausted("a", start + std::chrono::seconds(1)));
  limit.Count("a", start + std::chrono::seconds(1));
  EXPECT_TRUE(limit.IsExhausted("a", start + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace motley::controller
