#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/kinds/kind.h"
#include "agent/reconcile/plan.h"
#include "motley/v1/desired.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::agent {

/// A desired state with the instances in it.
struct Wanted {
  const v1::DesiredState& state;
  const std::vector<Instance>& instances;
};

/// What really runs, application by application. While a transaction is open an application counts as the target's once
/// all of its components were seen to be; before that, and after going back, as what is committed.
/// `sightings` are by key.
std::vector<v1::ReportedApplication> ReportApplications(const Wanted& committed, const Wanted& target,
                                                        const std::map<std::string, Sighting>& sightings);

}  // namespace motley::agent
