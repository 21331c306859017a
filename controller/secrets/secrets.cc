#include "controller/secrets/secrets.h"

#include <algorithm>

#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/model/model.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

constexpr std::size_t kMaxValueBytes = 64 * 1024;
constexpr std::size_t kVersionBytes = 8;

bool Refers(const v1::DesiredState& desired, const std::string& version) {
  return std::any_of(desired.secrets().begin(), desired.secrets().end(),
                     [&](const v1::SecretVersion& secret) { return secret.version() == version; });
}

std::string Whose(const std::string& gateway) { return gateway.empty() ? "" : " of gateway \"" + gateway + "\""; }

}  // namespace

Result<std::unique_ptr<Secrets>> Secrets::Create(Loop& loop, Store& store, Registry& registry) {
  std::unique_ptr<Secrets> secrets(new Secrets(loop, store, registry));
  TRY_ASSIGN(secrets->records_, store.secrets().List());
  return secrets;
}

Result<v1::Secret> Secrets::Set(const std::string& name, const v1::SetSecretRequest& request) {
  if (!IsName(name)) {
    return Error{Code::kInvalid, "\"" + name +
                                     "\" is not a name for a secret; use lower-case letters, digits, '.', '_' and "
                                     "'-', at most 63, beginning with a letter or digit"};
  }
  if (request.value().empty()) return Error{Code::kInvalid, "secret \"" + name + "\" has no value"};
  if (request.value().size() > kMaxValueBytes) {
    return Error{Code::kInvalid, "secret \"" + name + "\" has " + std::to_string(request.value().size()) +
                                     " bytes; at most " + std::to_string(kMaxValueBytes) +
                                     " are possible: push a larger thing as an artifact, encrypted"};
  }
  if (!request.gateway().empty() && registry_.Find(request.gateway()) == nullptr) {
    return Error{Code::kNotFound, "there is no gateway \"" + request.gateway() + "\"; see `motley gateway list`"};
  }
  const SecretRecord record{name, request.gateway(), RandomHex(kVersionBytes), WallMicros(loop_)};
  TRY(store_.secrets().Insert(record, request.value()));
  records_.push_back(record);
  TRY(DropOutdated());
  LogInfo("secret \"{}\"{} has a new value", name, Whose(record.gateway));
  v1::Secret shown;
  shown.set_name(name);
  shown.set_gateway(record.gateway);
  shown.set_version(record.version);
  *shown.mutable_set_at() = FromMicros(record.set_us);
  return shown;
}

v1::SecretList Secrets::List() const {
  std::map<std::pair<std::string, std::string>, const SecretRecord*> current;
  for (const SecretRecord& record : records_) current[{record.name, record.gateway}] = &record;
  v1::SecretList list;
  for (const auto& [key, record] : current) {
    v1::Secret& secret = *list.add_secrets();
    secret.set_name(record->name);
    secret.set_gateway(record->gateway);
    secret.set_version(record->version);
    *secret.mutable_set_at() = FromMicros(record->set_us);
    secret.set_used_by(UsedBy(record->version));
  }
  return list;
}

Result<void> Secrets::Remove(const std::string& name, const std::string& gateway) {
  const auto meant = [&](const SecretRecord& record) { return record.name == name && record.gateway == gateway; };
  std::vector<std::string> versions;
  std::uint32_t used = 0;
  for (const SecretRecord& record : records_) {
    if (!meant(record)) continue;
    versions.push_back(record.version);
    used += UsedBy(record.version);
  }
  if (versions.empty()) {
    return Error{Code::kNotFound,
                 "there is no secret \"" + name + "\"" + Whose(gateway) + "; see `motley secret list`"};
  }
  if (used > 0) {
    return Error{Code::kConflict, "secret \"" + name + "\"" + Whose(gateway) + " is used by what " +
                                      std::to_string(used) +
                                      " gateway(s) are to run; deploy something without it first"};
  }
  TRY(store_.Atomically([&]() -> Result<void> {
    for (const std::string& version : versions) TRY(store_.secrets().Delete(version));
    return {};
  }));
  std::erase_if(records_, meant);
  LogInfo("secret \"{}\"{} is removed", name, Whose(gateway));
  return {};
}

Result<void> Secrets::Forget(const std::string& gateway) {
  const auto meant = [&](const SecretRecord& record) { return record.gateway == gateway; };
  TRY(store_.Atomically([&]() -> Result<void> {
    for (const SecretRecord& record : records_) {
      if (meant(record)) TRY(store_.secrets().Delete(record.version));
    }
    return {};
  }));
  std::erase_if(records_, meant);
  return {};
}

const SecretRecord* Secrets::Current(const std::string& name, const std::string& gateway) const {
  const SecretRecord* current = nullptr;
  for (const SecretRecord& record : records_) {
    if (record.name != name || (!record.gateway.empty() && record.gateway != gateway)) continue;
    const bool more_special = current != nullptr && !current->gateway.empty() && record.gateway.empty();
    if (!more_special) current = &record;
  }
  return current;
}

Result<std::vector<v1::SecretVersion>> Secrets::VersionsFor(const std::string& gateway,
                                                            const std::set<std::string>& names) const {
  std::vector<v1::SecretVersion> versions;
  std::string missing;
  for (const std::string& name : names) {
    const SecretRecord* current = Current(name, gateway);
    if (current == nullptr) {
      missing += (missing.empty() ? "\"" : ", \"") + name + "\"";
      continue;
    }
    v1::SecretVersion& version = versions.emplace_back();
    version.set_name(name);
    version.set_version(current->version);
  }
  if (missing.empty()) return versions;
  return Error{Code::kNotFound, "no value is set for secret " + missing + ", which gateway \"" + gateway +
                                    "\" would need; set it with `motley secret set NAME`"};
}

Result<std::string> Secrets::Value(const std::string& gateway, const std::string& name,
                                   const std::string& version) const {
  const Twin* twin = registry_.Find(gateway);
  if (twin == nullptr || !Refers(twin->desired(), version)) {
    return Error{Code::kDenied,
                 "gateway \"" + gateway + "\" is not to run anything with this value of secret \"" + name + "\""};
  }
  TRY_ASSIGN(auto value, store_.secrets().Value(name, version));
  if (!value) {
    return Error{Code::kNotFound, "this value of secret \"" + name + "\" is not kept any more; propose the plan again"};
  }
  return *std::move(value);
}

std::uint32_t Secrets::UsedBy(const std::string& version) const {
  std::uint32_t used = 0;
  for (const auto& [id, twin] : registry_.twins()) used += Refers(twin.desired(), version) ? 1 : 0;
  return used;
}

/// Values that are neither current nor meant by any desired state.
Result<void> Secrets::DropOutdated() {
  std::map<std::pair<std::string, std::string>, std::string> current;
  for (const SecretRecord& record : records_) current[{record.name, record.gateway}] = record.version;
  std::vector<std::string> outdated;
  for (const SecretRecord& record : records_) {
    if (current[{record.name, record.gateway}] != record.version && UsedBy(record.version) == 0) {
      outdated.push_back(record.version);
    }
  }
  TRY(store_.Atomically([&]() -> Result<void> {
    for (const std::string& version : outdated) TRY(store_.secrets().Delete(version));
    return {};
  }));
  std::erase_if(records_, [&](const SecretRecord& record) {
    return std::find(outdated.begin(), outdated.end(), record.version) != outdated.end();
  });
  return {};
}

}  // namespace motley::controller
