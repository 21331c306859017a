#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/loop/loop.h"
#include "controller/dispatch/wire.h"
#include "controller/registry/registry.h"
#include "controller/store/store.h"

namespace motley::controller {

/// Keeps the retained messages of gateways as they should be: the desired state where there is one, nothing for a
/// gateway that was removed, until the broker has acknowledged that. Publishes again, with growing pauses, until the
/// agent's report shows that it has seen its revision: a broker may lose what it acknowledged. Loop thread only.
class Publisher {
 public:
  /// `pending` tells how many messages the broker has not acknowledged.
  Publisher(Loop& loop, Store& store, Registry& registry, Send send, std::function<std::size_t()> pending);

  void OnConnected();
  void OnDisconnected();
  /// Its desired state is new, or it was removed.
  void OnChanged(const std::string& gateway);
  void OnReported(const std::string& gateway);
  void OnOnline(const std::string& gateway);

 private:
  struct Attempt {
    std::chrono::steady_clock::time_point next;
    std::chrono::seconds pause;
  };
  void Pump();
  Result<void> Publish(const std::string& gateway);
  void Sweep();
  void MarkCleared();

  Loop& loop_;
  Store& store_;
  Registry& registry_;
  const Send send_;
  const std::function<std::size_t()> pending_;
  bool connected_ = false;
  /// To be published now.
  std::set<std::string> due_;
  /// Published, not seen by the agent.
  std::map<std::string, Attempt, std::less<>> unseen_;
  /// Ids of removed gateways whose retained messages are to be cleared.
  std::set<std::string> uncleared_;
  /// Those of them that were published on this connection, and not acknowledged by the broker yet.
  std::set<std::string> clearing_;
  Handle pump_timer_;
  Handle sweep_timer_;
};

}  // namespace motley::controller
