#pragma once

#include "tools/motley/session.h"

namespace motley::cli {

/// Adds to `motley plan` what makes plans: propose, preview, safe-mode, shuffle.
void AddPlanProposals(CLI::App& group, Action& chosen);

}  // namespace motley::cli
