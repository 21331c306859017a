#include "agent/reconcile/report.h"

#include <set>

#include "common/model/model.h"

namespace motley::agent {
namespace {

using Sightings = std::map<std::string, Sighting>;

const Observed* Seen(const Instance& instance, const Sightings& sightings) {
  const auto seen = sightings.find(instance.Key());
  if (seen == sightings.end() || seen->second.instance.digest != instance.digest) return nullptr;
  return &seen->second.observed;
}

bool AllThere(const Wanted& wanted, const std::string& application, const Sightings& sightings) {
  for (const Instance& instance : wanted.instances) {
    if (instance.application != application) continue;
    const Observed* observed = Seen(instance, sightings);
    if (observed == nullptr || observed->match != Observed::Match::kMatches) return false;
  }
  return true;
}

const v1::DesiredApplication* Find(const v1::DesiredState& state, const std::string& application) {
  for (const v1::DesiredApplication& candidate : state.applications()) {
    if (candidate.application() == application) return &candidate;
  }
  return nullptr;
}

v1::ReportedApplication ReportOne(const v1::DesiredApplication& application, const Wanted& wanted,
                                  const Sightings& sightings) {
  v1::ReportedApplication report;
  report.set_application(application.application());
  report.set_version(application.version());
  report.set_variant(application.variant());
  for (const Instance& instance : wanted.instances) {
    if (instance.application != application.application()) continue;
    v1::ReportedComponent& component = *report.add_components();
    component.set_name(instance.component.name());
    component.set_kind(std::string(KindName(instance.component)));
    component.set_host(instance.host.name());
    component.set_state(v1::ReportedComponent::STATE_MISSING);
    if (const Observed* observed = Seen(instance, sightings)) {
      component.set_state(observed->state);
      component.set_detail(observed->detail);
      component.set_restarts(observed->restarts);
      component.set_pid(observed->pid);
    }
  }
  return report;
}

}  // namespace

std::vector<v1::ReportedApplication> ReportApplications(const Wanted& committed, const Wanted& target,
                                                        const Sightings& sightings) {
  std::set<std::string> names;
  for (const auto& application : committed.state.applications()) names.insert(application.application());
  for (const auto& application : target.state.applications()) names.insert(application.application());

  std::vector<v1::ReportedApplication> report;
  for (const std::string& name : names) {
    const v1::DesiredApplication* next = Find(target.state, name);
    const v1::DesiredApplication* current = Find(committed.state, name);
    if (next != nullptr && (current == nullptr || AllThere(target, name, sightings))) {
      report.push_back(ReportOne(*next, target, sightings));
    } else {
      report.push_back(ReportOne(*current, committed, sightings));
    }
  }
  return report;
}

}  // namespace motley::agent
