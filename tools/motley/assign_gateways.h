#pragma once

#include <functional>
#include <istream>
#include <string>

#include "common/base/result.h"
#include "common/fleet/gateway_fields.h"

namespace motley::cli {

/// Takes one gateway of a list. Its errors get the place in the file in front.
using GatewaySink = std::function<Result<void>(const ListedGateway&)>;

/// Reads a list of gateways, line by line, so that its length does not matter: CSV with the names of the fields in the
/// first line, or JSON Lines. `name` is for messages, and says which: it ends with .csv, .jsonl or .ndjson.
/// Errors: kInvalid, beginning with "FILE:LINE: ".
Result<void> ReadGateways(const std::string& name, std::istream& list, const GatewaySink& sink);

}  // namespace motley::cli
