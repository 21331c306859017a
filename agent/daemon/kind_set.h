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

/// All kinds of components that this agent carries out, each within bounds, and what the gateway's context says of them.
/// Loop thread only.
class KindSet {
 public:
  /// `changed` is called when Describe would say something new.
  KindSet(Loop& loop, Devices& devices, const KindSetup& setup, const SshClient& ssh, std::function<void()> changed);

  const Kinds& kinds() const { return kinds_; }

  /// Fills in `kinds` and `container_engine`.
  void Describe(v1::Context& context) const;

 private:
  void Add(const std::string& name, std::unique_ptr<Kind> kind);

  Loop& loop_;
  const std::function<void()> changed_;
  Kinds kinds_;
  std::string container_engine_;
  Handle timer_;
  Worker worker_;
};

}  // namespace motley::agent
