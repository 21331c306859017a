#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "controller/api/received_file.h"
#include "motley/v1/api.pb.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/release.pb.h"
#include "motley/v1/reported.pb.h"
#include "motley/v1/telemetry.pb.h"

namespace motley::controller {

/// Which telemetry of a gateway.
struct TelemetryFilter {
  /// By the gateway's clock, microseconds since 1970-01-01 UTC.
  std::optional<std::int64_t> since_us;
  /// Empty: all.
  std::string metric;
  std::string source;
  /// Cursor of an earlier page: what was stored after it. Empty: no cursor.
  std::string after;
  /// Samples, lines and events together.
  std::uint32_t limit = 1000;
};

inline constexpr std::uint32_t kMaxTelemetryLimit = 10'000;

/// Which part of a list of devices.
struct DevicePage {
  /// Cursor of an earlier page: what comes after it. Empty: from the first on.
  std::string after;
  /// Devices.
  std::uint32_t limit = 1000;
};

inline constexpr std::uint32_t kMaxDeviceLimit = 10'000;

struct StoredArtifact {
  v1::ArtifactRef ref;
  std::string path;
};

enum class Added { kNew, kWasThere };

/// What the REST interface asks of the controller. Loop thread only.
///
/// Errors of all calls: kNotFound (the thing that was named), kInvalid (the request), kConflict (the state of things),
/// kUnavailable and kCorrupt (the store).
class Core {
 public:
  using PlanDone = std::function<void(Result<v1::Plan>)>;

  virtual ~Core() = default;

  virtual Result<v1::AddGatewayReply> AddGateway(const v1::AddGatewayRequest& request) = 0;
  virtual Result<v1::GatewayList> ListGateways() = 0;
  virtual Result<v1::Gateway> GetGateway(const std::string& gateway) = 0;
  virtual Result<void> RemoveGateway(const std::string& gateway) = 0;
  virtual Result<v1::Gateway> TagGateway(const std::string& gateway, const v1::TagGatewayRequest& request) = 0;
  /// A new enrolment token; what the gateway has now works until it is used.
  virtual Result<v1::AddGatewayReply> RenewToken(const std::string& gateway) = 0;
  virtual Result<v1::TelemetryPage> GetTelemetry(const std::string& gateway, const TelemetryFilter& filter) = 0;
  /// `done` comes once, later or at once. Errors beside the general ones: kUnavailable (the gateway is away), kTimeout.
  virtual void FetchLogs(const std::string& gateway, const v1::LogRequest& request,
                         std::function<void(Result<v1::LogReply>)> done) = 0;
  /// Errors beside the general ones: kUnavailable (the gateway is away).
  virtual Result<void> RetryDeployment(const std::string& gateway) = 0;

  /// Empty `gateway`: a page of all.
  virtual Result<v1::DeviceList> ListDevices(const std::string& gateway, const DevicePage& page) = 0;
  virtual Result<v1::Device> GetDevice(const std::string& gateway, const std::string& device) = 0;
  /// Tell a gateway, and say by what id to ask how it went. Errors beside the general ones: kUnavailable (the gateway
  /// or the device is away).
  virtual Result<v1::DeviceOrder> ResetDevice(const std::string& gateway, const std::string& device) = 0;
  virtual Result<v1::DeviceOrder> FlashDevice(const std::string& gateway, const std::string& device,
                                              const v1::FlashDeviceRequest& request) = 0;
  virtual Result<v1::DeviceOrder> GetDeviceOrder(const std::string& gateway, const std::string& order) = 0;

  /// Errors beside the general ones: kDenied (token unknown, expired or used).
  virtual Result<v1::EnrolReply> Enrol(const v1::EnrolRequest& request) = 0;
  /// The gateway whose agent has this secret. Errors: kDenied.
  virtual Result<std::string> Authenticate(const std::string& secret) = 0;

  virtual Result<v1::ArtifactList> ListArtifacts() = 0;
  virtual Result<StoredArtifact> GetArtifact(const std::string& digest) = 0;
  /// Where uploads are received: on the file system of the artifacts, so that they can be renamed into place.
  virtual std::string upload_folder() const = 0;
  /// Takes the file away by renaming it. Its digest is right.
  virtual Result<Added> AddArtifact(const ReceivedFile& file, const std::string& name) = 0;
  /// `done` comes once, later or at once.
  virtual void CollectArtifacts(const v1::CollectArtifactsRequest& request,
                                std::function<void(Result<v1::ArtifactCollection>)> done) = 0;

  virtual Result<v1::Release> AddRelease(const v1::Release& release) = 0;
  /// Empty `application`: of all.
  virtual Result<v1::ReleaseList> ListReleases(const std::string& application) = 0;
  virtual Result<v1::Release> GetRelease(const std::string& application, const std::string& version) = 0;
  virtual Result<void> DeleteRelease(const std::string& application, const std::string& version) = 0;

  virtual Result<v1::Template> AddTemplate(const v1::Template& pushed) = 0;
  virtual Result<v1::TemplateList> ListTemplates() = 0;
  virtual Result<v1::Template> GetTemplate(const std::string& name, const std::string& version) = 0;
  virtual Result<void> DeleteTemplate(const std::string& name, const std::string& version) = 0;
  virtual Result<v1::TemplateVariant> AddVariant(const v1::TemplateVariant& pushed) = 0;
  virtual Result<v1::TemplateVariantList> ListVariants() = 0;
  virtual Result<v1::TemplateVariant> GetVariant(const std::string& name, const std::string& version) = 0;
  virtual Result<void> DeleteVariant(const std::string& name, const std::string& version) = 0;

  /// `done` comes once, later or at once. Errors beside the general ones: kTimeout.
  virtual void ProposePlan(const v1::ProposePlanRequest& request, PlanDone done) = 0;
  virtual Result<v1::PlanList> ListPlans() = 0;
  virtual Result<v1::Plan> GetPlan(std::uint64_t plan) = 0;
  virtual void ApprovePlan(std::uint64_t plan, PlanDone done) = 0;
  virtual Result<v1::Plan> EnactPlan(std::uint64_t plan) = 0;
  virtual Result<v1::Plan> RejectPlan(std::uint64_t plan, const std::string& reason) = 0;
  virtual Result<v1::PlanSteps> GetPlanSteps(std::uint64_t plan) = 0;
  virtual void Explain(std::uint64_t plan, const std::string& gateway,
                       std::function<void(Result<v1::Assignment>)> done) = 0;

  virtual Result<v1::Secret> SetSecret(const std::string& name, const v1::SetSecretRequest& request) = 0;
  virtual Result<v1::SecretList> ListSecrets() = 0;
  /// Empty `gateway`: the value for the fleet.
  virtual Result<void> RemoveSecret(const std::string& name, const std::string& gateway) = 0;
  /// For the agent of `gateway`. Errors beside the general ones: kDenied (it is not to run anything with it).
  virtual Result<std::string> GetSecretValue(const std::string& gateway, const std::string& name,
                                             const std::string& version) = 0;

  /// `site`: the attribute that says where gateways are; empty: tags.site.
  virtual Result<v1::FleetStatus> GetStatus(const std::string& site) = 0;
};

}  // namespace motley::controller
