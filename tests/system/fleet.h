#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/api.pb.h"
#include "motley/v1/release.pb.h"
#include "motley/v1/telemetry.pb.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::tests {

/// A real controller with its REST interface.
class TestController {
 public:
  TestController(std::string folder, std::string broker_url, std::vector<std::string> options = {});

  /// Starts it (again) and waits until it serves.
  void Start();
  void Stop();
  /// SIGKILL.
  void Kill();
  const std::string& url() const { return url_; }
  std::string Output() const { return program_->Output(); }
  bool Running() { return program_ && program_->Running(); }
  const std::string& folder() const { return folder_; }

  Result<std::string> Call(const std::string& method, const std::string& path, const std::string& json = "");
  /// An enrolment token for a new gateway.
  std::string AddGateway(const std::string& id, const std::map<std::string, std::string>& tags = {});
  v1::Gateway Gateway(const std::string& id);
  v1::TelemetryPage Telemetry(const std::string& id, const std::string& query = "limit=10000");

  /// Reads a release file, uploads what it needs (paths relative to `folder`), and stores it.
  Result<v1::Release> Push(const std::string& yaml, const std::string& folder);
  v1::Plan Propose(const std::string& application, const std::string& version);
  /// Propose, approve, enact.
  v1::Plan Roll(const std::string& application, const std::string& version);

 private:
  const std::string folder_;
  const std::string broker_url_;
  const std::vector<std::string> options_;
  std::string listen_ = "127.0.0.1:0";
  std::string url_;
  std::string token_;
  std::unique_ptr<Program> program_;
};

/// Virtual boards on USB ports that only the agents started behind them see. They outlive those agents.
class TestBoards {
 public:
  /// "uno:A1", ...
  explicit TestBoards(const std::vector<std::string>& boards);
  ~TestBoards();

  /// What goes before the agent's command line, and into its environment.
  std::vector<std::string> prefix() const;
  const std::map<std::string, std::string>& environment() const { return environment_; }
  /// board-ctl's answer.
  std::string Control(const std::vector<std::string>& arguments) const;

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Program> program_;
  std::string holder_pid_;
  std::map<std::string, std::string> environment_;
};

/// A real agent with a state folder of its own, which stays when it is killed.
class TestAgent {
 public:
  struct Options {
    std::string controller_url;
    std::string token;
    std::vector<std::string> arguments;
    const TestBoards* boards = nullptr;
    /// Put before the program: for network namespaces.
    std::vector<std::string> prefix;
  };
  explicit TestAgent(Options options);
  /// Ends the components as well.
  ~TestAgent();

  void Start(const std::map<std::string, std::string>& environment = {});
  void Stop();
  void Kill();
  bool Running() { return program_ && program_->Running(); }
  std::optional<int> Wait(std::chrono::milliseconds patience) { return program_->Wait(patience); }
  pid_t pid() const { return program_->pid(); }
  std::string Output() const;
  const std::string& folder() const { return folder_.path(); }

 private:
  const Options options_;
  TemporaryFolder folder_;
  std::unique_ptr<Program> program_;
};

/// Waits until the gateway's report satisfies `condition`; false, with the last report printed, when it never does.
bool WaitForGateway(TestController& controller, const std::string& id,
                    const std::function<bool(const v1::Gateway&)>& condition,
                    std::chrono::milliseconds patience = std::chrono::seconds(30));
/// Deployed: its desired state is reported as done.
bool WaitForVersion(TestController& controller, const std::string& id, const std::string& version,
                    std::chrono::milliseconds patience = std::chrono::seconds(30));

/// A firmware image of this build: "blink-1.0.0.hex".
std::string FirmwareFile(const std::string& name);

}  // namespace motley::tests
