#include "tools/motley/deployment_text.h"

#include <fmt/format.h>

namespace motley::cli {
namespace {

using v1::Deployment;

std::string Steps(const Deployment& deployment) {
  if (deployment.steps_total() == 0) return {};
  return fmt::format(" {}/{}", deployment.steps_done(), deployment.steps_total());
}

}  // namespace

bool IsSettled(const Deployment& deployment, std::uint64_t desired_revision) {
  return deployment.revision() == desired_revision &&
         (deployment.state() == Deployment::STATE_DONE || deployment.state() == Deployment::STATE_FAILED);
}

Cell DeploymentCell(const Deployment& deployment, std::uint64_t desired_revision) {
  if (desired_revision == 0) return Cell("nothing desired", Style::kFaint);
  if (deployment.revision() != desired_revision)
    return Cell(fmt::format("waiting for revision {}", desired_revision), Style::kWarning);
  switch (deployment.state()) {
    case Deployment::STATE_FETCHING:
      return Cell("fetching" + Steps(deployment), Style::kWarning);
    case Deployment::STATE_APPLYING:
      return Cell("applying" + Steps(deployment), Style::kWarning);
    case Deployment::STATE_CONFIRMING:
      return Cell("confirming" + Steps(deployment), Style::kWarning);
    case Deployment::STATE_DONE:
      return Cell("done", Style::kGood);
    case Deployment::STATE_ROLLING_BACK:
      return Cell("rolling back: " + deployment.reason(), Style::kBad);
    case Deployment::STATE_FAILED:
      return Cell("failed: " + deployment.reason(), Style::kBad);
    default:
      return Cell("not started", Style::kWarning);
  }
}

Cell OnlineCell(bool online) { return online ? Cell("online", Style::kGood) : Cell("offline", Style::kBad); }

}  // namespace motley::cli
