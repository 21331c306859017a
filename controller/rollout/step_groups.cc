#include "controller/rollout/step_groups.h"

#include "common/model/graph.h"
#include "controller/rollout/steps.h"

namespace motley::controller {
namespace {

const v1::DeploymentModel& ModelOf(const v1::Release& release, const std::string& variant) {
  for (const v1::Variant& candidate : release.variants()) {
    if (candidate.name() == variant) return candidate.model();
  }
  return v1::DeploymentModel::default_instance();
}

}  // namespace

Result<const v1::Release*> StepGroups::ReleaseOf(const std::string& version) {
  if (version == release_.version()) return &release_;
  const auto known = releases_.find(version);
  if (known != releases_.end()) return &known->second;
  TRY_ASSIGN(auto release, catalog_.Release(release_.application(), version));
  return &releases_.emplace(version, std::move(release)).first->second;
}

Result<void> StepGroups::Add(const v1::Gateway& gateway, const std::string& variant) {
  ModelVersion from;
  v1::ReportedApplication reported;
  std::string name;
  for (const v1::ReportedApplication& application : gateway.reported().applications()) {
    if (application.application() != release_.application()) continue;
    TRY_ASSIGN(const v1::Release* release, ReleaseOf(application.version()));
    from.model = ModelOf(*release, application.variant());
    from.secrets = gateway.desired().secrets();
    reported = application;
    name = application.version() + "/" + application.variant();
  }
  ModelVersion to;
  to.model = ModelOf(release_, variant);
  // One that is not set yet differs from whatever is there.
  if (auto versions = secrets_.VersionsFor(gateway.id(), SecretsOf(to.model))) {
    for (v1::SecretVersion& version : *versions) *to.secrets.Add() = std::move(version);
  }
  v1::PlanSteps::Group group;
  group.set_from(name);
  group.set_to(release_.version() + "/" + variant);
  *group.mutable_steps() = StepsBetween(from, reported, to);
  const auto [known, fresh] = groups_.emplace(group.SerializeAsString(), steps_.groups_size());
  if (fresh) *steps_.add_groups() = std::move(group);
  steps_.mutable_groups(known->second)->add_gateways(gateway.id());
  return {};
}

}  // namespace motley::controller
