#include "tools/swarm/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tools/swarm/orders.h"

namespace motley::swarm {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  motley-swarm --gateways 200 --seed 7 --control /tmp/swarm\n"
    "  motley-swarm tell /tmp/swarm context gw-007 memory_mb=512\n"
    "  motley-swarm --gateways 1000 --deploy-time 5 --fail-percent 2 --telemetry-interval 10\n"
    "  motley-swarm --fleet fleet.yaml\n\n"
    "The gateways are as real to the controller as any other: tell the swarm a controller that is there for tests.\n"
    "Orders are taken on the socket and on standard input, one a line:\n\n";

constexpr double kLongestSeconds = 86'400;

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(seconds * 1000));
}

void AddLocation(CLI::App& app, Options& options) {
  app.add_option("--controller", options.location.controller, "Address of the controller, http://HOST:PORT")
      ->envname("MOTLEY_CONTROLLER");
  app.add_option("--token-file", options.location.token_file, "File with the controller's token")
      ->envname("MOTLEY_TOKEN_FILE");
  app.add_option("--ca-file", options.location.ca_file, "Certificates (PEM) that vouch for controller and broker")
      ->envname("MOTLEY_CA_FILE");
  app.add_option("--state", options.location.state,
                 "State folder of a controller on this machine, for its address and token")
      ->envname("MOTLEY_STATE");
  app.add_option("--broker", options.broker_url, "Broker, mqtt://HOST:PORT; default: as the controller says");
}

void AddFleet(CLI::App& app, Options& options) {
  app.add_option("--gateways", options.gateways, "How many the generator makes")
      ->check(CLI::Range(std::uint32_t{0}, kMostGateways));
  app.add_option("--seed", options.behaviour.seed, "What the generator and all chance depend on; default 0");
  app.add_option("--prefix", options.prefix, "What the generator's names begin with; default gw-");
  app.add_option("--fleet", options.fleet_file, "A fleet file, or a list .csv, .jsonl or .ndjson: the first gateways");
  app.add_flag_callback(
      "--take-over", [&options] { options.existing = Existing::kTakeOver; },
      "Enrol gateways anew that the controller has already: those of an earlier swarm");
}

}  // namespace

std::optional<CommandLine> ReadCommandLine(int argc, char** argv, int* exit_code) {
  CommandLine line;
  Options& options = line.swarm;
  double deploy_seconds = 0;
  double telemetry_seconds = 0;
  std::vector<std::string> words;
  CLI::App app("Many simulated gateways in one process, for load tests and for trying out rules.", "motley-swarm");
  app.set_version_flag("--version", std::string("motley-swarm ") + MOTLEY_VERSION);
  app.footer(kExamples + std::string(OrderHelp()) + "\n");
  AddLocation(app, options);
  AddFleet(app, options);
  app.add_option("--deploy-time", deploy_seconds, "Seconds that a deployment takes on average; default 0")
      ->check(CLI::Range(0.0, kLongestSeconds));
  app.add_option("--fail-percent", options.behaviour.fail_percent, "Gateways that fail whatever they are to run")
      ->check(CLI::Range(0, 100));
  app.add_option("--fail", options.failing, "Names of gateways that fail")->delimiter(',');
  app.add_option("--telemetry-interval", telemetry_seconds, "Seconds between batches; default 0: none is sent")
      ->check(CLI::Range(0.0, kLongestSeconds));
  app.add_option("--samples", options.behaviour.samples_per_batch, "Samples in a batch; default 6")
      ->check(CLI::Range(1, 1000));
  app.add_option("--control", options.control_socket, "Unix socket for orders");
  app.add_option("--log", options.log_level, "debug, info, warning (default) or error");
  CLI::App* tell = app.add_subcommand("tell", "Give an order to a swarm that runs");
  tell->prefix_command();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      *exit_code = app.exit(error);
    } else {
      std::fprintf(stderr, "motley-swarm: error: %s; see motley-swarm --help\n", error.what());
      *exit_code = ExitCode(Code::kInvalid);
    }
    return std::nullopt;
  }
  options.behaviour.deploy_time = Milliseconds(deploy_seconds);
  options.behaviour.telemetry_interval = Milliseconds(telemetry_seconds);
  options.behaviour.ca_file = options.location.ca_file;
  if (!tell->parsed()) return line;
  words = tell->remaining();
  if (words.size() < 2) {
    std::fprintf(stderr, "motley-swarm: error: tell whom what? Write: motley-swarm tell SOCKET ORDER...\n");
    *exit_code = ExitCode(Code::kInvalid);
    return std::nullopt;
  }
  options.control_socket = words[0];
  line.order.emplace();
  for (std::size_t i = 1; i < words.size(); ++i) *line.order += (i > 1 ? " " : "") + words[i];
  return line;
}

}  // namespace motley::swarm
