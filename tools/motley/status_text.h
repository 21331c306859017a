#pragma once

#include <string>

#include "motley/v1/api.pb.h"
#include "tools/motley/terminal.h"

namespace motley::cli {

/// The fleet in a few lines, then the applications and how diverse they are, then a line for each gateway.
std::string RenderStatus(const v1::FleetStatus& status, const Terminal& terminal);

}  // namespace motley::cli
