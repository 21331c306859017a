#pragma once

#include <string>

#include "motley/v1/api.pb.h"
#include "tools/motley/table.h"

namespace motley::cli {

/// "done", "applying 2/5", "failed: flash board: no answer", "waiting for revision 4": how the desired revision stands.
Cell DeploymentCell(const v1::Deployment& deployment, std::uint64_t desired_revision);

/// Its deployment has ended, well or not, and it is that of `desired_revision`.
bool IsSettled(const v1::Deployment& deployment, std::uint64_t desired_revision);

Cell OnlineCell(bool online);

}  // namespace motley::cli
