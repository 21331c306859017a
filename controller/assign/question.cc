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

void WantedByRow::Set(FleetIndex::Row row, const Wanted& wanted) {
  const auto found = std::find(kinds.begin(), kinds.end(), wanted);
  const auto place = static_cast<std::uint32_t>(found - kinds.begin()) + 1;
  if (found == kinds.end()) kinds.push_back(wanted);
  if (places.size() <= row) places.resize(row + std::size_t{1});
  places[row] = place;
}

const Wanted* WantedByRow::At(FleetIndex::Row row) const {
  return row < places.size() && places[row] > 0 ? &kinds[places[row] - 1] : nullptr;
}

std::size_t Decision::assigned() const {
  return static_cast<std::size_t>(std::count_if(assignments.begin(), assignments.end(),
                                                [](const auto& assignment) { return !assignment.variant().empty(); }));
}

std::size_t Decision::moves(const std::string& version) const {
  return static_cast<std::size_t>(std::count_if(assignments.begin(), assignments.end(), [&](const auto& assignment) {
    return !assignment.variant().empty() && assignment.previous() != version + "/" + assignment.variant();
  }));
}

}  // namespace motley::controller
