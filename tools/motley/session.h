#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string_view>

#include "common/base/result.h"
#include "tools/motley/controller_api.h"
#include "tools/motley/location.h"
#include "tools/motley/terminal.h"

namespace CLI {
class App;
}

namespace motley::cli {

/// What is common to all commands.
struct GlobalOptions {
  LocationOptions location;
  bool json = false;
  bool no_color = false;
};

/// What a command works with: the controller, found and connected when it is first asked for, and the terminal.
class Session {
 public:
  explicit Session(const GlobalOptions& options);

  /// Errors: those of LocateController and ControllerApi::Connect.
  Result<ControllerApi*> Api();
  bool json() const { return json_; }
  Terminal& terminal() { return terminal_; }

  /// The command was done, and its answer is no: exit code 1, as grep and diff have it.
  void AnswerNo() { answered_no_ = true; }
  bool answered_no() const { return answered_no_; }

  enum class Layout { kIndented, kOneLine };
  /// The message as the REST interface gives it. Errors: kCorrupt (it holds text that is not UTF-8).
  Result<void> PrintJson(const google::protobuf::Message& message, Layout layout = Layout::kIndented);

 private:
  LocationOptions location_;
  bool json_;
  bool answered_no_ = false;
  Terminal terminal_;
  std::unique_ptr<ControllerApi> api_;
};

/// What the words on the command line ask for.
using Action = std::function<Result<void>(Session&)>;

/// Each adds its commands to `app`; the one that is called puts what it does into `chosen`, which outlives `app`.
void AddGatewayCommands(CLI::App& app, Action& chosen);
void AddArtifactCommands(CLI::App& app, Action& chosen);
void AddDeviceCommands(CLI::App& app, Action& chosen);
void AddReleaseCommands(CLI::App& app, Action& chosen);
void AddTemplateCommands(CLI::App& app, Action& chosen);
void AddVariantCommands(CLI::App& app, Action& chosen);
void AddModelCommands(CLI::App& app, Action& chosen);
void AddPlanCommands(CLI::App& app, Action& chosen);
void AddSecretCommands(CLI::App& app, Action& chosen);
/// status, telemetry and logs.
void AddObserveCommands(CLI::App& app, Action& chosen);
/// Needs no controller.
void AddAssignCommand(CLI::App& app, Action& chosen);
void AddCompletionCommand(CLI::App& app, Action& chosen);

}  // namespace motley::cli
