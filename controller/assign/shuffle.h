#pragma once

#include <vector>

#include "controller/assign/scene.h"

namespace motley::controller {

struct ShuffleMove {
  FleetIndex::Row row;
  /// Place in the release.
  std::size_t variant;
  /// The gateway that it changes places with.
  FleetIndex::Row with;
};

/// Gateways that change places: each runs a variant of a balance rule, and nothing but that tells the two apart, so
/// that every rule holds as before. By name. Errors: kInvalid (no balance rule, or room for less than two moves).
Result<std::vector<ShuffleMove>> Shuffle(const Scene& scene, const v1::ShuffleRequest& request);

}  // namespace motley::controller
