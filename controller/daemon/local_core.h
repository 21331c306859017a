#pragma once

#include <functional>
#include <string>

#include "controller/api/core.h"
#include "controller/catalog/catalog.h"
#include "controller/dispatch/dispatch.h"
#include "controller/housekeeping/housekeeper.h"
#include "controller/registry/registry.h"
#include "controller/rollout/rollout.h"
#include "controller/secrets/secrets.h"

namespace motley::controller {

/// The core that is in this process. Loop thread only.
class LocalCore final : public Core {
 public:
  /// All outlive this object.
  LocalCore(Loop& loop, Catalog& catalog, Registry& registry, Secrets& secrets, Rollout& rollout, Dispatch& dispatch,
            Housekeeper& housekeeper)
      : loop_(loop),
        catalog_(catalog),
        registry_(registry),
        secrets_(secrets),
        rollout_(rollout),
        dispatch_(dispatch),
        housekeeper_(housekeeper) {}

  Result<v1::AddGatewayReply> AddGateway(const v1::AddGatewayRequest& request) override;
  Result<v1::GatewayList> ListGateways() override;
  Result<v1::Gateway> GetGateway(const std::string& gateway) override;
  Result<void> RemoveGateway(const std::string& gateway) override;
  Result<v1::Gateway> TagGateway(const std::string& gateway, const v1::TagGatewayRequest& request) override;
  Result<v1::AddGatewayReply> RenewToken(const std::string& gateway) override;
  Result<v1::TelemetryPage> GetTelemetry(const std::string& gateway, const TelemetryFilter& filter) override;
  void FetchLogs(const std::string& gateway, const v1::LogRequest& request,
                 std::function<void(Result<v1::LogReply>)> done) override;
  Result<void> RetryDeployment(const std::string& gateway) override;
  Result<v1::DeviceList> ListDevices(const std::string& gateway, const DevicePage& page) override;
  Result<v1::Device> GetDevice(const std::string& gateway, const std::string& device) override;
  Result<v1::DeviceOrder> ResetDevice(const std::string& gateway, const std::string& device) override;
  Result<v1::DeviceOrder> FlashDevice(const std::string& gateway, const std::string& device,
                                      const v1::FlashDeviceRequest& request) override;
  Result<v1::DeviceOrder> GetDeviceOrder(const std::string& gateway, const std::string& order) override;
  Result<v1::EnrolReply> Enrol(const v1::EnrolRequest& request) override;
  Result<std::string> Authenticate(const std::string& secret) override;
  Result<v1::ArtifactList> ListArtifacts() override;
  Result<StoredArtifact> GetArtifact(const std::string& digest) override;
  std::string upload_folder() const override;
  Result<Added> AddArtifact(const ReceivedFile& file, const std::string& name) override;
  void CollectArtifacts(const v1::CollectArtifactsRequest& request, Collection::Done done) override;
  Result<v1::Release> AddRelease(const v1::Release& release) override;
  Result<v1::ReleaseList> ListReleases(const std::string& application) override;
  Result<v1::Release> GetRelease(const std::string& application, const std::string& version) override;
  Result<void> DeleteRelease(const std::string& application, const std::string& version) override;
  Result<v1::Template> AddTemplate(const v1::Template& pushed) override;
  Result<v1::TemplateList> ListTemplates() override;
  Result<v1::Template> GetTemplate(const std::string& name, const std::string& version) override;
  Result<void> DeleteTemplate(const std::string& name, const std::string& version) override;
  Result<v1::TemplateVariant> AddVariant(const v1::TemplateVariant& pushed) override;
  Result<v1::TemplateVariantList> ListVariants() override;
  Result<v1::TemplateVariant> GetVariant(const std::string& name, const std::string& version) override;
  Result<void> DeleteVariant(const std::string& name, const std::string& version) override;
  void ProposePlan(const v1::ProposePlanRequest& request, PlanDone done) override;
  Result<v1::PlanList> ListPlans() override;
  Result<v1::Plan> GetPlan(std::uint64_t plan) override;
  void ApprovePlan(std::uint64_t plan, PlanDone done) override;
  Result<v1::Plan> EnactPlan(std::uint64_t plan) override;
  Result<v1::Plan> RejectPlan(std::uint64_t plan, const std::string& reason) override;
  Result<v1::PlanSteps> GetPlanSteps(std::uint64_t plan) override;
  void Explain(std::uint64_t plan, const std::string& gateway,
               std::function<void(Result<v1::Assignment>)> done) override;
  Result<v1::Secret> SetSecret(const std::string& name, const v1::SetSecretRequest& request) override;
  Result<v1::SecretList> ListSecrets() override;
  Result<void> RemoveSecret(const std::string& name, const std::string& gateway) override;
  Result<std::string> GetSecretValue(const std::string& gateway, const std::string& name,
                                     const std::string& version) override;
  Result<v1::FleetStatus> GetStatus(const std::string& site) override;

 private:
  Loop& loop_;
  Catalog& catalog_;
  Registry& registry_;
  Secrets& secrets_;
  Rollout& rollout_;
  Dispatch& dispatch_;
  Housekeeper& housekeeper_;
};

}  // namespace motley::controller
