#include "tools/swarm/deployment.h"

#include <algorithm>

#include "common/model/model.h"

namespace motley::swarm {
namespace {

std::uint32_t ComponentsOf(const v1::DesiredState& state, const Deployment::FindModel& find) {
  int components = 0;
  for (const v1::DesiredApplication& application : state.applications()) {
    const v1::DeploymentModel* model = find(application.bundle());
    if (model != nullptr) components += model->components_size();
  }
  return static_cast<std::uint32_t>(components);
}

}  // namespace

Deployment::Answer Deployment::Accept(const v1::DesiredState& desired) {
  if (desired.revision() <= target_.revision()) return Answer::kKnown;
  target_ = desired;
  state_ = v1::Deployment::STATE_FETCHING;
  reason_.clear();
  return Answer::kNew;
}

Deployment::Answer Deployment::Retry() {
  if (state_ != v1::Deployment::STATE_FAILED) return Answer::kKnown;
  state_ = v1::Deployment::STATE_FETCHING;
  reason_.clear();
  return Answer::kNew;
}

bool Deployment::HasAll(const FindModel& find) const {
  // Each is asked for, so that all are fetched side by side.
  return std::count_if(target_.applications().begin(), target_.applications().end(),
                       [&](const auto& application) { return find(application.bundle()) == nullptr; }) == 0;
}

void Deployment::Succeed() {
  state_ = v1::Deployment::STATE_DONE;
  running_ = target_;
}

void Deployment::Fail(const std::string& reason) {
  state_ = v1::Deployment::STATE_FAILED;
  reason_ = reason;
}

void Deployment::Report(const FindModel& find, v1::ReportedState& report) const {
  report.set_desired_revision(target_.revision());
  if (target_.revision() > 0) {
    v1::Deployment& deployment = *report.mutable_deployment();
    deployment.set_revision(target_.revision());
    deployment.set_state(state_);
    deployment.set_reason(reason_);
    deployment.set_steps_total(ComponentsOf(target_, find));
    deployment.set_steps_done(state_ == v1::Deployment::STATE_DONE ? deployment.steps_total() : 0);
  }
  for (const v1::DesiredApplication& application : running_.applications()) {
    v1::ReportedApplication& reported = *report.add_applications();
    reported.set_application(application.application());
    reported.set_version(application.version());
    reported.set_variant(application.variant());
    const v1::DeploymentModel* model = find(application.bundle());
    if (model == nullptr) continue;
    for (const v1::Component& component : model->components()) {
      v1::ReportedComponent& part = *reported.add_components();
      part.set_name(component.name());
      part.set_kind(std::string(KindName(component)));
      part.set_host(component.host());
      part.set_state(v1::ReportedComponent::STATE_RUNNING);
      part.set_detail("simulated");
    }
  }
}

}  // namespace motley::swarm
