#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/fleet/rules.h"
#include "common/selector/selector.h"

namespace motley {

/// What one gateway gives up to a variant. Nothing is shared where it is 0 or not there.
struct Demands {
  std::uint64_t memory_mb = 0;
  std::uint64_t disk_mb = 0;
  /// Types of boards, and how many of each.
  std::map<std::string, std::uint32_t> boards;
  /// Ports of the gateway.
  std::set<std::uint16_t> ports;
};

/// A variant as far as the assignment sees it.
struct FleetVariant {
  std::string name;
  Selector when;
  /// A gateway that runs a variant pays how much less this is than the most preferred one that it could run.
  std::int64_t prefer = 0;
  Demands demands;
};

/// One application with all that decides who runs which of its variants.
struct FleetApplication {
  std::string name;
  std::int64_t priority = 1;
  std::vector<FleetVariant> variants;
  std::vector<FleetRule> rules;
};

}  // namespace motley
