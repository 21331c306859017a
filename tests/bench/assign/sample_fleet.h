#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/fleet/application.h"
#include "common/selector/attributes.h"

namespace motley::bench {

/// A fleet with 2,000 contexts (50 kinds of machines at 40 sites) and 20 attributes a gateway, some of which no rule
/// reads, and one application with 100 variants for it. The same number is always the same gateway.
class SampleFleet {
 public:
  static constexpr std::uint32_t kMachines = 50;
  static constexpr std::uint32_t kSites = 40;
  static constexpr std::uint32_t kVariants = 100;

  /// Fills `gateway`, which is reused so that only the index is measured.
  static void Gateway(std::uint32_t number, std::uint32_t context, Attributes& gateway);
  /// The context that gateway `number` has at first.
  static std::uint32_t ContextOf(std::uint32_t number);

  /// `more_rules`: lines of YAML behind its own rules.
  static FleetApplication Application(const std::string& more_rules = {});
};

}  // namespace motley::bench
