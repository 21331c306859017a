#include "controller/registry/registry.h"

#include <algorithm>

#include "common/log/log.h"
#include "common/model/model.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

constexpr int kMaxTags = 64;
constexpr std::size_t kMaxTagValue = 256;

/// What a selector can write after "tags.".
bool IsTagName(std::string_view name) {
  const auto continues = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  };
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), continues);
}

Result<void> CheckTags(const google::protobuf::Map<std::string, std::string>& tags) {
  if (tags.size() > kMaxTags) {
    return Error{Code::kInvalid, std::to_string(tags.size()) + " tags are over the limit of " +
                                     std::to_string(kMaxTags) + " for a gateway; remove some"};
  }
  for (const auto& [name, value] : tags) {
    if (!IsTagName(name)) {
      return Error{Code::kInvalid,
                   "tag \"" + name + "\": a name has 1 to 63 letters, digits, dots, dashes and underscores"};
    }
    if (value.size() > kMaxTagValue) {
      return Error{Code::kInvalid, "tag \"" + name + "\": its value of " + std::to_string(value.size()) +
                                       " bytes is over the limit of " + std::to_string(kMaxTagValue)};
    }
  }
  return {};
}

Error Unknown(const std::string& gateway) {
  return {Code::kNotFound, "there is no gateway \"" + gateway + "\"; add it with `motley gateway add`"};
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::Create(Loop& loop, Store& store, Options options) {
  std::unique_ptr<Registry> registry(new Registry(loop, store, std::move(options)));
  TRY(store.gateways().LoadAll([&](GatewayRecord record) {
    if (!record.credential_digest.empty()) registry->credentials_[record.credential_digest] = record.gateway.id();
    std::string id = record.gateway.id();
    if (!record.gateway.has_enrolled_at()) registry->not_enrolled_.Insert(id);
    registry->UpdateView(registry->twins_.emplace(std::move(id), Twin{std::move(record), {}}).first->second);
  }));
  LogInfo("fleet {} has {} gateways", registry->fleet(), registry->twins_.size());
  return registry;
}

Result<v1::AddGatewayReply> Registry::Add(const v1::AddGatewayRequest& request) {
  if (!IsName(request.id())) {
    return Error{Code::kInvalid, "\"" + request.id() +
                                     "\" can not name a gateway: a name has 1 to 63 lower-case letters, digits, dots,"
                                     " dashes and underscores, and begins with a letter or digit"};
  }
  TRY(CheckTags(request.tags()));
  if (twins_.contains(request.id())) {
    return Error{Code::kConflict, "gateway \"" + request.id() +
                                      "\" exists; for a new enrolment token use `motley gateway token " + request.id() +
                                      "`"};
  }
  Twin twin;
  twin.record.gateway.set_id(request.id());
  *twin.record.gateway.mutable_tags() = request.tags();
  *twin.record.gateway.mutable_created_at() = FromMicros(WallMicros(loop_));
  v1::AddGatewayReply reply;
  TRY(store_.Atomically([&]() -> Result<void> {
    TRY_ASSIGN(const auto retired, store_.gateways().FindRetired(request.id()));
    twin.record.revision_floor = retired ? retired->last_revision : 0;
    TRY_ASSIGN(twin.record.number, store_.gateways().Insert(twin.record.gateway, twin.record.revision_floor));
    TRY_ASSIGN(reply, MakeToken(twin));
    return {};
  }));
  const auto& [id, added] = *twins_.emplace(request.id(), std::move(twin)).first;
  not_enrolled_.Insert(id);
  if (added.HasPredecessorOnly() && listener_ != nullptr) listener_->OnDesiredChanged(id);
  return reply;
}

v1::GatewayList Registry::List() const {
  v1::GatewayList list;
  for (const auto& [id, twin] : twins_) *list.add_gateways() = Describe(twin);
  return list;
}

Result<v1::Gateway> Registry::Show(const std::string& gateway) const {
  TRY_ASSIGN(const Twin* twin, Get(gateway));
  v1::Gateway shown = Describe(*twin);
  if (shown.has_reported()) {
    TRY_ASSIGN(*shown.mutable_reported(), store_.reports().LoadReport(twin->record.number));
  }
  return shown;
}

Result<v1::Gateway> Registry::Tag(const std::string& gateway, const v1::TagGatewayRequest& request) {
  TRY_ASSIGN(Twin * twin, Get(gateway));
  auto tags = twin->record.gateway.tags();
  for (const std::string& name : request.remove()) tags.erase(name);
  for (const auto& [name, value] : request.set()) tags[name] = value;
  TRY(CheckTags(tags).While("gateway " + gateway));
  TRY(store_.gateways().SetTags(twin->record.number, tags));
  *twin->record.gateway.mutable_tags() = std::move(tags);
  UpdateView(*twin);
  return Show(gateway);
}

Result<void> Registry::Remove(const std::string& gateway) {
  TRY_ASSIGN(Twin * twin, Get(gateway));
  TRY(store_.gateways().Remove(twin->record.number, {gateway, twin->NextRevision() - 1}, WallMicros(loop_)));
  credentials_.erase(twin->record.credential_digest);
  twins_.erase(gateway);
  view_.Remove(gateway);
  not_enrolled_.Erase(gateway);
  LogInfo("gateway {} is removed", gateway);
  if (listener_ != nullptr) listener_->OnGatewayRemoved(gateway);
  return {};
}

Result<v1::TelemetryPage> Registry::Telemetry(const std::string& gateway, const TelemetryQuery& query) const {
  TRY_ASSIGN(const Twin* twin, Get(gateway));
  return store_.telemetry().Query(twin->record.number, query);
}

const Twin* Registry::Find(std::string_view gateway) const {
  const auto found = twins_.find(gateway);
  return found == twins_.end() ? nullptr : &found->second;
}

Result<void> Registry::SetDesired(std::vector<v1::DesiredState> states, const std::function<Result<void>()>& also) {
  std::erase_if(states, [&](const v1::DesiredState& state) { return !twins_.contains(state.gateway()); });
  TRY(store_.Atomically([&]() -> Result<void> {
    for (const v1::DesiredState& state : states) {
      TRY(store_.gateways().SetDesired(twins_.find(state.gateway())->second.record.number, state));
    }
    return also();
  }));
  for (v1::DesiredState& state : states) {
    const std::string id = state.gateway();
    *twins_.find(id)->second.record.gateway.mutable_desired() = std::move(state);
    if (listener_ != nullptr) listener_->OnDesiredChanged(id);
  }
  return {};
}

void Registry::OnReportStored(const v1::ReportedState& report) {
  const auto found = twins_.find(report.gateway());
  if (found == twins_.end()) return;
  *found->second.record.gateway.mutable_reported() = ReportStore::Summary(report);
  UpdateView(found->second);
}

void Registry::UpdateView(const Twin& twin) {
  if (!twin.enrolled() || view_.Set(twin.SelectorAttributes()) == FleetView::Outcome::kSame) return;
  if (attributes_listener_ != nullptr) attributes_listener_->OnAttributesChanged(twin.id());
}

void Registry::OnPresenceStored(const std::string& gateway, bool online, std::int64_t since_us) {
  const auto found = twins_.find(gateway);
  if (found == twins_.end()) return;
  found->second.record.gateway.set_online(online);
  *found->second.record.gateway.mutable_presence_since() = FromMicros(since_us);
}

InstanceWatch::Verdict Registry::OnPresenceSeen(const v1::Presence& presence) {
  const auto found = twins_.find(presence.gateway());
  if (found == twins_.end()) return InstanceWatch::Verdict::kStale;
  const std::int64_t now = WallMicros(loop_);
  InstanceWatch& watch = found->second.instances;
  const bool had_problem = watch.Problem(now).has_value();
  const auto verdict = watch.Seen(presence.instance(), presence.online(), ToMicros(presence.since()), now);
  if (const auto problem = watch.Problem(now); problem && !had_problem) {
    LogWarning("gateway {}: {}", presence.gateway(), *problem);
  }
  return verdict;
}

Result<Twin*> Registry::Get(const std::string& gateway) {
  const auto found = twins_.find(gateway);
  if (found == twins_.end()) return Unknown(gateway);
  return &found->second;
}

Result<const Twin*> Registry::Get(const std::string& gateway) const {
  const Twin* twin = Find(gateway);
  if (twin == nullptr) return Unknown(gateway);
  return twin;
}

}  // namespace motley::controller
