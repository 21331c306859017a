#include "controller/rollout/safe_modes.h"

namespace motley::controller {

Result<SafeModes> SafeModes::Create(Store& store) {
  SafeModes modes(store);
  TRY_ASSIGN(const std::vector<SafeModeRecord> records, store.safe_modes().List());
  for (const SafeModeRecord& record : records) {
    modes.remembered_[{record.gateway_number, record.application}] = {record.version, record.variant};
  }
  return modes;
}

const Wanted* SafeModes::Find(const Twin& twin, const std::string& application) const {
  const auto found = remembered_.find({twin.record.number, application});
  return found == remembered_.end() ? nullptr : &found->second;
}

std::map<std::string, Wanted> SafeModes::RememberedOf(const Twin& twin) const {
  std::map<std::string, Wanted> remembered;
  const std::int64_t number = twin.record.number;
  for (auto at = remembered_.lower_bound({number, ""}); at != remembered_.end() && at->first.first == number; ++at) {
    remembered.emplace(at->first.second, at->second);
  }
  return remembered;
}

std::optional<Wanted> SafeModes::WantedOf(const Twin& twin, const std::string& application) const {
  if (const Wanted* remembered = Find(twin, application)) return *remembered;
  for (const v1::DesiredApplication& wanted : twin.desired().applications()) {
    if (wanted.application() == application) return Wanted{wanted.version(), wanted.variant()};
  }
  return std::nullopt;
}

Result<void> SafeModes::Save(const std::vector<Change>& changes) const {
  for (const Change& change : changes) {
    if (change.remembered) {
      TRY(store_->safe_modes().Put(
          {change.gateway_number, change.application, change.remembered->version, change.remembered->variant}));
    } else {
      TRY(store_->safe_modes().Delete(change.gateway_number, change.application));
    }
  }
  return {};
}

void SafeModes::Apply(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    const std::pair key(change.gateway_number, change.application);
    if (change.remembered) {
      remembered_[key] = *change.remembered;
    } else {
      remembered_.erase(key);
    }
  }
}

}  // namespace motley::controller
