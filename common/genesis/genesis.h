#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "motley/v1/model.pb.h"

namespace motley {

/// What the first deployment of a GeneSIS model does, in numbers.
struct GenesisDeployment {
  int hosts = 0;     ///< Infrastructure and external services, which are only looked at.
  int added = 0;     ///< Components that are put on a host.
  int hosted = 0;    ///< Hostings.
  int links = 0;     ///< Links, without those of deployers.
  int deployer = 0;  ///< Links whose source's host flashes the target's board.
};

/// A GeneSIS model as ours, and what there is to say about it.
struct GenesisImport {
  /// What could be carried over; empty unless `valid`. Sound (CheckModel) except for what `warnings` names.
  v1::DeploymentModel model;
  /// Values by name that stood in the input, for "${secret.NAME}" in the model and for people. Never to be printed.
  std::map<std::string, std::string> secrets;
  /// By the rules of GeneSIS; ours are stricter, and what they add is in `warnings`.
  bool valid = false;
  /// Why it is not valid: one for each thing that is wrong, in the words of GeneSIS.
  std::vector<std::string> errors;
  /// What was not carried over or is to be completed, with what to do.
  std::vector<std::string> warnings;
  /// As the input counts them.
  int components = 0;
  int links = 0;
  int hostings = 0;
  GenesisDeployment first_deployment;
};

/// Whether a text is meant as a GeneSIS model: a JSON object, not YAML.
bool LooksLikeGenesis(std::string_view text);

/// Reads a GeneSIS model in JSON: wrapped as {dm, graph} or bare, or in the dialect of 2018, which is upgraded. At most
/// 8 MiB, 64 levels, 1,000 components and 10,000 links. Pure. docs/genesis.md says what becomes of what.
GenesisImport ImportGenesis(std::string_view text);

}  // namespace motley
