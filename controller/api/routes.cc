#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <array>
#include <charconv>
#include <utility>

#include "controller/api/answer.h"
#include "controller/api/api.h"

namespace motley::controller {
namespace {

using google::protobuf::util::TimeUtil;

template <typename Message>
void Reply(const ApiCall& call, const Result<Message>& result, int status = 200) {
  call.respond(result ? JsonAnswer(*result, status) : ErrorAnswer(result.error()));
}

void Reply(const ApiCall& call, const Result<void>& result) {
  HttpAnswer done;
  done.status = 204;
  call.respond(result ? std::move(done) : ErrorAnswer(result.error()));
}

/// A handler that answers with what `answer(core, call)` gives.
template <auto answer, int status = 200>
void Ask(Api& api, ApiCall call) {
  const auto result = answer(api.core(), call);
  if constexpr (std::is_same_v<std::remove_cv_t<decltype(result)>, Result<void>>) {
    Reply(call, result);
  } else {
    Reply(call, result, status);
  }
}

/// The same for a handler that takes a message: `answer(core, call, message)`.
template <typename Message, auto answer, int status = 200>
void AskWith(Api& api, ApiCall call) {
  Message message;
  if (auto parsed = ParseBody(call.request.body, message); !parsed) return call.respond(ErrorAnswer(parsed.error()));
  Reply(call, answer(api.core(), call, message), status);
}

std::string QueryOf(const ApiCall& call, const std::string& name) {
  const auto found = call.request.query.find(name);
  return found == call.request.query.end() ? std::string() : found->second;
}

Result<std::uint64_t> ParseNumber(std::string_view what, const std::string& text, std::uint64_t max) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size() && number >= 1 && number <= max) return number;
  return Error{Code::kInvalid, fmt::format("{} \"{}\" is not a number from 1 to {}", what, text, max)};
}

Result<TelemetryFilter> ParseFilter(const ApiCall& call) {
  TelemetryFilter filter;
  filter.metric = QueryOf(call, "metric");
  filter.source = QueryOf(call, "source");
  filter.after = QueryOf(call, "after");
  if (const std::string limit = QueryOf(call, "limit"); !limit.empty()) {
    TRY_ASSIGN(const std::uint64_t number, ParseNumber("limit", limit, kMaxTelemetryLimit));
    filter.limit = static_cast<std::uint32_t>(number);
  }
  if (const std::string since = QueryOf(call, "since"); !since.empty()) {
    google::protobuf::Timestamp time;
    if (!TimeUtil::FromString(since, &time)) {
      return Error{Code::kInvalid,
                   fmt::format("since \"{}\" is not a time as RFC 3339 has it, like 2026-01-31T12:00:00Z", since)};
    }
    filter.since_us = TimeUtil::TimestampToMicroseconds(time);
  }
  return filter;
}

/// Gives the answer when it comes.
template <typename Message>
std::function<void(Result<Message>)> Later(const ApiCall& call, int status = 200) {
  return [respond = call.respond, status](const Result<Message>& result) {
    respond(result ? JsonAnswer(*result, status) : ErrorAnswer(result.error()));
  };
}

void FetchLogs(Api& api, ApiCall call) {
  v1::LogRequest request;
  if (auto parsed = ParseBody(call.request.body, request); !parsed) return call.respond(ErrorAnswer(parsed.error()));
  api.core().FetchLogs(call.arguments[0], request, Later<v1::LogReply>(call));
}

void CollectArtifacts(Api& api, ApiCall call) {
  v1::CollectArtifactsRequest request;
  if (auto parsed = ParseBody(call.request.body, request); !parsed) return call.respond(ErrorAnswer(parsed.error()));
  api.core().CollectArtifacts(request, Later<v1::ArtifactCollection>(call));
}

void Enrol(Api& api, ApiCall call) {
  v1::EnrolRequest request;
  if (auto parsed = ParseBody(call.request.body, request); !parsed) return call.respond(ErrorAnswer(parsed.error()));
  api.Enrol(call, request);
}

void GetArtifact(Api& api, ApiCall call) {
  auto artifact = api.core().GetArtifact(call.arguments[0]);
  if (!artifact) return call.respond(ErrorAnswer(artifact.error()));
  HttpAnswer answer;
  answer.content_type = "application/octet-stream";
  answer.file = FileBody{artifact->path, artifact->ref.digest()};
  call.respond(std::move(answer));
}

void PutArtifact(Api& api, ApiCall call) {
  const ReceivedFile& file = *call.request.file;
  const std::string& digest = call.arguments[0];
  if (file.digest() != digest) {
    return call.respond(
        ErrorAnswer({Code::kCorrupt, fmt::format("the {} bytes that came have the digest {}, not {}: send the "
                                                 "right file, or the same again",
                                                 file.size_bytes(), file.digest(), digest)}));
  }
  v1::ArtifactRef ref;
  ref.set_digest(digest);
  ref.set_size_bytes(file.size_bytes());
  ref.set_name(QueryOf(call, "name"));
  const auto added = api.core().AddArtifact(file, ref.name());
  if (!added) return call.respond(ErrorAnswer(added.error()));
  call.respond(JsonAnswer(ref, *added == Added::kNew ? 201 : 200));
}

void GetSecretValue(Api& api, ApiCall call) {
  auto value = api.core().GetSecretValue(call.gateway, call.arguments[0], call.arguments[1]);
  if (!value) return call.respond(ErrorAnswer(value.error()));
  HttpAnswer answer;
  answer.content_type = "application/octet-stream";
  answer.body = *std::move(value);
  answer.headers.emplace_back("Cache-Control", "no-store");
  call.respond(std::move(answer));
}

void GetDocument(Api&, ApiCall call) {
  HttpAnswer answer;
  answer.body = OpenApiDocument();
  call.respond(std::move(answer));
}

void GetHealth(Api&, ApiCall call) {
  HttpAnswer answer;
  answer.content_type = "text/plain";
  answer.body = "ok\n";
  call.respond(std::move(answer));
}

/// A handler of one plan: `answer(core, id)`.
template <auto answer>
void AskPlan(Api& api, ApiCall call) {
  const auto plan = ParseNumber("plan", call.arguments[0], INT64_MAX);
  if (!plan) return call.respond(ErrorAnswer(plan.error()));
  Reply(call, answer(api.core(), *plan, call));
}

void ProposePlan(Api& api, ApiCall call) {
  v1::ProposePlanRequest request;
  if (auto parsed = ParseBody(call.request.body, request); !parsed) return call.respond(ErrorAnswer(parsed.error()));
  api.core().ProposePlan(request, [&api, respond = call.respond](Result<v1::Plan> plan) {
    api.AnswerPlan(std::move(plan), 201, respond);
  });
}

void ApprovePlan(Api& api, ApiCall call) {
  const auto plan = ParseNumber("plan", call.arguments[0], INT64_MAX);
  if (!plan) return call.respond(ErrorAnswer(plan.error()));
  api.core().ApprovePlan(*plan, Later<v1::Plan>(call));
}

void ExplainPlan(Api& api, ApiCall call) {
  const auto plan = ParseNumber("plan", call.arguments[0], INT64_MAX);
  if (!plan) return call.respond(ErrorAnswer(plan.error()));
  api.core().Explain(*plan, call.arguments[1], Later<v1::Assignment>(call));
}

Result<v1::Plan> RejectPlan(Core& core, std::uint64_t plan, const ApiCall& call) {
  v1::RejectPlanRequest request;
  TRY(ParseBody(call.request.body, request));
  return core.RejectPlan(plan, request.reason());
}

Result<v1::DeviceList> ListDevices(Core& core, const ApiCall& call) {
  DevicePage page;
  page.after = QueryOf(call, "after");
  if (const std::string limit = QueryOf(call, "limit"); !limit.empty()) {
    TRY_ASSIGN(const std::uint64_t number, ParseNumber("limit", limit, kMaxDeviceLimit));
    page.limit = static_cast<std::uint32_t>(number);
  }
  return core.ListDevices(QueryOf(call, "gateway"), page);
}

Result<v1::TelemetryPage> GetTelemetry(Core& core, const ApiCall& call) {
  TRY_ASSIGN(const TelemetryFilter filter, ParseFilter(call));
  return core.GetTelemetry(call.arguments[0], filter);
}

// Shorter names for the table.
using C = Core;
using A = const ApiCall;
constexpr auto kAdmin = Access::kAdmin;
constexpr auto kNone = BodyKind::kNone;
constexpr auto kJson = BodyKind::kJson;

// clang-format off
constexpr Route kRoutes[] = {
  {"POST", "/v1/gateways", kAdmin, kJson, "",
   AskWith<v1::AddGatewayRequest, [](C& c, A&, const auto& m) { return c.AddGateway(m); }, 201>},
  {"GET", "/v1/gateways", kAdmin, kNone, "", Ask<[](C& c, A&) { return c.ListGateways(); }>},
  {"GET", "/v1/gateways/{gateway}", kAdmin, kNone, "", Ask<[](C& c, A& a) { return c.GetGateway(a.arguments[0]); }>},
  {"DELETE", "/v1/gateways/{gateway}", kAdmin, kNone, "", Ask<[](C& c, A& a) { return c.RemoveGateway(a.arguments[0]); }>},
  {"POST", "/v1/gateways/{gateway}/tags", kAdmin, kJson, "",
   AskWith<v1::TagGatewayRequest, [](C& c, A& a, const auto& m) { return c.TagGateway(a.arguments[0], m); }>},
  {"POST", "/v1/gateways/{gateway}/token", kAdmin, kNone, "", Ask<[](C& c, A& a) { return c.RenewToken(a.arguments[0]); }, 201>},
  {"GET", "/v1/gateways/{gateway}/telemetry", kAdmin, kNone, "since metric source after limit", Ask<GetTelemetry>},
  {"POST", "/v1/gateways/{gateway}/logs", kAdmin, kJson, "", FetchLogs},
  {"POST", "/v1/gateways/{gateway}/retry", kAdmin, kNone, "", Ask<[](C& c, A& a) { return c.RetryDeployment(a.arguments[0]); }>},
  {"GET", "/v1/devices", kAdmin, kNone, "gateway after limit", Ask<ListDevices>},
  {"GET", "/v1/gateways/{gateway}/devices/{device}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.GetDevice(a.arguments[0], a.arguments[1]); }>},
  {"POST", "/v1/gateways/{gateway}/devices/{device}/reset", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.ResetDevice(a.arguments[0], a.arguments[1]); }, 202>},
  {"POST", "/v1/gateways/{gateway}/devices/{device}/flash", kAdmin, kJson, "",
   AskWith<v1::FlashDeviceRequest, [](C& c, A& a, const auto& m) { return c.FlashDevice(a.arguments[0], a.arguments[1], m); }, 202>},
  {"GET", "/v1/gateways/{gateway}/orders/{order}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.GetDeviceOrder(a.arguments[0], a.arguments[1]); }>},
  {"GET", "/v1/artifacts", kAdmin, kNone, "", Ask<[](C& c, A&) { return c.ListArtifacts(); }>},
  {"PUT", "/v1/artifacts/{digest}", kAdmin, BodyKind::kArtifact, "name", PutArtifact},
  {"HEAD", "/v1/artifacts/{digest}", Access::kAdminOrAgent, kNone, "", GetArtifact},
  {"GET", "/v1/artifacts/{digest}", Access::kAdminOrAgent, kNone, "", GetArtifact},
  {"POST", "/v1/artifacts/collect", kAdmin, kJson, "", CollectArtifacts},
  {"POST", "/v1/releases", kAdmin, kJson, "",
   AskWith<v1::Release, [](C& c, A&, const auto& m) { return c.AddRelease(m); }, 201>},
  {"GET", "/v1/releases", kAdmin, kNone, "application",
   Ask<[](C& c, A& a) { return c.ListReleases(QueryOf(a, "application")); }>},
  {"GET", "/v1/releases/{application}/{version}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.GetRelease(a.arguments[0], a.arguments[1]); }>},
  {"DELETE", "/v1/releases/{application}/{version}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.DeleteRelease(a.arguments[0], a.arguments[1]); }>},
  {"POST", "/v1/templates", kAdmin, kJson, "",
   AskWith<v1::Template, [](C& c, A&, const auto& m) { return c.AddTemplate(m); }, 201>},
  {"GET", "/v1/templates", kAdmin, kNone, "", Ask<[](C& c, A&) { return c.ListTemplates(); }>},
  {"GET", "/v1/templates/{name}/{version}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.GetTemplate(a.arguments[0], a.arguments[1]); }>},
  {"DELETE", "/v1/templates/{name}/{version}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.DeleteTemplate(a.arguments[0], a.arguments[1]); }>},
  {"POST", "/v1/variants", kAdmin, kJson, "",
   AskWith<v1::TemplateVariant, [](C& c, A&, const auto& m) { return c.AddVariant(m); }, 201>},
  {"GET", "/v1/variants", kAdmin, kNone, "", Ask<[](C& c, A&) { return c.ListVariants(); }>},
  {"GET", "/v1/variants/{name}/{version}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.GetVariant(a.arguments[0], a.arguments[1]); }>},
  {"DELETE", "/v1/variants/{name}/{version}", kAdmin, kNone, "",
   Ask<[](C& c, A& a) { return c.DeleteVariant(a.arguments[0], a.arguments[1]); }>},
  {"POST", "/v1/plans", kAdmin, kJson, "", ProposePlan},
  {"GET", "/v1/plans", kAdmin, kNone, "", Ask<[](C& c, A&) { return c.ListPlans(); }>},
  {"GET", "/v1/plans/{plan}", kAdmin, kNone, "", AskPlan<[](C& c, std::uint64_t p, A&) { return c.GetPlan(p); }>},
  {"POST", "/v1/plans/{plan}/approve", kAdmin, kNone, "", ApprovePlan},
  {"POST", "/v1/plans/{plan}/enact", kAdmin, kNone, "", AskPlan<[](C& c, std::uint64_t p, A&) { return c.EnactPlan(p); }>},
  {"POST", "/v1/plans/{plan}/reject", kAdmin, kJson, "", AskPlan<RejectPlan>},
  {"GET", "/v1/plans/{plan}/steps", kAdmin, kNone, "", AskPlan<[](C& c, std::uint64_t p, A&) { return c.GetPlanSteps(p); }>},
  {"GET", "/v1/plans/{plan}/explain/{gateway}", kAdmin, kNone, "", ExplainPlan},
  {"PUT", "/v1/secrets/{name}", kAdmin, kJson, "",
   AskWith<v1::SetSecretRequest, [](C& c, A& a, const auto& m) { return c.SetSecret(a.arguments[0], m); }>},
  {"GET", "/v1/secrets", kAdmin, kNone, "", Ask<[](C& c, A&) { return c.ListSecrets(); }>},
  {"DELETE", "/v1/secrets/{name}", kAdmin, kNone, "gateway",
   Ask<[](C& c, A& a) { return c.RemoveSecret(a.arguments[0], QueryOf(a, "gateway")); }>},
  {"GET", "/v1/agent/secrets/{name}/{version}", Access::kAgent, kNone, "", GetSecretValue},
  {"GET", "/v1/status", kAdmin, kNone, "site", Ask<[](C& c, A& a) { return c.GetStatus(QueryOf(a, "site")); }>},
  {"POST", "/v1/enrol", Access::kAnybody, kJson, "", Enrol},
  {"GET", "/v1/openapi.json", Access::kAnybody, kNone, "", GetDocument},
  {"GET", "/healthz", Access::kAnybody, kNone, "", GetHealth},
};
// clang-format on

}  // namespace

std::span<const Route> Routes() { return kRoutes; }

}  // namespace motley::controller
