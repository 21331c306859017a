#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// Whether somebody takes TCP connections at `address`, a name or an IP address. Tries all that a name stands for.
/// Blocks; looking up a name may take longer than `timeout`.
/// Errors: kUnavailable (refused, unreachable, no such name), kTimeout.
Result<void> TryToConnect(const std::string& address, std::uint32_t port, std::chrono::milliseconds timeout);

}  // namespace motley::agent
