#include "controller/daemon/local_core.h"

#include <utility>

#include "controller/registry/device_list.h"

namespace motley::controller {

Result<v1::AddGatewayReply> LocalCore::AddGateway(const v1::AddGatewayRequest& request) {
  return registry_.Add(request);
}

Result<v1::GatewayList> LocalCore::ListGateways() { return registry_.List(); }

Result<v1::Gateway> LocalCore::GetGateway(const std::string& gateway) { return registry_.Show(gateway); }

Result<void> LocalCore::RemoveGateway(const std::string& gateway) {
  TRY(registry_.Remove(gateway));
  return secrets_.Forget(gateway);
}

Result<v1::Gateway> LocalCore::TagGateway(const std::string& gateway, const v1::TagGatewayRequest& request) {
  return registry_.Tag(gateway, request);
}

Result<v1::AddGatewayReply> LocalCore::RenewToken(const std::string& gateway) { return registry_.NewToken(gateway); }

Result<v1::TelemetryPage> LocalCore::GetTelemetry(const std::string& gateway, const TelemetryFilter& filter) {
  TelemetryQuery query;
  query.source = filter.source;
  query.metric = filter.metric;
  query.since_us = filter.since_us;
  if (!filter.after.empty()) query.after = filter.after;
  query.limit = filter.limit;
  return registry_.Telemetry(gateway, query);
}

void LocalCore::FetchLogs(const std::string& gateway, const v1::LogRequest& request,
                          std::function<void(Result<v1::LogReply>)> done) {
  dispatch_.FetchLogs(gateway, request, std::move(done));
}

Result<void> LocalCore::RetryDeployment(const std::string& gateway) { return dispatch_.Retry(gateway); }

Result<v1::DeviceList> LocalCore::ListDevices(const std::string& gateway, const DevicePage& page) {
  if (!gateway.empty()) return DevicesOf(registry_, gateway, WallMicros(loop_));
  return controller::ListDevices(registry_, page.after, page.limit, WallMicros(loop_));
}

Result<v1::Device> LocalCore::GetDevice(const std::string& gateway, const std::string& device) {
  return ShowDevice(registry_, gateway, device, WallMicros(loop_));
}

Result<v1::DeviceOrder> LocalCore::ResetDevice(const std::string& gateway, const std::string& device) {
  TRY_ASSIGN(const v1::Device known, GetDevice(gateway, device));
  TRY(CheckReady(known));
  return dispatch_.orders().Reset(gateway, device);
}

Result<v1::DeviceOrder> LocalCore::FlashDevice(const std::string& gateway, const std::string& device,
                                               const v1::FlashDeviceRequest& request) {
  TRY_ASSIGN(const v1::Device known, GetDevice(gateway, device));
  TRY(CheckFree(known));
  v1::FlashDeviceRequest whole = request;
  TRY_ASSIGN(*whole.mutable_image(), catalog_.Use(request.image().digest()));
  if (!request.image().name().empty()) whole.mutable_image()->set_name(request.image().name());
  return dispatch_.orders().Flash(gateway, device, whole);
}

Result<v1::DeviceOrder> LocalCore::GetDeviceOrder(const std::string& gateway, const std::string& order) {
  return dispatch_.orders().Find(gateway, order);
}

Result<v1::EnrolReply> LocalCore::Enrol(const v1::EnrolRequest& request) { return registry_.Enrol(request); }

Result<std::string> LocalCore::Authenticate(const std::string& secret) { return registry_.Authenticate(secret); }

Result<v1::ArtifactList> LocalCore::ListArtifacts() { return catalog_.List(); }

Result<StoredArtifact> LocalCore::GetArtifact(const std::string& digest) {
  StoredArtifact artifact;
  TRY_ASSIGN(artifact.ref, catalog_.Use(digest));
  TRY_ASSIGN(artifact.path, catalog_.PathOf(digest));
  return artifact;
}

std::string LocalCore::upload_folder() const { return catalog_.incoming_folder(); }

Result<Added> LocalCore::AddArtifact(const ReceivedFile& file, const std::string& name) {
  const bool was_there = catalog_.Find(file.digest()).has_value();
  TRY(catalog_.Add(file.path(), file.digest(), file.size_bytes(), name));
  return was_there ? Added::kWasThere : Added::kNew;
}

void LocalCore::CollectArtifacts(const v1::CollectArtifactsRequest& request, Collection::Done done) {
  housekeeper_.CollectArtifacts(request, std::move(done));
}

Result<v1::Release> LocalCore::AddRelease(const v1::Release& release) { return catalog_.PushRelease(release); }

Result<void> LocalCore::DeleteRelease(const std::string& application, const std::string& version) {
  return rollout_.DeleteRelease(application, version);
}

Result<v1::ReleaseList> LocalCore::ListReleases(const std::string& application) {
  return catalog_.Releases(application);
}

Result<v1::Release> LocalCore::GetRelease(const std::string& application, const std::string& version) {
  return catalog_.Release(application, version);
}

Result<v1::Template> LocalCore::AddTemplate(const v1::Template& pushed) { return catalog_.PushTemplate(pushed); }

Result<void> LocalCore::DeleteTemplate(const std::string& name, const std::string& version) {
  return catalog_.DeleteTemplate(name, version);
}

Result<v1::TemplateList> LocalCore::ListTemplates() { return catalog_.Templates(); }

Result<v1::Template> LocalCore::GetTemplate(const std::string& name, const std::string& version) {
  return catalog_.Template(name, version);
}

Result<v1::TemplateVariant> LocalCore::AddVariant(const v1::TemplateVariant& pushed) {
  return catalog_.PushVariant(pushed);
}

Result<void> LocalCore::DeleteVariant(const std::string& name, const std::string& version) {
  return catalog_.DeleteVariant(name, version);
}

Result<v1::TemplateVariantList> LocalCore::ListVariants() { return catalog_.Variants(); }

Result<v1::TemplateVariant> LocalCore::GetVariant(const std::string& name, const std::string& version) {
  return catalog_.Variant(name, version);
}

void LocalCore::ProposePlan(const v1::ProposePlanRequest& request, PlanDone done) {
  rollout_.Propose(request, std::move(done));
}

Result<v1::PlanList> LocalCore::ListPlans() { return rollout_.List(); }

Result<v1::Plan> LocalCore::GetPlan(std::uint64_t plan) { return rollout_.Show(plan); }

void LocalCore::ApprovePlan(std::uint64_t plan, PlanDone done) { rollout_.Approve(plan, std::move(done)); }

Result<v1::Plan> LocalCore::EnactPlan(std::uint64_t plan) { return rollout_.Enact(plan); }

Result<v1::Plan> LocalCore::RejectPlan(std::uint64_t plan, const std::string& reason) {
  return rollout_.Reject(plan, reason);
}

Result<v1::PlanSteps> LocalCore::GetPlanSteps(std::uint64_t plan) { return rollout_.Steps(plan); }

void LocalCore::Explain(std::uint64_t plan, const std::string& gateway,
                        std::function<void(Result<v1::Assignment>)> done) {
  rollout_.Explain(plan, gateway, std::move(done));
}

Result<v1::Secret> LocalCore::SetSecret(const std::string& name, const v1::SetSecretRequest& request) {
  return secrets_.Set(name, request);
}

Result<v1::SecretList> LocalCore::ListSecrets() { return secrets_.List(); }

Result<void> LocalCore::RemoveSecret(const std::string& name, const std::string& gateway) {
  return secrets_.Remove(name, gateway);
}

Result<std::string> LocalCore::GetSecretValue(const std::string& gateway, const std::string& name,
                                              const std::string& version) {
  return secrets_.Value(gateway, name, version);
}

Result<v1::FleetStatus> LocalCore::GetStatus(const std::string& site) {
  TRY_ASSIGN(v1::FleetStatus status, registry_.Status(site));
  status.set_broker_connected(dispatch_.connected());
  return status;
}

}  // namespace motley::controller
