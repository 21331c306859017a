#include "controller/assign/question.h"

#include <algorithm>

namespace motley::controller {

Result<std::shared_ptr<const PreparedRelease>> Prepare(v1::Release release, std::string digest) {
  PreparedRelease prepared;
  TRY_ASSIGN(prepared.parsed, ApplicationOf(release, "rules"));
  prepared.release = std::move(release);
  prepared.digest = std::move(digest);
  return std::make_shared<const PreparedRelease>(std::move(prepared));
}

WantedByRow::WantedByRow(std::vector<Wanted> kinds) : kinds_(std::move(kinds)) {
  for (std::uint32_t place = 1; place <= kinds_.size(); ++place) places_.push_back(place);
}

const Wanted* WantedByRow::At(FleetIndex::Row row) const {
  const std::uint32_t place = PlaceAt(row);
  return place > 0 ? &kinds_[place - 1] : nullptr;
}

void WantedByRow::Set(FleetIndex::Row row, const Wanted& wanted) {
  const auto kind = std::find(kinds_.begin(), kinds_.end(), wanted);
  const auto place = static_cast<std::uint32_t>(kind - kinds_.begin()) + 1;
  if (kind == kinds_.end()) kinds_.push_back(wanted);
  const auto code = std::find(places_.begin(), places_.end(), place);
  codes_.Set(row, static_cast<SharedCodes::Code>(code - places_.begin()));
  if (code == places_.end()) places_.push_back(place);
}

void Decision::Count(const std::string& version) {
  assigned = moves = 0;
  for (const v1::Assignment& assignment : assignments) {
    if (!assignment.variant().empty()) ++assigned;
    if (IsMove(assignment, version)) ++moves;
  }
}

bool IsMove(const v1::Assignment& assignment, const std::string& version) {
  return !assignment.variant().empty() && assignment.previous() != version + "/" + assignment.variant();
}

}  // namespace motley::controller
