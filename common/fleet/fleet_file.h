#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "common/fleet/application.h"
#include "common/fleet/gateway_fields.h"
#include "common/fleet/index.h"
#include "common/fleet/problem.h"
#include "common/release/yaml.h"

namespace motley {

/// A fleet file (docs/fleet-file.md): applications with their variants and rules, and gateways.
struct FleetFile {
  struct GatewaysFile {
    /// As the fleet file has it: relative to it.
    std::string path;
    int line = 0;
  };

  std::vector<FleetApplication> applications;
  std::vector<ListedGateway> gateways;
  std::optional<GatewaysFile> gateways_file;
};

/// Reads a fleet file, strictly. `name` is for messages. Pure: opens nothing. Errors: kInvalid, beginning with
/// "FILE:LINE: ".
Result<FleetFile> ParseFleetFile(const std::string& name, const std::string& text);

/// Puts listed gateways into a fleet that is being built, one at a time.
class FleetLoader {
 public:
  /// `applications` must outlive it.
  explicit FleetLoader(std::span<const FleetApplication> applications);

  /// Errors: kInvalid (no name, a name twice, an application that is not there; as FleetIndex::Upsert).
  Result<void> Add(const ListedGateway& gateway);
  void Reserve(std::size_t gateways) { fleet_.Reserve(gateways); }

  FleetIndex& fleet() { return fleet_; }
  const Running& running() const { return running_; }
  /// What gateways run that is no variant, and counts as nothing; empty: there is no such thing.
  std::string Doubt() const;

 private:
  /// By name, from 1.
  using Variants = std::unordered_map<std::string_view, std::uint16_t>;

  Result<std::size_t> ApplicationOf(const ListedGateway& gateway, const std::string& name) const;

  std::span<const FleetApplication> applications_;
  std::vector<Variants> variants_;
  FleetIndex fleet_;
  Running running_;
  std::size_t strangers_ = 0;
  std::string first_stranger_;
};

}  // namespace motley
