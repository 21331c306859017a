#include "controller/daemon/config.h"

#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "common/files/files.h"

namespace motley::controller {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 1024 * 1024;
constexpr std::uint64_t kMaxPasswordBytes = 4096;

/// What options hold before they are understood.
struct Words {
  std::string config_file;
  std::string listen = "127.0.0.1:8470";
  std::string broker_password_file;
  std::int64_t retention_hours = 7 * 24;
  std::int64_t housekeeping_hours = 24;
  std::int64_t artifact_grace_hours = 7 * 24;
  std::int64_t plan_retention_hours = 90 * 24;
};

constexpr std::int64_t kMaxHours = 10 * 366 * 24;

CLI::Option* AddHours(CLI::App& app, const std::string& name, std::int64_t& hours, std::int64_t min_hours,
                      const std::string& help) {
  return app.add_option(name, hours, help)
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, std::int64_t>{{"h", 1}, {"d", 24}},
                                        CLI::AsNumberWithUnit::UNIT_REQUIRED))
      ->check(CLI::Range(min_hours, kMaxHours));
}

/// What the controller deletes by itself.
void AddRetentionOptions(CLI::App& app, Config& config, Words& words) {
  AddHours(app, "--telemetry-retention", words.retention_hours, 1, "How long telemetry is kept: 12h, 7d")
      ->default_str("7d");
  AddHours(app, "--housekeeping-every", words.housekeeping_hours, 0,
           "How often what follows is done; 0h: never, and artifacts only by `motley artifact gc`")
      ->default_str("1d");
  AddHours(app, "--plan-retention", words.plan_retention_hours, 1,
           "How long plans are kept that were enacted or rejected and are not in force any more")
      ->default_str("90d");
  app.add_option("--plans-kept", config.plans_kept, "At most so many such plans of an application, whatever their age")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{1'000'000}))
      ->capture_default_str();
  app.add_option(
         "--releases-kept", config.releases_kept,
         "Of each application so many of the newest releases; older ones that nobody needs are deleted; 0: none "
         "is")
      ->check(CLI::Range(std::uint32_t{0}, std::uint32_t{1'000'000}))
      ->capture_default_str();
  AddHours(app, "--artifact-grace", words.artifact_grace_hours, 1,
           "How long artifacts are kept that nothing refers to, since they were last pushed or asked for")
      ->default_str("7d");
}

std::string DefaultStateFolder() {
  // Root without a writable /var/lib (a read-only system, a sandbox) is like anybody else.
  if (geteuid() == 0 && access("/var/lib", W_OK) == 0) return "/var/lib/motley-controller";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return std::string(state) + "/motley-controller";
  }
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : ".") + "/.local/state/motley-controller";
}

void AddOptions(CLI::App& app, Config& config, Words& words) {
  app.set_version_flag("--version", std::string("motley-controller ") + MOTLEY_VERSION);
  app.add_option("--config", words.config_file, "YAML file with these options as keys; flags win over it");
  app.add_option("--state", config.state_folder, "Folder for all that the controller keeps")->capture_default_str();
  app.add_option("--listen", words.listen, "HOST:PORT of the REST interface; port 0 for any")->capture_default_str();
  app.add_option("--tls-certificate", config.certificate_file, "Certificate chain (PEM); needed beyond loopback");
  app.add_option("--tls-key", config.key_file, "Private key (PEM) of the certificate");
  app.add_option("--broker", config.broker_url, "MQTT broker: mqtt://HOST:PORT, or mqtts:// beyond loopback")
      ->capture_default_str();
  app.add_option("--broker-user", config.broker_user, "User name at the broker");
  app.add_option("--broker-password-file", words.broker_password_file, "File that holds the password at the broker");
  app.add_option("--broker-ca", config.broker_ca_file, "Certificates (PEM) that vouch for the broker");
  app.add_option("--public-broker", config.public_broker_url, "The broker's address for agents (default: --broker)");
  app.add_option("--fleet", config.fleet, "Name of the fleet, a part of the MQTT topics")->capture_default_str();
  AddRetentionOptions(app, config, words);
  app.add_option("--artifact-limit", config.artifact_limit_bytes, "Size of the largest artifact: 500MiB, 2GiB")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
      ->default_str("2GiB");
  app.add_option("--log-level", config.log_level, "debug, info, warning or error")->capture_default_str();
  app.footer(
      "Examples:\n"
      "  motley-controller\n"
      "  motley-controller --listen 0.0.0.0:8470 --tls-certificate cert.pem --tls-key key.pem\n"
      "  motley-controller --config /etc/motley/controller.yaml");
}

/// Gives the options that no flag has set the values of the file.
Result<void> ApplyFile(CLI::App& app, const std::string& file, const std::string& content) {
  const auto place = [&](const YAML::Mark& mark) { return fmt::format("{}:{}", file, mark.line + 1); };
  try {
    const YAML::Node root = YAML::Load(content);
    if (root.IsNull()) return {};
    if (!root.IsMap()) return Error{Code::kInvalid, fmt::format("{} is not a map of options: write NAME: VALUE", file)};
    std::map<std::string, int> lines;
    for (const auto& item : root) {
      const std::string key = item.first.as<std::string>();
      const std::string at = place(item.first.Mark());
      CLI::Option* option = app.get_option_no_throw("--" + key);
      if (option == nullptr || key == "config" || key == "help" || key == "version") {
        return Error{Code::kInvalid,
                     fmt::format("{}: unknown option \"{}\" (motley-controller --help lists what there is)", at, key)};
      }
      const auto [first, is_new] = lines.emplace(key, item.first.Mark().line + 1);
      if (!is_new)
        return Error{Code::kInvalid, fmt::format("{}: \"{}\" is in line {} already", at, key, first->second)};
      if (!item.second.IsScalar()) return Error{Code::kInvalid, fmt::format("{}: \"{}\" takes one value", at, key)};
      if (option->count() > 0) continue;
      try {
        option->add_result(item.second.as<std::string>());
        option->run_callback();
      } catch (const CLI::ParseError& problem) {
        return Error{Code::kInvalid, fmt::format("{}: {}", at, problem.what())};
      }
    }
  } catch (const YAML::Exception& problem) {
    return Error{Code::kInvalid, fmt::format("{}: {}", place(problem.mark), problem.msg)};
  }
  return {};
}

/// "127.0.0.1:8470", "[::1]:8470", "localhost:0".
Result<void> ParseListen(const std::string& listen, Config& config) {
  const auto colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), config.listen_port);
  if (host.empty() || port.empty() || problem != std::errc() || end != port.data() + port.size()) {
    return Error{Code::kInvalid, fmt::format("--listen \"{}\" is not HOST:PORT, like 127.0.0.1:8470", listen)};
  }
  config.listen_address = host;
  return {};
}

bool ConsistsOf(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// The host of "mqtt://HOST:PORT" or "mqtts://HOST:PORT".
std::optional<std::string> BrokerHost(std::string_view url) {
  const std::string_view scheme = url.starts_with("mqtts://") ? "mqtts://" : "mqtt://";
  const auto colon = url.rfind(':');
  if (!url.starts_with(scheme) || colon < scheme.size()) return std::nullopt;
  const std::string_view host = url.substr(scheme.size(), colon - scheme.size());
  const std::string_view port = url.substr(colon + 1);
  std::uint16_t number = 0;
  if (!ConsistsOf(port, "0123456789")) return std::nullopt;
  if (std::from_chars(port.data(), port.data() + port.size(), number).ec != std::errc()) return std::nullopt;
  const bool literal = host.starts_with('[') && host.ends_with(']');
  const bool fits = literal ? ConsistsOf(host.substr(1, host.size() - 2), "0123456789abcdefABCDEF:")
                            : ConsistsOf(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");
  return fits ? std::optional(std::string(host)) : std::nullopt;
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") && ConsistsOf(host, "0123456789.");
}

bool IsFleetName(std::string_view name) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return name.size() <= 63 && ConsistsOf(name, kCharacters) &&
         std::string_view("._-").find(name[0]) == std::string_view::npos;
}

Result<void> CheckBroker(std::string_view option, const std::string& url) {
  if (BrokerHost(url)) return {};
  return Error{Code::kInvalid, fmt::format("{} \"{}\" is not a broker's address: write mqtt://HOST:PORT or "
                                           "mqtts://HOST:PORT",
                                           option, url)};
}

/// What must not go over a network in the clear.
Result<void> CheckBrokerIsSafe(const Config& config) {
  const std::string& url = config.broker_url;
  const bool secure = url.starts_with("mqtts:");
  if (!secure && !config.broker_ca_file.empty()) {
    return Error{Code::kInvalid, fmt::format("--broker-ca is of use with mqtts:// only, not with {}", url)};
  }
  if (IsLoopback(BrokerHost(url).value_or(""))) return {};
  if (!secure) {
    return Error{Code::kInvalid,
                 fmt::format("refusing to use {} over a network without TLS: anybody there could deploy "
                             "software. Use mqtts://, or a broker on 127.0.0.1",
                             url)};
  }
  if (config.broker_user.empty() || config.broker_password.empty()) {
    return Error{Code::kInvalid,
                 fmt::format("refusing to use {} without credentials: anybody could deploy software. Give "
                             "--broker-user and --broker-password-file",
                             url)};
  }
  return {};
}

Result<void> Understand(const Words& words, Config& config) {
  TRY(ParseListen(words.listen, config));
  TRY(CheckBroker("--broker", config.broker_url));
  if (config.public_broker_url.empty()) config.public_broker_url = config.broker_url;
  TRY(CheckBroker("--public-broker", config.public_broker_url));
  if (!words.broker_password_file.empty()) {
    TRY_ASSIGN(config.broker_password, ReadFile(words.broker_password_file, kMaxPasswordBytes));
    config.broker_password.resize(
        std::min(config.broker_password.find_first_of("\r\n"), config.broker_password.size()));
  }
  TRY(CheckBrokerIsSafe(config));
  if (!IsFleetName(config.fleet)) {
    return Error{Code::kInvalid,
                 fmt::format("--fleet \"{}\" is not a name: 1 to 63 of a-z 0-9 . _ -, the first a letter "
                             "or digit",
                             config.fleet)};
  }
  if (config.state_folder.empty()) return Error{Code::kInvalid, "--state is empty: name a folder"};
  config.telemetry_retention = std::chrono::hours(words.retention_hours);
  config.housekeeping_every = std::chrono::hours(words.housekeeping_hours);
  config.artifact_grace = std::chrono::hours(words.artifact_grace_hours);
  config.plan_retention = std::chrono::hours(words.plan_retention_hours);
  config.state_folder = std::filesystem::absolute(config.state_folder).lexically_normal().string();
  while (config.state_folder.size() > 1 && config.state_folder.back() == '/') config.state_folder.pop_back();
  return {};
}

}  // namespace

std::optional<Config> ReadConfig(int argc, const char* const* argv, int* exit_code) {
  Config config;
  config.state_folder = DefaultStateFolder();
  Words words;
  CLI::App app("Keeps the catalogue and the fleet, plans who runs what, and sends it out.");
  AddOptions(app, config, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    *exit_code = app.exit(problem) == 0 ? 0 : ExitCode(Code::kInvalid);
    return std::nullopt;
  }
  const auto read = [&]() -> Result<void> {
    if (!words.config_file.empty()) {
      TRY_ASSIGN(const std::string content, ReadFile(words.config_file, kMaxConfigBytes));
      TRY(ApplyFile(app, words.config_file, content));
    }
    return Understand(words, config);
  };
  if (const auto done = read(); !done) {
    fmt::print(stderr, "motley-controller: error: {}\n", done.error().message);
    *exit_code = ExitCode(done.error().code);
    return std::nullopt;
  }
  return config;
}

}  // namespace motley::controller
