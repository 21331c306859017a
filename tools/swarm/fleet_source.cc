#include "tools/swarm/fleet_source.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "common/files/files.h"
#include "common/fleet/fleet_file.h"
#include "tools/motley/assign_gateways.h"
#include "tools/swarm/machine.h"

namespace motley::swarm {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1024 * 1024;

Result<std::vector<Attributes>> ReadList(const std::string& path) {
  std::ifstream list(path);
  if (!list) return Error{Code::kNotFound, fmt::format("the list of gateways {} can not be opened", path)};
  std::vector<Attributes> machines;
  TRY(cli::ReadGateways(path, list, [&](const ListedGateway& gateway) -> Result<void> {
    if (gateway.attributes.gateway.empty()) return Error{Code::kInvalid, "the gateway has no name"};
    machines.push_back(gateway.attributes);
    return {};
  }));
  return machines;
}

}  // namespace

Result<std::vector<Attributes>> ReadMachines(const std::string& file) {
  if (file.ends_with(".csv") || file.ends_with(".jsonl") || file.ends_with(".ndjson")) return ReadList(file);
  TRY_ASSIGN(const std::string text, ReadFile(file, kMaxFileBytes));
  TRY_ASSIGN(const FleetFile fleet, ParseFleetFile(file, text));
  if (fleet.gateways_file) {
    return ReadList((std::filesystem::path(file).parent_path() / fleet.gateways_file->path).string());
  }
  std::vector<Attributes> machines;
  for (const ListedGateway& gateway : fleet.gateways) machines.push_back(gateway.attributes);
  return machines;
}

Attributes Generator::Next() {
  ++number_;
  return MakeMachine(seed_, number_, fmt::format("{}{:0{}}", prefix_, number_, digits_));
}

}  // namespace motley::swarm
