#include "common/model/steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

using testing::ElementsAre;

void Add(v1::DeploymentModel& model, const std::string& name, const std::string& command,
         const std::string& follows = "") {
  v1::Component& component = *model.add_components();
  component.set_name(name);
  component.mutable_process()->add_command(command);
  if (!follows.empty()) component.add_follows(follows);
}

std::vector<std::string> Lines(const ModelDifference& difference) {
  std::vector<std::string> lines;
  for (const PlannedStep& step : difference.steps) {
    const bool removal = step.action == PlannedStep::Action::kRemove;
    const StepItem& item = (removal ? difference.leftovers : difference.goal)[step.item];
    lines.push_back(std::string(ActionName(step.action)) + " " + item.key + ": " + step.reason);
  }
  return lines;
}

TEST(DiffModels, OfAModelAndItselfIsEmpty) {
  v1::DeploymentModel model;
  Add(model, "a", "x");
  EXPECT_TRUE(DiffModels(model, {}, model, {}).steps.empty());
}

TEST(DiffModels, SaysWhatDiffers) {
  v1::DeploymentModel from;
  Add(from, "a", "x");
  Add(from, "gone", "x");
  v1::DeploymentModel to;
  Add(to, "a", "y");
  Add(to, "new", "x");
  EXPECT_THAT(Lines(DiffModels(from, {}, to, {})),
              ElementsAre("remove gone: not wanted any more", "apply a: command differs", "apply new: not there"));
}

TEST(DiffModels, TouchesWhatFollowsAndNothingElse) {
  v1::DeploymentModel from;
  Add(from, "config", "x");
  Add(from, "server", "x", "config");
  Add(from, "other", "x");
  v1::DeploymentModel to = from;
  to.mutable_components(0)->mutable_process()->set_command(0, "y");
  const ModelDifference difference = DiffModels(from, {}, to, {});
  EXPECT_THAT(Lines(difference), ElementsAre("apply config: command differs", "apply server: follows config"));
  EXPECT_THAT(difference.steps[1].after, ElementsAre(0));
}

TEST(DiffModels, SeesAnotherValueOfASecret) {
  v1::DeploymentModel model;
  Add(model, "a", "${secret.token}");
  EXPECT_THAT(Lines(DiffModels(model, {{"token", "1"}}, model, {{"token", "2"}})),
              ElementsAre("apply a: a secret that it uses differs"));
}

}  // namespace
}  // namespace motley
