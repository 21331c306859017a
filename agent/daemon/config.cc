#include "agent/daemon/config.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>

#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kMaxTokenBytes = 1024;

std::string DefaultStateFolder() {
  if (geteuid() == 0) return "/var/lib/motley-agent";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return std::string(state) + "/motley-agent";
  }
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : ".") + "/.local/state/motley-agent";
}

std::string CheckFact(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) return "\"" + text + "\" is not of the form NAME=VALUE";
  return "";
}

}  // namespace

std::optional<Config> ReadConfig(int argc, char** argv, int* exit_code) {
  Config config;
  config.state_folder = DefaultStateFolder();
  std::string token_file;
  std::vector<std::string> facts;
  std::int64_t telemetry_ms = config.telemetry_interval.count();
  std::int64_t drift_ms = config.drift_interval.count();

  CLI::App app("Runs on an edge gateway: makes it run what its controller wants, and says what it does run.");
  app.set_version_flag("--version", std::string("motley-agent ") + MOTLEY_VERSION);
  app.set_config("--config", "", "File with these options as NAME=VALUE lines");
  app.add_option("--state", config.state_folder, "Folder for all that the agent keeps")->capture_default_str();
  app.add_option("--controller", config.controller_url,
                 "Address of the controller, http://HOST:PORT; for the first start");
  app.add_option("--token", config.token, "Enrolment token from `motley gateway add`; for the first start")
      ->envname("MOTLEY_TOKEN");
  app.add_option("--token-file", token_file, "File that holds the enrolment token")->excludes("--token");
  app.add_option("--broker", config.broker_url,
                 "Address of the broker, mqtt://HOST:PORT, instead of what the controller says");
  app.add_option("--ca-file", config.ca_file, "Certificates (PEM) that vouch for controller and broker");
  app.add_option("--context", facts, "A fact about this gateway set by hand, NAME=VALUE; may be given more than once")
      ->check(CheckFact);
  app.add_option("--telemetry-interval-ms", telemetry_ms, "Time from one sample to the next")
      ->check(CLI::Range(100, 3'600'000))
      ->capture_default_str();
  app.add_option("--drift-interval-ms", drift_ms, "Time from one look at what runs to the next")
      ->check(CLI::Range(100, 3'600'000))
      ->capture_default_str();
  app.add_option("--queue-bytes", config.queue_bytes,
                 "Telemetry kept while the controller is away; then the oldest goes")
      ->check(CLI::Range(65'536, 1'073'741'824))
      ->capture_default_str();
  app.add_option("--reserve-bytes", config.reserve_bytes, "Room on the disk that is kept free for the journal; 0: none")
      ->check(CLI::Range(0, 1'073'741'824))
      ->capture_default_str();
  app.add_option("--container-engine", config.container_engine,
                 "Socket of the container engine; default: that of Docker, else of Podman");
  app.add_option("--boards", config.boards_folder,
                 "Folder with files *.yaml of types of boards; default: boards in the state folder");
  app.add_option("--log-level", config.log_level, "debug, info, warning or error")->capture_default_str();
  std::string check_file;
  CLI::App* boards = app.add_subcommand("boards", "List the types of boards that are known, and end");
  boards->add_option("--check", check_file, "Check this file of types of boards, and list what it adds");
  app.footer(
      "First start:  motley-agent --controller http://controller:8470 --token 3f9c...\nLater:        motley-agent");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    *exit_code = code == 0 ? 0 : ExitCode(Code::kInvalid);
    return std::nullopt;
  }
  if (!token_file.empty()) {
    auto token = ReadFile(token_file, kMaxTokenBytes);
    if (!token) {
      std::fprintf(stderr, "motley-agent: error: token file: %s\n", token.error().message.c_str());
      *exit_code = ExitCode(token.error().code);
      return std::nullopt;
    }
    config.token = token->substr(0, token->find_first_of(" \r\n"));
  }
  for (const std::string& fact : facts) {
    const auto equals = fact.find('=');
    config.context[fact.substr(0, equals)] = fact.substr(equals + 1);
  }
  if (boards->parsed()) config.boards = {check_file};
  config.telemetry_interval = std::chrono::milliseconds(telemetry_ms);
  config.drift_interval = std::chrono::milliseconds(drift_ms);
  config.state_folder = std::filesystem::absolute(config.state_folder).lexically_normal().string();
  while (config.state_folder.size() > 1 && config.state_folder.back() == '/') config.state_folder.pop_back();
  if (config.boards_folder.empty()) config.boards_folder = config.state_folder + "/boards";
  return config;
}

}  // namespace motley::agent
