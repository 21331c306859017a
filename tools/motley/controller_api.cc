#include "tools/motley/controller_api.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <utility>

namespace motley::cli {
namespace {

namespace json = google::protobuf::util;

Result<std::string> BodyOf(const google::protobuf::Message& message) {
  json::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string body;
  const auto printed = json::MessageToJsonString(message, &body, options);
  if (printed.ok()) return body;
  return Error{Code::kInvalid, fmt::format("{} can not be sent: {}; is all text UTF-8?", message.GetTypeName(),
                                           std::string(printed.message()))};
}

// Fields that this program does not know yet are left out: a newer controller may send them.
template <typename Reply>
Result<Reply> Parse(const Result<std::string>& body) {
  if (!body) return body.error();
  json::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  Reply reply;
  const auto parsed = json::JsonStringToMessage(*body, &reply, options);
  if (parsed.ok()) return reply;
  return Error{Code::kCorrupt,
               fmt::format("the answer is not a {} ({}); is it a Motley controller, and of this version?",
                           reply.GetTypeName(), std::string(parsed.message()))};
}

std::string GatewayPath(const std::string& id, std::string_view rest = "") {
  return fmt::format("/v1/gateways/{}{}", UrlEscape(id), rest);
}

std::string DevicePath(const std::string& gateway, const std::string& device, std::string_view rest = "") {
  return GatewayPath(gateway, fmt::format("/devices/{}{}", UrlEscape(device), rest));
}

std::string PlanPath(std::uint64_t id, std::string_view rest = "") { return fmt::format("/v1/plans/{}{}", id, rest); }

}  // namespace

Result<std::unique_ptr<ControllerApi>> ControllerApi::Connect(HttpClientOptions options) {
  std::string url = options.base_url;
  TRY_ASSIGN(auto http, HttpClient::Create(std::move(options)));
  return std::make_unique<ControllerApi>(std::move(http), std::move(url));
}

template <typename Reply>
Result<Reply> ControllerApi::Get(const std::string& path) {
  return Parse<Reply>(http_->Call("GET", path, ""));
}

template <typename Reply>
Result<Reply> ControllerApi::Post(const std::string& path) {
  return Parse<Reply>(http_->Call("POST", path, ""));
}

template <typename Reply, typename Request>
Result<Reply> ControllerApi::Post(const std::string& path, const Request& request) {
  TRY_ASSIGN(const std::string body, BodyOf(request));
  return Parse<Reply>(http_->Call("POST", path, body));
}

Result<v1::AddGatewayReply> ControllerApi::AddGateway(const v1::AddGatewayRequest& request) {
  return Post<v1::AddGatewayReply>("/v1/gateways", request);
}

Result<v1::GatewayList> ControllerApi::ListGateways() { return Get<v1::GatewayList>("/v1/gateways"); }

Result<v1::Gateway> ControllerApi::GetGateway(const std::string& id) { return Get<v1::Gateway>(GatewayPath(id)); }

Result<v1::Gateway> ControllerApi::TagGateway(const std::string& id, const v1::TagGatewayRequest& request) {
  return Post<v1::Gateway>(GatewayPath(id, "/tags"), request);
}

Result<v1::AddGatewayReply> ControllerApi::RenewToken(const std::string& id) {
  return Post<v1::AddGatewayReply>(GatewayPath(id, "/token"));
}

Result<void> ControllerApi::RetryDeployment(const std::string& id) {
  TRY(http_->Call("POST", GatewayPath(id, "/retry"), ""));
  return {};
}

Result<void> ControllerApi::RemoveGateway(const std::string& id) {
  TRY(http_->Call("DELETE", GatewayPath(id), ""));
  return {};
}

Result<v1::DeviceList> ControllerApi::ListDevices(const std::string& gateway) {
  if (!gateway.empty()) return Get<v1::DeviceList>("/v1/devices?gateway=" + UrlEscape(gateway));
  TRY_ASSIGN(v1::DeviceList list, Get<v1::DeviceList>("/v1/devices"));
  while (!list.cursor().empty()) {
    TRY_ASSIGN(v1::DeviceList page, Get<v1::DeviceList>("/v1/devices?after=" + UrlEscape(list.cursor())));
    list.clear_cursor();
    list.MergeFrom(page);
  }
  return list;
}

Result<v1::Device> ControllerApi::GetDevice(const std::string& gateway, const std::string& device) {
  return Get<v1::Device>(DevicePath(gateway, device));
}

Result<v1::DeviceOrder> ControllerApi::ResetDevice(const std::string& gateway, const std::string& device) {
  return Post<v1::DeviceOrder>(DevicePath(gateway, device, "/reset"));
}

Result<v1::DeviceOrder> ControllerApi::FlashDevice(const std::string& gateway, const std::string& device,
                                                   const v1::FlashDeviceRequest& request) {
  return Post<v1::DeviceOrder>(DevicePath(gateway, device, "/flash"), request);
}

Result<v1::DeviceOrder> ControllerApi::GetDeviceOrder(const std::string& gateway, const std::string& order) {
  return Get<v1::DeviceOrder>(GatewayPath(gateway, "/orders/" + UrlEscape(order)));
}

Result<v1::ArtifactList> ControllerApi::ListArtifacts() { return Get<v1::ArtifactList>("/v1/artifacts"); }

Result<bool> ControllerApi::HasArtifact(const std::string& digest) {
  const auto found = http_->Call("HEAD", "/v1/artifacts/" + UrlEscape(digest), "");
  if (found) return true;
  if (found.error().code == Code::kNotFound) return false;
  return found.error();
}

Result<v1::ArtifactRef> ControllerApi::PutArtifact(const v1::ArtifactRef& artifact, const std::string& file,
                                                   const std::function<void(std::uint64_t)>& progress) {
  const std::string path =
      fmt::format("/v1/artifacts/{}?name={}", UrlEscape(artifact.digest()), UrlEscape(artifact.name()));
  return Parse<v1::ArtifactRef>(http_->Upload(path, file, progress));
}

Result<v1::ArtifactCollection> ControllerApi::CollectArtifacts(const v1::CollectArtifactsRequest& request) {
  return Post<v1::ArtifactCollection>("/v1/artifacts/collect", request);
}

Result<v1::Release> ControllerApi::AddRelease(const v1::Release& release) {
  return Post<v1::Release>("/v1/releases", release);
}

Result<v1::ReleaseList> ControllerApi::ListReleases(const std::string& application) {
  return Get<v1::ReleaseList>(application.empty() ? "/v1/releases"
                                                  : "/v1/releases?application=" + UrlEscape(application));
}

Result<v1::Release> ControllerApi::GetRelease(const std::string& application, const std::string& version) {
  return Get<v1::Release>(fmt::format("/v1/releases/{}/{}", UrlEscape(application), UrlEscape(version)));
}

Result<void> ControllerApi::DeleteRelease(const std::string& application, const std::string& version) {
  TRY(http_->Call("DELETE", fmt::format("/v1/releases/{}/{}", UrlEscape(application), UrlEscape(version)), ""));
  return {};
}

Result<v1::Template> ControllerApi::AddTemplate(const v1::Template& content) {
  return Post<v1::Template>("/v1/templates", content);
}

Result<v1::TemplateList> ControllerApi::ListTemplates() { return Get<v1::TemplateList>("/v1/templates"); }

Result<v1::Template> ControllerApi::GetTemplate(const std::string& name, const std::string& version) {
  return Get<v1::Template>(fmt::format("/v1/templates/{}/{}", UrlEscape(name), UrlEscape(version)));
}

Result<void> ControllerApi::DeleteTemplate(const std::string& name, const std::string& version) {
  TRY(http_->Call("DELETE", fmt::format("/v1/templates/{}/{}", UrlEscape(name), UrlEscape(version)), ""));
  return {};
}

Result<v1::TemplateVariant> ControllerApi::AddVariant(const v1::TemplateVariant& content) {
  return Post<v1::TemplateVariant>("/v1/variants", content);
}

Result<v1::TemplateVariantList> ControllerApi::ListVariants() { return Get<v1::TemplateVariantList>("/v1/variants"); }

Result<v1::TemplateVariant> ControllerApi::GetVariant(const std::string& name, const std::string& version) {
  return Get<v1::TemplateVariant>(fmt::format("/v1/variants/{}/{}", UrlEscape(name), UrlEscape(version)));
}

Result<void> ControllerApi::DeleteVariant(const std::string& name, const std::string& version) {
  TRY(http_->Call("DELETE", fmt::format("/v1/variants/{}/{}", UrlEscape(name), UrlEscape(version)), ""));
  return {};
}

Result<v1::Plan> ControllerApi::ProposePlan(const v1::ProposePlanRequest& request) {
  return Post<v1::Plan>("/v1/plans", request);
}

Result<v1::Plan> ControllerApi::ProposePlan(const std::string& application, const std::string& version) {
  v1::ProposePlanRequest request;
  request.set_application(application);
  request.set_version(version);
  return ProposePlan(request);
}

Result<v1::PlanList> ControllerApi::ListPlans() { return Get<v1::PlanList>("/v1/plans"); }

Result<v1::Plan> ControllerApi::GetPlan(std::uint64_t id) { return Get<v1::Plan>(PlanPath(id)); }

Result<v1::Plan> ControllerApi::ApprovePlan(std::uint64_t id) { return Post<v1::Plan>(PlanPath(id, "/approve")); }

Result<v1::Plan> ControllerApi::EnactPlan(std::uint64_t id) { return Post<v1::Plan>(PlanPath(id, "/enact")); }

Result<v1::Plan> ControllerApi::RejectPlan(std::uint64_t id, const std::string& reason) {
  v1::RejectPlanRequest request;
  request.set_reason(reason);
  return Post<v1::Plan>(PlanPath(id, "/reject"), request);
}

Result<v1::Assignment> ControllerApi::Explain(std::uint64_t id, const std::string& gateway) {
  return Get<v1::Assignment>(PlanPath(id, "/explain/" + UrlEscape(gateway)));
}

Result<v1::PlanSteps> ControllerApi::GetPlanSteps(std::uint64_t id) {
  return Get<v1::PlanSteps>(PlanPath(id, "/steps"));
}

Result<v1::Secret> ControllerApi::SetSecret(const std::string& name, const v1::SetSecretRequest& request) {
  TRY_ASSIGN(const std::string body, BodyOf(request));
  return Parse<v1::Secret>(http_->Call("PUT", "/v1/secrets/" + UrlEscape(name), body));
}

Result<v1::SecretList> ControllerApi::ListSecrets() { return Get<v1::SecretList>("/v1/secrets"); }

Result<void> ControllerApi::RemoveSecret(const std::string& name, const std::string& gateway) {
  TRY(http_->Call(
      "DELETE",
      fmt::format("/v1/secrets/{}{}", UrlEscape(name), gateway.empty() ? "" : "?gateway=" + UrlEscape(gateway)), ""));
  return {};
}

Result<v1::FleetStatus> ControllerApi::GetStatus(const std::string& site) {
  return Get<v1::FleetStatus>(site.empty() ? "/v1/status" : "/v1/status?site=" + UrlEscape(site));
}

Result<v1::TelemetryPage> ControllerApi::GetTelemetry(const TelemetryRequest& request) {
  std::string query;
  const auto add = [&query](std::string_view name, const std::string& value) {
    if (!value.empty()) query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, UrlEscape(value));
  };
  add("since", request.since);
  add("metric", request.metric);
  add("source", request.source);
  add("after", request.after);
  return Get<v1::TelemetryPage>(GatewayPath(request.gateway, "/telemetry" + query));
}

Result<v1::LogReply> ControllerApi::FetchLogs(const std::string& gateway, const v1::LogRequest& request) {
  return Post<v1::LogReply>(GatewayPath(gateway, "/logs"), request);
}

}  // namespace motley::cli
