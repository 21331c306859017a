#include "tools/motley/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>

#include "common/selector/spelling.h"
#include "tools/motley/session.h"

namespace motley::cli {
namespace {

/// Below all that ExitCode gives.
constexpr int kAnswerNo = 1;

constexpr char kExamples[] =
    "Examples:\n"
    "  motley gateway add gw-1 --tag region=eu\n"
    "  motley release push blinky.yaml --approve --wait\n"
    "  motley status --watch\n\n"
    "On the controller's machine no option is needed: address and token are read from its state folder.\n"
    "Exit codes: 0 done, 1 the answer is no (not valid), 2 wrong input, 3 not found, 4 conflict, 5 unavailable\n"
    "or failed, 6 timeout, 7 corrupt, 8 denied, 9 internal.\n";

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  LocationOptions& location = options.location;
  app.add_option("--controller", location.controller,
                 "Address of the controller, http://HOST:PORT or https://HOST:PORT")
      ->envname("MOTLEY_CONTROLLER");
  app.add_option("--token-file", location.token_file, "File with the controller's token")->envname("MOTLEY_TOKEN_FILE");
  app.add_option("--ca-file", location.ca_file,
                 "Certificates (PEM) that vouch for the controller; default: the system's")
      ->envname("MOTLEY_CA_FILE");
  app.add_option("--state", location.state, "State folder of a controller on this machine, for its address and token")
      ->envname("MOTLEY_STATE");
  app.add_flag("--json", options.json, "Print answers as JSON");
  app.add_flag("--no-color", options.no_color, "No colour; NO_COLOR in the environment does the same");
}

// Each line of the message with the program in front, so that each is found by grep and none is taken for output.
int Fail(const Error& error) {
  std::string_view rest = error.message;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string line = Printable(rest.substr(0, end));
    std::fprintf(stderr, "motley: error: %s\n", line.c_str());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return ExitCode(error.code);
}

// A word where a command is expected is not known to CLI11 as such: it only says that a command is missing.
std::string ProblemOf(const CLI::App& app, const CLI::App& command, const CLI::ParseError& error) {
  const auto commands = command.get_subcommands([](const CLI::App*) { return true; });
  const auto words = app.remaining(true);
  if (commands.empty() || words.empty() || words.front().starts_with("-")) return error.what();
  std::vector<std::string_view> names;
  for (const CLI::App* known : commands) names.push_back(known->get_name());
  return "unknown command \"" + words.front() + "\"" + DidYouMean(words.front(), names);
}

// CLI11 speaks in exceptions: help and version arrive as such too, with exit code 0.
int Explain(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const CLI::App* command = &app;
  std::string name = "motley";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  return Fail(Error{Code::kInvalid, ProblemOf(app, *command, error) + "; see " + name + " --help"});
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  GlobalOptions options;
  Action chosen;
  CLI::App app("Deploys software to edge gateways and the microcontrollers behind them.", "motley");
  app.set_version_flag("--version", std::string("motley ") + MOTLEY_VERSION);
  app.footer(kExamples);
  app.fallthrough();
  app.require_subcommand(1);
  AddGlobalOptions(app, options);
  AddGatewayCommands(app, chosen);
  AddDeviceCommands(app, chosen);
  AddArtifactCommands(app, chosen);
  AddReleaseCommands(app, chosen);
  AddTemplateCommands(app, chosen);
  AddVariantCommands(app, chosen);
  AddModelCommands(app, chosen);
  AddPlanCommands(app, chosen);
  AddSecretCommands(app, chosen);
  AddObserveCommands(app, chosen);
  AddAssignCommand(app, chosen);
  AddCompletionCommand(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Explain(app, error);
  }
  Session session(options);
  const Result<void> done = chosen(session);
  session.terminal().ClearProgress();
  if (!done) return Fail(done.error());
  return session.answered_no() ? kAnswerNo : 0;
}

}  // namespace motley::cli
