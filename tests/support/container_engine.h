#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::tests {

enum class EngineType { kDocker, kPodman };
std::ostream& operator<<(std::ostream& out, EngineType type);

/// A real Docker daemon, or Podman's service, with all its state in a folder of its own, in mount, process and network
/// namespaces of its own: whatever it started or mounted ends with this object, also when the test is killed. As root.
/// A container's network "host" is the engine's: loopback, and a bridge that leads nowhere else.
class ContainerEngine {
 public:
  /// Returns when it answers.
  explicit ContainerEngine(EngineType type);
  ~ContainerEngine();
  ContainerEngine(const ContainerEngine&) = delete;
  ContainerEngine& operator=(const ContainerEngine&) = delete;

  std::string socket() const { return folder_ / "socket"; }
  void RemoveAllContainers();
  /// What it wrote.
  std::string Log() const;
  /// The engine's own client, as a person would use it: {"run", "--rm", ...}.
  std::vector<std::string> ClientCommand(std::vector<std::string> arguments) const;
  /// The same, where it is faster without the service: Podman's client then does the work itself, in the namespaces.
  std::vector<std::string> LocalCommand(std::vector<std::string> arguments) const;

 private:
  pid_t FirstProcess() const;

  const EngineType type_;
  TemporaryFolder folder_;
  std::unique_ptr<Program> program_;
};

/// An image of busybox with its usual commands in /bin.
struct TestImage {
  /// "localhost/motley-test:1"
  std::string name;
  std::vector<std::string> command;
  /// Of its health check, once a second, unhealthy after two failures; empty: none.
  std::vector<std::string> health;
};

/// Writes what `docker save` would write of such an image. Another name alone makes no other image.
void WriteImageArchive(const TestImage& image, const std::string& path);

}  // namespace motley::tests
