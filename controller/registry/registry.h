#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/fleet/shared_names.h"
#include "common/loop/loop.h"
#include "common/selector/attributes.h"
#include "controller/registry/fleet_view.h"
#include "controller/registry/instance_watch.h"
#include "controller/store/store.h"
#include "motley/v1/api.pb.h"

namespace motley::controller {

/// A gateway as it is kept in memory.
struct Twin {
  /// More revisions than any database gets behind by being put back.
  static constexpr std::uint64_t kMaxLead = 1'000'000;

  GatewayRecord record;
  InstanceWatch instances;

  const std::string& id() const { return record.gateway.id(); }
  bool enrolled() const { return record.gateway.has_enrolled_at(); }
  const v1::DesiredState& desired() const { return record.gateway.desired(); }
  /// A summary: without components and devices.
  const v1::ReportedState& reported() const { return record.gateway.reported(); }
  bool online() const { return record.gateway.online(); }
  /// The agent has seen a desired state at least as new as the one that is wanted.
  bool HasSeenDesired() const;
  /// An earlier gateway with this id had desired states, and this one has none yet.
  bool HasPredecessorOnly() const { return desired().revision() == 0 && record.revision_floor > 0; }
  bool InSync() const;
  /// The number for its next desired state: above all that were issued, and above what the agent says that it has seen
  /// where that is within kMaxLead. A controller whose database is an old copy goes on; a broken agent can not use up
  /// the numbers.
  std::uint64_t NextRevision() const;
  /// What the agent says that it has seen, if that was never issued.
  std::optional<std::uint64_t> NeverIssued() const;
  /// What selectors can know about it.
  Attributes SelectorAttributes() const;
};

/// Told after it is stored. Loop thread.
class FleetListener {
 public:
  virtual ~FleetListener() = default;
  virtual void OnDesiredChanged(const std::string& gateway) = 0;
  virtual void OnGatewayRemoved(const std::string& gateway) = 0;
};

/// Told when what selectors can know about a gateway has changed; also when it enrols. Loop thread.
class AttributesListener {
 public:
  virtual ~AttributesListener() = default;
  virtual void OnAttributesChanged(const std::string& gateway) = 0;
};

/// The gateways of the fleet: who they are, what they should run and what they say that they run. All of them are in
/// memory; every change is stored first. Loop thread only.
class Registry {
 public:
  struct Options {
    std::string fleet = "default";
    /// Told to agents when they enrol.
    std::string broker_url;
    std::chrono::hours token_life{24};
  };
  /// Loads the fleet. Errors: as Database, kCorrupt.
  static Result<std::unique_ptr<Registry>> Create(Loop& loop, Store& store, Options options);

  /// At most one; null for none.
  void SetListener(FleetListener* listener) { listener_ = listener; }
  void SetAttributesListener(AttributesListener* listener) { attributes_listener_ = listener; }
  /// All enrolled gateways, for selectors and assignments.
  FleetView& view() { return view_; }
  /// Gateways whose agents have never used their tokens.
  SharedNames& not_enrolled() { return not_enrolled_; }
  const std::string& fleet() const { return options_.fleet; }

  /// Errors: kInvalid (id, tags), kConflict (id exists).
  Result<v1::AddGatewayReply> Add(const v1::AddGatewayRequest& request);
  /// A new enrolment token; those before it are void, the agent's credential is not. Errors: kNotFound.
  Result<v1::AddGatewayReply> NewToken(const std::string& gateway);
  /// By id; `reported` without components and devices.
  v1::GatewayList List() const;
  /// Errors: kNotFound.
  Result<v1::Gateway> Show(const std::string& gateway) const;
  /// Errors: kNotFound, kInvalid (names, sizes).
  Result<v1::Gateway> Tag(const std::string& gateway, const v1::TagGatewayRequest& request);
  /// Its credential and tokens are void at once. Errors: kNotFound.
  Result<void> Remove(const std::string& gateway);

  /// Errors: kInvalid (credential digest), kDenied (unknown or expired token), kConflict (token or credential is used).
  Result<v1::EnrolReply> Enrol(const v1::EnrolRequest& request);
  /// The gateway whose agent has this secret. Errors: kDenied.
  Result<std::string> Authenticate(std::string_view secret) const;

  /// Without `broker_connected`, which Dispatch knows. `site`: the text attribute that says where a gateway is; empty:
  /// tags.site. Errors: kInvalid (no such attribute).
  Result<v1::FleetStatus> Status(const std::string& site) const;

  /// Errors: kNotFound.
  Result<v1::TelemetryPage> Telemetry(const std::string& gateway, const TelemetryQuery& query) const;

  /// Null for a gateway that is not there. Valid until the registry changes.
  const Twin* Find(std::string_view gateway) const;
  using Twins = std::map<std::string, Twin, std::less<>>;
  const Twins& twins() const { return twins_; }

  /// Stores desired states, each for the gateway that it names, in one transaction with `also`; those of gateways that
  /// are not there are left out. Then tells the listener. Errors: as Database, and of `also`; then nothing has changed.
  Result<void> SetDesired(std::vector<v1::DesiredState> states, const std::function<Result<void>()>& also);

  /// Take over what was stored before. Unknown gateways are ignored.
  void OnReportStored(const v1::ReportedState& report);
  void OnPresenceStored(const std::string& gateway, bool online, std::int64_t since_us);
  /// Whether the presence is from the agent that is there now.
  InstanceWatch::Verdict OnPresenceSeen(const v1::Presence& presence);

 private:
  Registry(Loop& loop, Store& store, Options options) : loop_(loop), store_(store), options_(std::move(options)) {}
  Result<Twin*> Get(const std::string& gateway);
  Result<const Twin*> Get(const std::string& gateway) const;
  /// To be called after anything that selectors can know about it has changed.
  void UpdateView(const Twin& twin);
  Result<v1::AddGatewayReply> MakeToken(const Twin& twin);
  Result<v1::EnrolReply> EnrolWith(const TokenRecord& token, Twin& twin, const v1::EnrolRequest& request);
  v1::Gateway Describe(const Twin& twin) const;
  /// What a person must look at.
  std::vector<std::string> ProblemsOf(const Twin& twin) const;

  Loop& loop_;
  Store& store_;
  const Options options_;
  FleetListener* listener_ = nullptr;
  AttributesListener* attributes_listener_ = nullptr;
  FleetView view_;
  SharedNames not_enrolled_;
  Twins twins_;
  /// Gateways by the digest of their agent's credential.
  std::unordered_map<std::string, std::string> credentials_;
};

}  // namespace motley::controller
