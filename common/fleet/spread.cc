#include "common/assign/spread.h"

#include <algorithm>

#include "common/fleet/problem.h"

namespace motley {

// Shares of the applications that compete with each other are spread together.
Running FleetProblem::Spread(const assign::Solution& solution, std::string_view salt) const {
  Running to(running_.size());
  const FleetClasses::Members members = classes_.ListMembers();
  const std::span<const assign::Share> shares = solution.shares;
  for (std::size_t first = 0; first < shares.size();) {
    std::size_t last = first + 1;
    while (last < shares.size() && shares[last].gateway_class == shares[first].gateway_class &&
           shares[last].applications == shares[first].applications) {
      ++last;
    }
    const auto gateway_class = static_cast<std::size_t>(shares[first].gateway_class);
    const std::size_t begin = members.starts[gateway_class];
    const std::span<const Row> rows(&members.rows[begin], members.starts[gateway_class + 1] - begin);
    SpreadOver(rows, shares.subspan(first, last - first), salt, to);
    first = last;
  }
  return to;
}

void FleetProblem::SpreadOver(std::span<const Row> rows, std::span<const assign::Share> shares, std::string_view salt,
                              Running& to) const {
  const std::size_t width = applications_.size();
  const auto give = [&](Row row, const assign::Share& share) {
    for (std::size_t i = 0; i < share.applications.size(); ++i) {
      const auto application = static_cast<std::size_t>(share.applications[i]);
      if (share.variants[i] == assign::kNone) continue;
      to[row * width + application] =
          static_cast<std::uint16_t>(share.variants[i] - static_cast<std::int32_t>(first_variant_[application]) + 1);
    }
  };
  if (shares.size() == 1) {
    for (const Row row : rows) give(row, shares[0]);
    return;
  }
  std::vector<assign::Member> members(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    members[i].name = fleet_->Name(rows[i]);
    members[i].current.assign(width, assign::kNone);
    for (std::size_t a = 0; a < width; ++a) {
      const std::uint16_t runs = running_[rows[i] * width + a];
      if (runs > 0) members[i].current[a] = static_cast<std::int32_t>(first_variant_[a] + runs) - 1;
    }
  }
  const std::vector<std::int32_t> given = assign::SpreadClass(shares, members, salt);
  for (std::size_t i = 0; i < rows.size(); ++i) give(rows[i], shares[static_cast<std::size_t>(given[i])]);
}

}  // namespace motley
