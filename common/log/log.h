#pragma once

#include <spdlog/spdlog.h>

#include <string>

#include "common/base/result.h"

namespace motley {

/// Log lines go to standard error: "2026-01-31T12:00:00.123Z info  message". Colour only on a terminal.
/// `level` is one of "debug", "info", "warning", "error". Errors: kInvalid.
Result<void> StartLog(const std::string& level);

/// `LogInfo("gateway {} is online", id)`: fmt's syntax. Whoever handles an error logs it, once. Any thread.
template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace motley
