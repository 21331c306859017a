#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fleet/index.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// The gateways of a preview: at random, but the same for the same seed, and with few changes when gateways come or go.
/// Ascending. Errors: kInvalid (no size, more than there are, a selector that is none).
Result<std::vector<FleetIndex::Row>> ChoosePreview(const FleetIndex& fleet, const v1::PreviewRequest& request);

}  // namespace motley::controller
