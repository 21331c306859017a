#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/assign/problem.h"
#include "common/base/result.h"

namespace motley::assign {

/// A fleet in DivEnact's format, as a problem.
struct DivEnactFleet {
  Problem problem;
  /// By class: the names of its gateways, in the order of the file.
  std::vector<std::vector<std::string>> gateways;
};

/// Reads `deployments` (name -> vsn, comm_lvl, compu_lvl, dp_acc, intlmodule) and `devices` (name -> env, network,
/// powersource, dv_acc) from YAML, with DivEnact's rules for what fits and its weights: 200 a gateway without a
/// variant; 50 unless all staging gateways differ; 30 for a development variant that nobody runs; 40 for a preview
/// variant unless exactly P/5+1 of the P production gateways run it; 1 for a variant on no more than 3/4 of an even
/// share.
///
/// Errors: kInvalid (more than 64 MiB, not YAML, a field missing or unknown, with the line).
Result<DivEnactFleet> ReadDivEnact(std::string_view yaml);

}  // namespace motley::assign
