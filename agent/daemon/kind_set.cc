#include "agent/daemon/kind_set.h"

#include "agent/kinds/archive.h"
#include "agent/kinds/container.h"
#include "agent/kinds/docker_engine.h"
#include "agent/kinds/file.h"
#include "agent/kinds/firmware.h"
#include "agent/kinds/package.h"
#include "agent/kinds/plugin.h"
#include "agent/kinds/process.h"
#include "agent/kinds/script.h"
#include "agent/kinds/ssh.h"
#include "agent/reconcile/bounded_kind.h"

namespace motley::agent {
namespace {

/// An engine that is installed, updated or ended shows in the context so late at most.
constexpr std::chrono::minutes kEngineInterval{1};

/// Of all gateways alike, and of this one.
constexpr std::string_view kPluginFolder = "/usr/lib/motley/plugins";

/// Blocks; on a worker.
std::string EngineAt(const std::string& socket) {
  const std::string path = socket.empty() ? UsualEngineSocket() : socket;
  if (path.empty()) return "";
  const auto name = EngineName(path);
  return name ? *name : "";
}

}  // namespace

KindSet::KindSet(Loop& loop, Devices& devices, const KindSetup& setup, const SshClient& ssh,
                 const std::string& engine_socket, std::function<void()> changed)
    : loop_(loop), engine_socket_(engine_socket), changed_(std::move(changed)), worker_(loop, "engine") {
  Add("process", std::make_unique<ProcessKind>(loop, setup));
  Add("file", std::make_unique<FileKind>(loop, setup));
  Add("script", std::make_unique<ScriptKind>(loop, setup));
  Add("firmware", std::make_unique<FirmwareKind>(loop, devices, setup.state_folder, setup.artifact));
  Add("archive", std::make_unique<ArchiveKind>(loop, setup, ArchiveOptions()));
  Add("package", std::make_unique<PackageKind>(loop, setup, PackageOptions()));
  Add("container", std::make_unique<ContainerKind>(loop, setup, ssh, engine_socket));
  Add("ssh", std::make_unique<SshKind>(loop, ssh, setup.gateway, setup.artifact));
  auto plugin = std::make_unique<PluginKind>(
      loop, setup, PluginOptions{.folders = {setup.state_folder + "/plugins", std::string(kPluginFolder)}});
  plugins_ = plugin.get();
  Add("plugin", std::move(plugin));
  plugins_->Rescan(changed_);
  LookForEngine();
}

void KindSet::Add(const std::string& name, std::unique_ptr<Kind> kind) {
  kinds_[name] = std::make_unique<BoundedKind>(loop_, std::move(kind), KindBounds());
}

void KindSet::LookForEngine() {
  worker_.Run([socket = engine_socket_] { return EngineAt(socket); },
              [this](std::string engine) {
                if (std::exchange(container_engine_, std::move(engine)) != container_engine_) changed_();
                timer_ = loop_.After(kEngineInterval, [this] { LookForEngine(); });
              });
}

void KindSet::Describe(v1::Context& context) const {
  for (const auto& [name, kind] : kinds_) {
    if (name != "container" || !container_engine_.empty()) context.add_kinds(name);
  }
  for (std::string& name : plugins_->Names()) context.add_kinds(std::move(name));
  context.set_container_engine(container_engine_);
}

}  // namespace motley::agent
