#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/motley/location.h"
#include "tools/swarm/enroller.h"
#include "tools/swarm/gateway.h"

namespace motley::swarm {

struct Options {
  cli::LocationOptions location;
  /// Unless the controller says it rightly, as seen from here.
  std::string broker_url;
  std::uint32_t gateways = 0;
  /// File with the first gateways; empty: the generator makes all.
  std::string fleet_file;
  std::string prefix = "gw-";
  Existing existing = Existing::kRefuse;
  Behaviour behaviour;
  std::vector<std::string> failing;
  std::string control_socket;
  std::string log_level = "warning";
};

/// What the command line asks for: a swarm, or an order to one that runs.
struct CommandLine {
  Options swarm;
  /// Unset: run a swarm.
  std::optional<std::string> order;
};

/// Nothing if there is nothing to do (help, version, wrong options, which are explained): then `exit_code` is set.
std::optional<CommandLine> ReadCommandLine(int argc, char** argv, int* exit_code);

}  // namespace motley::swarm
