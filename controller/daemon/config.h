#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"

namespace motley::controller {

/// How a controller was told to run.
struct Config {
  /// Absolute.
  std::string state_folder;
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 8470;
  std::string certificate_file;
  std::string key_file;

  std::string broker_url = "mqtt://127.0.0.1:1883";
  std::string broker_user;
  std::string broker_password;
  std::string broker_ca_file;
  /// Told to agents.
  std::string public_broker_url;

  std::string fleet = "default";
  std::chrono::hours telemetry_retention{7 * 24};
  std::uint64_t artifact_limit_bytes = std::uint64_t{2} * 1024 * 1024 * 1024;
  std::chrono::hours housekeeping_every{24};
  std::chrono::hours artifact_grace{7 * 24};
  /// Of each application, though nobody needs them; 0: all.
  std::uint32_t releases_kept = 0;
  std::chrono::hours plan_retention{90 * 24};
  /// Of each application.
  std::uint32_t plans_kept = 1000;
  std::string log_level = "info";
};

/// Reads flags, and the YAML file that --config names; a flag wins over the file. Nothing when the program is to end
/// with `*exit_code`: --help, --version, or something wrong, which has been said on standard error.
std::optional<Config> ReadConfig(int argc, const char* const* argv, int* exit_code);

}  // namespace motley::controller
