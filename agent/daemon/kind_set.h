#pragma once

#include <functional>
#include <string>

#include "agent/devices/devices.h"
#include "agent/kinds/setup.h"
#include "agent/kinds/ssh_client.h"
#include "agent/reconcile/executor.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "motley/v1/fleet.pb.h"

namespace motley::agent {

class PluginKind;

/// All kinds of components that this agent carries out, each within bounds, and what the gateway's context says of
/// them. Loop thread only.
class KindSet {
 public:
  /// `changed` is called when Describe would say something new.
  /// `engine_socket` is that of the gateway's container engine; empty: the usual one that is there.
  KindSet(Loop& loop, Devices& devices, const KindSetup& setup, const SshClient& ssh, const std::string& engine_socket,
          std::function<void()> changed);

  const Kinds& kinds() const { return kinds_; }

  /// Fills in `kinds` and `container_engine`.
  void Describe(v1::Context& context) const;

 private:
  void Add(const std::string& name, std::unique_ptr<Kind> kind);
  void LookForEngine();

  Loop& loop_;
  const std::string engine_socket_;
  const std::function<void()> changed_;
  Kinds kinds_;
  /// One of kinds_.
  PluginKind* plugins_ = nullptr;
  std::string container_engine_;
  Handle timer_;
  Worker worker_;
};

}  // namespace motley::agent
