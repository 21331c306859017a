#pragma once

#include <chrono>
#include <string>

#include "common/base/result.h"

namespace motley {

/// GETs `url` (http or https) and gives the status of the answer, whatever it is; redirections are not followed and the
/// body is not read. Nobody vouches for the server: this asks whether something works, and trusts nothing that it says.
///
/// Blocks for about `timeout`: a later answer counts as none. Any thread.
/// Errors: kInvalid (no URL that can be called), kUnavailable (no connection, no HTTP), kTimeout.
Result<int> AskForStatus(const std::string& url, std::chrono::milliseconds timeout);

}  // namespace motley
