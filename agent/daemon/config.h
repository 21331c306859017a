#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// How an agent was told to run.
struct Config {
  std::string state_folder;
  /// Only for the first start.
  std::string controller_url;
  std::string token;
  /// Instead of what the controller says.
  std::string broker_url;
  std::string ca_file;
  /// Facts that are set by hand: "memory_mb" -> "256".
  std::map<std::string, std::string> context;
  std::chrono::milliseconds telemetry_interval{10'000};
  std::chrono::milliseconds drift_interval{10'000};
  std::uint64_t queue_bytes = 16 * 1024 * 1024;
  /// Kept free for the journal, so that a full disk stops no deployment half-way; 0: none.
  std::uint64_t reserve_bytes = 16 * 1024 * 1024;
  /// Socket of the gateway's container engine. Empty: the usual one of Docker, else of Podman.
  std::string container_engine;
  /// Of users' files of types of boards; need not be there. <state>/boards unless it was given.
  std::string boards_folder;
  std::string log_level = "info";
  /// Set: do not run, but list the types of boards, after checking a file of them where one is named.
  struct Boards {
    std::string check_file;
  };
  std::optional<Boards> boards;
};

/// Reads flags, and the file that --config names. Nothing when the program is to end with `*exit_code`: --help,
/// --version, or a wrong flag, which has been said on standard error.
std::optional<Config> ReadConfig(int argc, char** argv, int* exit_code);

}  // namespace motley::agent
