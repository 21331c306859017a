#include "common/assign/spread.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "common/assign/random_order.h"
#include "common/assign/transport.h"
#include "common/base/result.h"

namespace motley::assign {
namespace {

/// Indices of members in the order that decides.
std::vector<std::int32_t> Order(std::span<const Member> members, std::string_view salt) {
  std::vector<std::int32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::uint64_t> digests;
  if (!salt.empty()) {
    for (const Member& member : members) digests.push_back(RandomOrder(salt, member.name));
  }
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    if (!digests.empty() && digests[a] != digests[b]) return digests[a] < digests[b];
    return members[a].name < members[b].name;
  });
  return order;
}

/// What runs now of the share's applications.
std::vector<std::int32_t> CurrentOf(const Share& share, const Member& member) {
  std::vector<std::int32_t> current;
  for (const std::int32_t application : share.applications) {
    const auto index = static_cast<std::size_t>(application);
    current.push_back(index < member.current.size() ? member.current[index] : kNone);
  }
  return current;
}

std::int64_t Moves(const std::vector<std::int32_t>& current, const Share& share) {
  std::int64_t moves = 0;
  for (std::size_t i = 0; i < current.size(); ++i) moves += current[i] == share.variants[i] ? 0 : 1;
  return moves;
}

}  // namespace

std::vector<std::int32_t> SpreadClass(std::span<const Share> shares, std::span<const Member> members,
                                      std::string_view salt) {
  std::vector<std::int32_t> spread(members.size(), 0);
  if (members.empty()) return spread;
  CHECK(!shares.empty());
  // Members that run the same now are alike; a small transport problem says how many of each kind get which share.
  std::map<std::vector<std::int32_t>, std::vector<std::int32_t>> kinds;
  for (const std::int32_t index : Order(members, salt)) {
    kinds[CurrentOf(shares[0], members[index])].push_back(index);
  }
  Transport transport;
  for (const Share& share : shares) transport.demands.push_back(share.gateways);
  for (const auto& [current, indices] : kinds) {
    transport.supplies.push_back(static_cast<std::int64_t>(indices.size()));
    for (const Share& share : shares) transport.costs.push_back(Moves(current, share));
  }
  const std::vector<std::int64_t> amounts = SolveTransport(transport);
  std::size_t cell = 0;
  for (const auto& [current, indices] : kinds) {
    auto next = indices.begin();
    for (std::size_t share = 0; share < shares.size(); ++share) {
      for (std::int64_t i = 0; i < amounts[cell]; ++i) spread[*next++] = static_cast<std::int32_t>(share);
      ++cell;
    }
  }
  return spread;
}

}  // namespace motley::assign
