#include "common/log/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

namespace motley {

Result<void> StartLog(const std::string& level) {
  spdlog::level::level_enum wanted;
  if (level == "debug") {
    wanted = spdlog::level::debug;
  } else if (level == "info") {
    wanted = spdlog::level::info;
  } else if (level == "warning") {
    wanted = spdlog::level::warn;
  } else if (level == "error") {
    wanted = spdlog::level::err;
  } else {
    return Error{Code::kInvalid, "log level \"" + level + "\" is not known; use debug, info, warning or error"};
  }
  auto logger = spdlog::stderr_color_mt("motley");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v", spdlog::pattern_time_type::utc);
  logger->set_level(wanted);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace motley
