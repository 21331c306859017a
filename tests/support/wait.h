#pragma once

#include <chrono>
#include <functional>

#include "common/loop/loop.h"

namespace motley::tests {

/// Waits until `condition` holds, looking every few milliseconds; false when it never does within `patience`.
bool WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds patience = std::chrono::seconds(10));

/// The same, running `loop` meanwhile.
bool RunUntil(EventLoop& loop, const std::function<bool()>& condition,
              std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace motley::tests
