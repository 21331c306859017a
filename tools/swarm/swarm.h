#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/client.h"
#include "common/loop/loop.h"
#include "tools/swarm/bundle_cache.h"
#include "tools/swarm/enroller.h"
#include "tools/swarm/fleet_source.h"
#include "tools/swarm/gateway.h"
#include "tools/swarm/options.h"
#include "tools/swarm/orders.h"

namespace motley::swarm {

/// How many gateways are how far.
struct Figures {
  std::size_t gateways = 0;
  std::size_t enrolled = 0;
  std::size_t connected = 0;
  /// Connected, and the controller has stored the latest report.
  std::size_t acknowledged = 0;
  std::size_t deploying = 0;
  std::size_t done = 0;
  std::size_t failed = 0;
  /// On their way out.
  std::size_t leaving = 0;
  Traffic traffic;
  double resident_mib = 0;

  /// The progress line.
  std::string Text() const;
  std::string Json() const;
};

/// The gateways of one process. Loop thread only.
class Swarm {
 public:
  Swarm(Loop& loop, const Options& options, HttpClientOptions controller);

  /// Enrols and connects them; what fails for now is tried again. Errors: kConflict (a name that is there).
  Result<void> Join(std::vector<Attributes> machines);
  /// As many of the generator's.
  void Join(std::uint32_t count);
  /// The answer to one line: "ok ...", JSON, or "error: ...".
  std::string Obey(const std::string& line);

  Figures Count() const;
  /// Disconnects all in good order; they stay in the fleet. `done` comes when all are, or after 10 s.
  void Close(std::function<void()> done);

 private:
  struct Member {
    std::unique_ptr<SimulatedGateway> gateway;
    Handle retry;
    bool leaving = false;
  };
  using Members = std::map<std::string, Member, std::less<>>;

  void Add(Attributes machine);
  void Enrol(const std::string& name);
  void Leave(const std::string& name);
  void Remove(const std::string& name);
  /// Errors: kNotFound (the first that is not there).
  Result<std::vector<std::string>> Named(const std::vector<std::string>& gateways) const;
  Result<std::string> Carry(const Order& order);
  Result<void> CarryFor(const Order& order, const std::string& name);
  Result<void> ChangeContext(const std::string& name, const std::vector<std::string>& changes);
  Result<std::string> Show(const std::vector<std::string>& names) const;
  void Complain(const std::string& what, const Error& error);

  Loop& loop_;
  const Behaviour behaviour_;
  const std::string broker_url_;
  const std::set<std::string> failing_;
  Generator generator_;
  Traffic traffic_;
  BundleCache bundles_;
  Members members_;
  Handle close_timer_;
  /// Errors that were logged: a thousand gateways have the same one.
  std::set<std::string> complaints_;
  // Last: what it posts back concerns members.
  Enroller enroller_;
};

}  // namespace motley::swarm
