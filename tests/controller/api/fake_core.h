#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/core.h"

namespace motley::controller {

/// Answers each call with an empty message, or with `error`; keeps what was called.
class FakeCore : public Core {
 public:
  std::vector<std::string> calls;
  std::optional<Error> error;
  std::string folder = "/nowhere";
  std::string artifact_path;
  TelemetryFilter filter;
  /// How many gateways a proposed plan has.
  int assignments = 0;
  std::function<void(Result<v1::LogReply>)> logs_done;

  Result<v1::AddGatewayReply> AddGateway(const v1::AddGatewayRequest& request) override {
    return Give<v1::AddGatewayReply>("add " + request.id());
  }
  Result<v1::GatewayList> ListGateways() override { return Give<v1::GatewayList>("list"); }
  Result<v1::Gateway> GetGateway(const std::string& gateway) override { return Give<v1::Gateway>("get " + gateway); }
  Result<void> RemoveGateway(const std::string& gateway) override { return Done("remove " + gateway); }
  Result<v1::Gateway> TagGateway(const std::string& gateway, const v1::TagGatewayRequest&) override {
    return Give<v1::Gateway>("tag " + gateway);
  }
  Result<v1::AddGatewayReply> RenewToken(const std::string& gateway) override {
    return Give<v1::AddGatewayReply>("renew " + gateway);
  }
  Result<v1::TelemetryPage> GetTelemetry(const std::string& gateway, const TelemetryFilter& asked) override {
    filter = asked;
    return Give<v1::TelemetryPage>("telemetry " + gateway);
  }
  void FetchLogs(const std::string& gateway, const v1::LogRequest& request,
                 std::function<void(Result<v1::LogReply>)> done) override {
    calls.push_back("logs " + gateway + " " + request.component());
    logs_done = std::move(done);
  }
  Result<void> RetryDeployment(const std::string& gateway) override { return Done("retry " + gateway); }
  Result<v1::DeviceList> ListDevices(const std::string& gateway, const DevicePage& page) override {
    return Give<v1::DeviceList>("devices " + gateway + " after " + page.after + " " + std::to_string(page.limit));
  }
  Result<v1::Device> GetDevice(const std::string& gateway, const std::string& device) override {
    return Give<v1::Device>("device " + gateway + " " + device);
  }
  Result<v1::DeviceOrder> ResetDevice(const std::string& gateway, const std::string& device) override {
    return Give<v1::DeviceOrder>("reset " + gateway + " " + device);
  }
  Result<v1::DeviceOrder> FlashDevice(const std::string& gateway, const std::string& device,
                                      const v1::FlashDeviceRequest& request) override {
    return Give<v1::DeviceOrder>("flash " + gateway + " " + device + " " + request.version());
  }
  Result<v1::DeviceOrder> GetDeviceOrder(const std::string& gateway, const std::string& order) override {
    return Give<v1::DeviceOrder>("order " + gateway + " " + order);
  }
  Result<v1::EnrolReply> Enrol(const v1::EnrolRequest& request) override {
    return Give<v1::EnrolReply>("enrol " + request.token());
  }
  Result<std::string> Authenticate(const std::string& secret) override {
    if (secret == "agent-secret") return std::string("gw-1");
    return Error{Code::kDenied, "unknown"};
  }

  Result<v1::ArtifactList> ListArtifacts() override { return Give<v1::ArtifactList>("artifacts"); }
  Result<StoredArtifact> GetArtifact(const std::string& digest) override {
    calls.push_back("artifact " + digest);
    if (error) return *error;
    StoredArtifact artifact;
    artifact.ref.set_digest(digest);
    artifact.path = artifact_path;
    return artifact;
  }
  std::string upload_folder() const override { return folder; }
  Result<Added> AddArtifact(const ReceivedFile& file, const std::string& name) override {
    calls.push_back("add artifact " + file.digest() + " " + name);
    if (error) return *error;
    return Added::kNew;
  }
  void CollectArtifacts(const v1::CollectArtifactsRequest& request,
                        std::function<void(Result<v1::ArtifactCollection>)> done) override {
    done(Give<v1::ArtifactCollection>("collect " + std::to_string(request.unused_for_hours())));
  }

  Result<v1::Release> AddRelease(const v1::Release& release) override {
    return Give<v1::Release>("add release " + release.version());
  }
  Result<v1::ReleaseList> ListReleases(const std::string& application) override {
    return Give<v1::ReleaseList>("releases " + application);
  }
  Result<v1::Release> GetRelease(const std::string& application, const std::string& version) override {
    return Give<v1::Release>("release " + application + " " + version);
  }
  Result<void> DeleteRelease(const std::string& application, const std::string& version) override {
    return Done("delete release " + application + " " + version);
  }

  Result<v1::Template> AddTemplate(const v1::Template& pushed) override {
    return Give<v1::Template>("add template " + pushed.name());
  }
  Result<v1::TemplateList> ListTemplates() override { return Give<v1::TemplateList>("templates"); }
  Result<v1::Template> GetTemplate(const std::string& name, const std::string& version) override {
    return Give<v1::Template>("template " + name + " " + version);
  }
  Result<void> DeleteTemplate(const std::string& name, const std::string& version) override {
    return Done("delete template " + name + " " + version);
  }
  Result<v1::TemplateVariant> AddVariant(const v1::TemplateVariant& pushed) override {
    return Give<v1::TemplateVariant>("add variant " + pushed.name());
  }
  Result<v1::TemplateVariantList> ListVariants() override { return Give<v1::TemplateVariantList>("variants"); }
  Result<v1::TemplateVariant> GetVariant(const std::string& name, const std::string& version) override {
    return Give<v1::TemplateVariant>("variant " + name + " " + version);
  }
  Result<void> DeleteVariant(const std::string& name, const std::string& version) override {
    return Done("delete variant " + name + " " + version);
  }

  void ProposePlan(const v1::ProposePlanRequest& request, PlanDone done) override {
    auto plan = Give<v1::Plan>("propose " + request.version());
    for (int i = 0; plan && i < assignments; ++i) plan->add_assignments()->set_gateway("gw-" + std::to_string(i));
    done(std::move(plan));
  }
  Result<v1::PlanList> ListPlans() override { return Give<v1::PlanList>("plans"); }
  Result<v1::Plan> GetPlan(std::uint64_t plan) override { return Give<v1::Plan>("plan " + std::to_string(plan)); }
  void ApprovePlan(std::uint64_t plan, PlanDone done) override {
    done(Give<v1::Plan>("approve " + std::to_string(plan)));
  }
  Result<v1::Plan> EnactPlan(std::uint64_t plan) override { return Give<v1::Plan>("enact " + std::to_string(plan)); }
  Result<v1::Plan> RejectPlan(std::uint64_t plan, const std::string& reason) override {
    return Give<v1::Plan>("reject " + std::to_string(plan) + " " + reason);
  }
  Result<v1::PlanSteps> GetPlanSteps(std::uint64_t plan) override {
    return Give<v1::PlanSteps>("steps " + std::to_string(plan));
  }
  void Explain(std::uint64_t plan, const std::string& gateway,
               std::function<void(Result<v1::Assignment>)> done) override {
    done(Give<v1::Assignment>("explain " + std::to_string(plan) + " " + gateway));
  }

  Result<v1::Secret> SetSecret(const std::string& name, const v1::SetSecretRequest& request) override {
    return Give<v1::Secret>("set secret " + name + " of " + request.gateway());
  }
  Result<v1::SecretList> ListSecrets() override { return Give<v1::SecretList>("secrets"); }
  Result<void> RemoveSecret(const std::string& name, const std::string& gateway) override {
    return Done("remove secret " + name + " of " + gateway);
  }
  Result<std::string> GetSecretValue(const std::string& gateway, const std::string& name,
                                     const std::string& version) override {
    TRY(Done("value of " + name + " " + version + " for " + gateway));
    return std::string("the value");
  }

  Result<v1::FleetStatus> GetStatus(const std::string& site) override {
    return Give<v1::FleetStatus>("status " + site);
  }

 private:
  template <typename Message>
  Result<Message> Give(std::string call) {
    TRY(Done(std::move(call)));
    return Message();
  }
  Result<void> Done(std::string call) {
    calls.push_back(std::move(call));
    if (error) return *error;
    return {};
  }
};

}  // namespace motley::controller
