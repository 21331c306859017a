#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace motley::swarm {

/// What a person or a test tells a running swarm.
struct Order {
  enum class Verb { kContext, kLeave, kJoin, kOffline, kOnline, kFail, kHeal, kShow, kStat, kHelp };
  Verb verb = Verb::kStat;
  /// Of gateways; "all" stands for every one.
  std::vector<std::string> gateways;
  /// NAME=VALUE.
  std::vector<std::string> changes;
  /// How many are to join.
  std::uint32_t count = 0;
};

/// A join of more is a typing mistake: a process can not have as many connections.
inline constexpr std::uint32_t kMostGateways = 19'000;

/// Reads one line. Errors: kInvalid.
Result<Order> ParseOrder(std::string_view line);

/// One line for each order.
std::string_view OrderHelp();

}  // namespace motley::swarm
