#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "motley/v1/desired.pb.h"
#include "motley/v1/model.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::swarm {

/// What a simulated gateway is to run and says that it runs. Follows the rules of an agent: only a higher revision is
/// taken, and what failed leaves what ran before. A value; knows no clock.
class Deployment {
 public:
  enum class Answer { kNew, kKnown };
  /// The model of a bundle; null while it is not there.
  using FindModel = std::function<const v1::DeploymentModel*(const v1::ArtifactRef&)>;

  Answer Accept(const v1::DesiredState& desired);
  /// Begins again what failed. kKnown: nothing has failed.
  Answer Retry();
  /// All bundles of the target are there.
  bool HasAll(const FindModel& find) const;
  void Apply() { state_ = v1::Deployment::STATE_APPLYING; }
  void Succeed();
  void Fail(const std::string& reason);

  v1::Deployment::State state() const { return state_; }
  std::uint64_t revision() const { return target_.revision(); }
  const v1::DesiredState& running() const { return running_; }
  /// Fills in revision, deployment and applications; but not when it changed.
  void Report(const FindModel& find, v1::ReportedState& report) const;

 private:
  v1::DesiredState target_;
  v1::DesiredState running_;
  v1::Deployment::State state_ = v1::Deployment::STATE_IDLE;
  std::string reason_;
};

}  // namespace motley::swarm
