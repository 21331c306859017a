#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/http/client.h"
#include "motley/v1/api.pb.h"
#include "motley/v1/release.pb.h"
#include "motley/v1/telemetry.pb.h"

namespace motley::cli {

/// Which samples, lines and events are asked for; empty fields do not restrict.
struct TelemetryRequest {
  std::string gateway;
  /// RFC 3339.
  std::string since;
  std::string metric;
  std::string source;
  /// Cursor of the page before.
  std::string after;
};

/// The REST interface of the controller as calls: blocking, one thread.
///
/// Errors of all calls: those of HttpClient, and kCorrupt for an answer that is not the expected message.
class ControllerApi {
 public:
  static Result<std::unique_ptr<ControllerApi>> Connect(HttpClientOptions options);
  ControllerApi(std::unique_ptr<HttpClient> http, std::string url) : http_(std::move(http)), url_(std::move(url)) {}

  const std::string& url() const { return url_; }

  Result<v1::AddGatewayReply> AddGateway(const v1::AddGatewayRequest& request);
  Result<v1::GatewayList> ListGateways();
  Result<v1::Gateway> GetGateway(const std::string& id);
  Result<v1::Gateway> TagGateway(const std::string& id, const v1::TagGatewayRequest& request);
  Result<v1::AddGatewayReply> RenewToken(const std::string& id);
  Result<void> RetryDeployment(const std::string& id);
  Result<void> RemoveGateway(const std::string& id);

  /// Empty `gateway`: of all, page after page.
  Result<v1::DeviceList> ListDevices(const std::string& gateway);
  Result<v1::Device> GetDevice(const std::string& gateway, const std::string& device);
  Result<v1::DeviceOrder> ResetDevice(const std::string& gateway, const std::string& device);
  Result<v1::DeviceOrder> FlashDevice(const std::string& gateway, const std::string& device,
                                      const v1::FlashDeviceRequest& request);
  Result<v1::DeviceOrder> GetDeviceOrder(const std::string& gateway, const std::string& order);

  Result<v1::ArtifactList> ListArtifacts();
  Result<bool> HasArtifact(const std::string& digest);
  Result<v1::ArtifactRef> PutArtifact(const v1::ArtifactRef& artifact, const std::string& file,
                                      const std::function<void(std::uint64_t)>& progress);
  Result<v1::ArtifactCollection> CollectArtifacts(const v1::CollectArtifactsRequest& request);

  Result<v1::Release> AddRelease(const v1::Release& release);
  /// `application` may be empty.
  Result<v1::ReleaseList> ListReleases(const std::string& application);
  Result<v1::Release> GetRelease(const std::string& application, const std::string& version);
  Result<void> DeleteRelease(const std::string& application, const std::string& version);

  Result<v1::Template> AddTemplate(const v1::Template& content);
  Result<v1::TemplateList> ListTemplates();
  Result<v1::Template> GetTemplate(const std::string& name, const std::string& version);
  Result<void> DeleteTemplate(const std::string& name, const std::string& version);
  Result<v1::TemplateVariant> AddVariant(const v1::TemplateVariant& content);
  Result<v1::TemplateVariantList> ListVariants();
  Result<v1::TemplateVariant> GetVariant(const std::string& name, const std::string& version);
  Result<void> DeleteVariant(const std::string& name, const std::string& version);

  Result<v1::Plan> ProposePlan(const v1::ProposePlanRequest& request);
  /// For the whole fleet.
  Result<v1::Plan> ProposePlan(const std::string& application, const std::string& version);
  Result<v1::PlanList> ListPlans();
  Result<v1::Plan> GetPlan(std::uint64_t id);
  Result<v1::Plan> ApprovePlan(std::uint64_t id);
  Result<v1::Plan> EnactPlan(std::uint64_t id);
  Result<v1::Plan> RejectPlan(std::uint64_t id, const std::string& reason);
  Result<v1::PlanSteps> GetPlanSteps(std::uint64_t id);
  Result<v1::Assignment> Explain(std::uint64_t id, const std::string& gateway);

  Result<v1::Secret> SetSecret(const std::string& name, const v1::SetSecretRequest& request);
  Result<v1::SecretList> ListSecrets();
  /// Empty `gateway`: the value for the fleet.
  Result<void> RemoveSecret(const std::string& name, const std::string& gateway);

  /// `site`: the attribute that says where gateways are; empty: the controller's own choice.
  Result<v1::FleetStatus> GetStatus(const std::string& site = "");
  Result<v1::TelemetryPage> GetTelemetry(const TelemetryRequest& request);
  Result<v1::LogReply> FetchLogs(const std::string& gateway, const v1::LogRequest& request);

 private:
  template <typename Reply>
  Result<Reply> Get(const std::string& path);
  template <typename Reply>
  Result<Reply> Post(const std::string& path);
  template <typename Reply, typename Request>
  Result<Reply> Post(const std::string& path, const Request& request);

  std::unique_ptr<HttpClient> http_;
  std::string url_;
};

}  // namespace motley::cli
