#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/motley/terminal.h"

namespace motley::cli {

/// A solved fleet, in names.
struct AssignedFleet {
  struct Gateway {
    std::string name;
    /// By application; empty for none. `runs` is what it ran before.
    std::vector<std::string> gets;
    std::vector<std::string> runs;
  };

  std::vector<std::string> applications;
  std::vector<Gateway> gateways;
  std::vector<std::pair<std::string, std::int64_t>> costs_by_rule;
  /// By application.
  std::vector<std::int64_t> unassigned;
  std::int64_t cost = 0;
  std::int64_t lower_bound = 0;
  bool proven = false;
  std::string solver;
  double seconds = 0;
};

enum class LowerBound { kWhereItDiffers, kAlways };

/// Cost, cost by rule, and who gets what, for people.
std::string RenderAssignment(const AssignedFleet& fleet, LowerBound lower_bound, const Terminal& terminal);

/// One JSON document (docs/fleet-file.md).
std::string AssignmentJson(const AssignedFleet& fleet);

}  // namespace motley::cli
