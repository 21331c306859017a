#pragma once

#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/broker.h"
#include "tests/support/container_engine.h"
#include "tests/support/folder.h"
#include "tests/support/ssh_server.h"
#include "tests/system/fleet.h"

namespace motley::tests {

/// One gateway with everything behind it: a container engine, another machine reached over SSH, two boards; and an
/// application "station" with a component on each of them.
class Subsystem {
 public:
  Subsystem();

  /// The components whose versions can be broken: "front", "store", "server", "settings", "remote", "left", "right".
  static const std::vector<std::string>& components();

  /// A release that is the same but for its version; `broken` never works.
  std::string Release(const std::string& version, const std::string& broken = "") const;

  /// What Seen must say where `version` runs.
  static std::map<std::string, std::string> Expected(const std::string& version);

  /// What really runs, asked of each part by itself and not of the agent: by component, its version.
  std::map<std::string, std::string> Seen();

  TestController& controller() { return controller_; }
  TestAgent& agent() { return *agent_; }
  TestBoards& boards() { return boards_; }
  ContainerEngine& engine() { return engine_; }
  const std::string& folder() const { return folder_.path(); }

 private:
  std::string Container(const std::string& component) const;

  TemporaryFolder folder_;
  /// Tells this test's processes from those of others.
  const std::string id_ = std::to_string(getpid());
  const int port_ = FreePort();
  Broker broker_;
  TestController controller_{folder_ / "controller", broker_.url()};
  TestBoards boards_{{"uno:L1", "uno:R1"}};
  ContainerEngine engine_{EngineType::kDocker};
  SshServer ssh_;
  std::unique_ptr<TestAgent> agent_;
};

}  // namespace motley::tests
