#include "controller/rollout/wanted_columns.h"

#include <algorithm>

namespace motley::controller {

void WantedColumn::Set(FleetIndex::Row row, const Wanted* wanted) {
  const Code before = rows_.At(row);
  const Code now = wanted == nullptr ? 0 : Use(*wanted);
  rows_.Set(row, now);
  Release(before);
}

WantedColumn::Code WantedColumn::Use(const Wanted& wanted) {
  const Key key(wanted.version, wanted.variant);
  const auto next = free_.empty() ? static_cast<Code>(kinds_.size()) : free_.back();
  const auto [found, fresh] = places_.try_emplace(key, next);
  if (fresh) {
    if (free_.empty()) {
      kinds_.emplace_back();
    } else {
      free_.pop_back();
    }
    kinds_[next] = {key, 0};
  }
  ++kinds_[found->second].uses;
  return found->second;
}

void WantedColumn::Release(Code code) {
  if (code == 0 || --kinds_[code].uses > 0) return;
  places_.erase(kinds_[code].key);
  kinds_[code] = {};
  free_.push_back(code);
}

std::vector<Wanted> WantedColumn::Kinds() const {
  std::vector<Wanted> kinds;
  for (const auto& [key, code] : places_) kinds.push_back({key.first, key.second});
  return kinds;
}

WantedByRow WantedColumn::Share(std::vector<Wanted> kinds) {
  std::vector<std::uint32_t> places(kinds_.size(), 0);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto found = places_.find({kinds[i].version, kinds[i].variant});
    if (found != places_.end()) places[found->second] = static_cast<std::uint32_t>(i + 1);
  }
  return {std::move(kinds), std::move(places), rows_.Share()};
}

WantedColumns::WantedColumns(Registry& registry, const SafeModes& safe_modes)
    : registry_(registry), safe_modes_(safe_modes) {
  for (const auto& [id, twin] : registry.twins()) Refresh(id);
  registry.view().SetListener(this);
}

WantedColumns::~WantedColumns() { registry_.view().SetListener(nullptr); }

void WantedColumns::Refresh(const std::string& gateway) {
  // One that has no row yet is looked at when it gets one.
  if (const auto row = registry_.view().index().Find(gateway)) OnRowTaken(gateway, *row);
}

void WantedColumns::OnRowTaken(const std::string& gateway, FleetIndex::Row row) {
  const Twin* twin = registry_.Find(gateway);
  if (twin == nullptr) return OnRowFreed(row);
  std::map<std::string, Wanted> wanted;
  for (const v1::DesiredApplication& application : twin->desired().applications()) {
    wanted[application.application()] = {application.version(), application.variant()};
  }
  Replace(row, wanted, desired_);
  Replace(row, safe_modes_.RememberedOf(*twin), remembered_);
}

void WantedColumns::OnRowFreed(FleetIndex::Row row) {
  Replace(row, {}, desired_);
  Replace(row, {}, remembered_);
}

void WantedColumns::Replace(FleetIndex::Row row, const std::map<std::string, Wanted>& wanted, Columns& columns) {
  for (auto& [application, column] : columns) {
    if (!wanted.contains(application)) column.Set(row, nullptr);
  }
  for (const auto& [application, one] : wanted) columns[application].Set(row, &one);
  std::erase_if(columns, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace motley::controller
