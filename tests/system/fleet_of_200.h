#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "motley/v1/api.pb.h"
#include "motley/v1/release.pb.h"
#include "tests/support/broker.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/system/fleet.h"

namespace motley::tests {

/// The real motley-swarm: simulated gateways that are as any other to a controller.
class TestSwarm {
 public:
  /// Enrols `gateways` with the state folder's token; returns when the controller has stored a report of each.
  TestSwarm(const TestController& controller, std::uint32_t gateways, std::vector<std::string> options = {});
  ~TestSwarm();

  /// Gives an order, which must be right. Its answer.
  std::string Tell(const std::string& order) const;
  /// One of the figures that `stat` gives.
  std::uint64_t Figure(const std::string& name) const;
  bool WaitForFigure(const std::string& name, const std::function<bool(std::uint64_t)>& holds) const;
  std::string Output() const { return program_->Output(); }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Program> program_;
};

/// A gateway as the REST interface shows it, in the test's words.
struct Member {
  v1::Gateway gateway;

  std::uint64_t memory_mb() const { return gateway.reported().context().memory_mb(); }
  std::string region() const { return gateway.tags().at("region"); }
  bool HasBoard(const std::string& type) const;
  std::uint64_t revision() const { return gateway.desired().revision(); }
  /// Of the only application, as it is reported to run; empty: none.
  std::string running() const;
  std::string version() const;
};
using Members = std::map<std::string, Member>;

/// To its broker: what is not retained is lost before.
bool IsConnected(TestController& controller);
Members MembersOf(TestController& controller);
v1::Plan PlanOf(TestController& controller, std::uint64_t id);
/// Newest first, without assignments.
std::vector<v1::Plan> PlansOf(TestController& controller);
v1::Plan Propose(TestController& controller, const std::string& version);
void ApproveAndEnact(TestController& controller, std::uint64_t plan);
/// By gateway; those without a variant are left out.
std::map<std::string, std::string> VariantsOf(const v1::Plan& plan);
/// Waits until `holds` says so of the whole fleet: the fleet. Aborts with the fleet printed when it never does.
Members WaitForFleet(TestController& controller, const std::function<bool(const Members&)>& holds);
/// Those whose desired state is another than before, and those that were not there.
std::set<std::string> MovedSince(const Members& before, const Members& now);

/// Bytes that the process behind this port of 127.0.0.1 has not read.
std::uint64_t UnreadBytes(int port);

}  // namespace motley::tests
