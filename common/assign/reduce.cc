#include "common/assign/reduce.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "common/base/result.h"

namespace motley::assign {
namespace {

/// The tallies that a band looks at.
std::vector<bool> BandedTallies(const Model& model) {
  std::vector<bool> banded(model.tallies.size(), false);
  for (const Penalty& penalty : model.penalties) {
    for (const Band& band : penalty.bands) banded[band.tally] = true;
  }
  return banded;
}

/// By column: equal numbers for columns that are in the same ones of these tallies.
std::vector<std::int32_t> MembershipsOf(const Model& model, const std::vector<bool>& tallies) {
  std::vector<std::int32_t> memberships(model.columns.size(), 0);
  std::int32_t last = 0;
  for (std::size_t i = 0; i < model.tallies.size(); ++i) {
    if (!tallies[i]) continue;
    // What was alike so far and is in this one too stays alike.
    std::unordered_map<std::int32_t, std::int32_t> next;
    for (const std::int32_t column : model.tallies[i].columns) {
      const auto [found, fresh] = next.try_emplace(memberships[column], last + 1);
      if (fresh) ++last;
      memberships[column] = found->second;
    }
  }
  return memberships;
}

/// A column that stays.
struct Kept {
  std::int32_t membership = 0;
  /// Above the supply's cheapest.
  std::int64_t cost = 0;
  std::int32_t column = 0;
};

/// By membership; the first of the cheapest of each.
std::vector<Kept> KeptOf(const Model& model, const Supply& supply, const std::vector<std::int32_t>& memberships) {
  std::vector<Kept> kept;
  for (std::int32_t i = supply.first_column; i < supply.last_column; ++i) {
    kept.push_back({memberships[i], model.columns[i].cost, i});
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) {
    return std::tie(a.membership, a.cost, a.column) < std::tie(b.membership, b.cost, b.column);
  });
  const auto same = [](const Kept& a, const Kept& b) { return a.membership == b.membership; };
  kept.erase(std::unique(kept.begin(), kept.end(), same), kept.end());
  return kept;
}

}  // namespace

Reduction::Reduction(const Model& model) : whole_columns_(model.columns.size()) {
  CHECK(model.requirements.empty());
  const std::vector<bool> banded = BandedTallies(model);
  const std::vector<std::int32_t> memberships = MembershipsOf(model, banded);
  reduced_.constant = model.constant;
  reduced_.impossible = model.impossible;
  reduced_.penalties = model.penalties;
  // By column of the whole model: the one of the reduced model that stands for it where it is the first, or kNone.
  std::vector<std::int32_t> places(model.columns.size(), kNone);
  std::map<std::vector<std::int64_t>, std::int32_t> known;
  for (const Supply& supply : model.supplies) {
    std::vector<Kept> kept = KeptOf(model, supply, memberships);
    std::int64_t least = kept.empty() ? 0 : kept[0].cost;
    for (const Kept& one : kept) least = std::min(least, one.cost);
    reduced_.constant += least * supply.gateways;
    Source source{.gateways = supply.gateways};
    std::vector<std::int64_t> key;
    for (Kept& one : kept) {
      one.cost -= least;
      source.columns.push_back(one.column);
      key.push_back(one.membership);
      key.push_back(one.cost);
    }
    const auto next = static_cast<std::int32_t>(reduced_.supplies.size());
    const auto [found, fresh] = known.try_emplace(std::move(key), next);
    if (fresh) {
      const auto first = static_cast<std::int32_t>(reduced_.columns.size());
      for (const Kept& one : kept) {
        places[one.column] = static_cast<std::int32_t>(reduced_.columns.size());
        reduced_.columns.push_back({next, 0, one.cost});
      }
      reduced_.supplies.push_back(
          {.first_column = first, .last_column = first + static_cast<std::int32_t>(kept.size())});
      sources_.emplace_back();
    }
    reduced_.supplies[found->second].gateways += supply.gateways;
    sources_[found->second].push_back(std::move(source));
  }
  for (std::size_t i = 0; i < model.tallies.size(); ++i) {
    Tally& tally = reduced_.tallies.emplace_back(Tally{.least = model.tallies[i].least, .most = model.tallies[i].most});
    if (!banded[i]) continue;
    for (const std::int32_t column : model.tallies[i].columns) {
      if (places[column] != kNone) tally.columns.push_back(places[column]);
    }
    std::sort(tally.columns.begin(), tally.columns.end());
  }
}

std::vector<std::int64_t> Reduction::Expand(const std::vector<std::int64_t>& gateways) const {
  if (gateways.empty()) return {};
  std::vector<std::int64_t> expanded(whole_columns_, 0);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::int32_t first = reduced_.supplies[i].first_column;
    std::size_t at = 0;
    std::int64_t left = sources_[i][0].columns.empty() ? 0 : gateways[first];
    for (const Source& source : sources_[i]) {
      for (std::int64_t open = source.gateways; open > 0 && at < source.columns.size();) {
        const std::int64_t taken = std::min(open, left);
        expanded[source.columns[at]] += taken;
        open -= taken;
        left -= taken;
        if (left == 0 && ++at < source.columns.size()) left = gateways[first + static_cast<std::int32_t>(at)];
      }
    }
  }
  return expanded;
}

}  // namespace motley::assign
