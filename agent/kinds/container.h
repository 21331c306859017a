#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "agent/kinds/container_actions.h"
#include "agent/kinds/container_engine.h"
#include "agent/kinds/container_view.h"
#include "agent/kinds/kind.h"
#include "agent/kinds/setup.h"
#include "agent/kinds/ssh_client.h"
#include "common/loop/loop.h"

namespace motley::agent {

/// Containers at engines that speak the Docker Engine API: the gateway's own, and those on ssh hosts, whose sockets are
/// forwarded. A container's name and labels say whose it is and which version; the engine keeps it running by its
/// restart policy, also while the agent is away. Volumes with a name stay when their component goes.
///
/// Each engine has workers of its own, so that one that hangs holds up no other; what looks does not wait for what
/// pulls. Loop thread only, as all kinds.
class ContainerKind final : public Kind {
 public:
  /// `socket` is that of the gateway's engine where the model gives none; empty: the usual one that is there.
  ContainerKind(Loop& loop, KindSetup setup, SshClient ssh, std::string socket);

  /// Errors: kInvalid (the model), kNotFound (its archive), kUnavailable and kDenied (the gateway has no engine that
  /// answers). An engine on an ssh host is not asked.
  Result<void> Check(const Instance& instance) override;
  void Observe(const Instance& instance, std::function<void(Observed)> done) override;
  /// An instance that runs is left alone. Errors: those of the engine; kConflict (its name is taken by another's).
  void Apply(const Instance& instance, std::function<void(Result<void>)> done) override;
  /// It must stay up for confirm_ms, or be healthy by the health check of its image, or, unless it is always restarted,
  /// end with 0. Errors: kUnavailable with its last lines, kTimeout (no verdict on its health), kConflict.
  void Confirm(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Remove(const Instance& instance, std::function<void(Result<void>)> done) override;
  void Commit() override;

 private:
  using Done = std::function<void(Result<void>)>;
  using Act = Result<void> (ContainerActions::*)(const Instance&);

  std::string SocketOf(const Instance& instance) const;
  ContainerEngine& EngineOf(const Instance& instance);
  void Perform(const Instance& instance, Act act, Done done);
  void Try(const Instance& instance, std::shared_ptr<ContainerTrial> trial, Done done);

  Loop& loop_;
  const KindSetup setup_;
  const SshClient ssh_;
  const std::string socket_;
  /// Keys that something is being done to.
  std::multiset<std::string> busy_;
  std::map<std::string, Handle> timers_;
  /// By label. Last, so that their workers end first.
  std::map<std::string, std::unique_ptr<ContainerEngine>> engines_;
};

}  // namespace motley::agent
