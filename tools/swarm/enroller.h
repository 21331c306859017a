#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/http/client.h"
#include "common/loop/loop.h"
#include "common/loop/worker.h"
#include "common/selector/attributes.h"

namespace motley::swarm {

/// Who a gateway is after its enrolment.
struct Enrolled {
  std::string gateway;
  std::string fleet;
  std::string broker_url;
};

/// What to do where the controller has a gateway of this name.
enum class Existing { kRefuse, kTakeOver };

/// Adds gateways to the controller as a person would, and enrols them as their agents would, several at a time. Loop
/// thread only.
class Enroller {
 public:
  Enroller(Loop& loop, HttpClientOptions controller, Existing existing);
  ~Enroller();

  /// `done` comes on the loop. Errors: of the controller; kConflict (it is there already).
  void Enrol(const Attributes& machine, std::function<void(Result<Enrolled>)> done);
  /// Takes the gateway out of the fleet.
  void Remove(const std::string& gateway, std::function<void(Result<void>)> done);
  /// Sets these tags; others stay.
  void Tag(const std::string& gateway, const std::map<std::string, std::string, std::less<>>& tags,
           std::function<void(Result<void>)> done);

 private:
  struct Lane;
  /// All that concerns one gateway happens in its order.
  Lane& LaneOf(const std::string& gateway);

  const Existing existing_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace motley::swarm
