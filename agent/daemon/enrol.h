#pragma once

#include "agent/daemon/config.h"
#include "agent/store/store.h"
#include "common/base/result.h"
#include "motley/v1/fleet.pb.h"

namespace motley::agent {

/// Makes this agent known to the controller with its one-time token. Can be cut off anywhere and done again: the
/// controller gives the same answer to the same `secret`. One attempt; blocks for some seconds; any thread.
/// Errors: kInvalid (no controller or token given), kDenied and kConflict (the token: unknown, expired, used by
/// another), kUnavailable and kTimeout (the controller can not be reached now).
Result<Identity> Enrol(const Config& config, const v1::Context& context, const std::string& secret);

/// Whether trying again later can help.
bool IsTemporary(const Error& error);

}  // namespace motley::agent
