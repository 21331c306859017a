#pragma once

#include <functional>
#include <string>

#include "common/base/result.h"
#include "common/mqtt/link.h"
#include "common/mqtt/topics.h"

namespace motley::controller {

/// Publishes on a channel of a gateway. Errors: kUnavailable.
using Send =
    std::function<Result<void>(const std::string& gateway, Channel channel, std::string payload, Retain retain)>;

}  // namespace motley::controller
