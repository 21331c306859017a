#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "common/model/graph.h"
#include "common/model/steps.h"

namespace motley {
namespace {

/// What is there: the digest of each component.
using World = std::map<std::string, std::string>;
using Random = std::mt19937;

int Below(Random& random, int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random); }

/// Components of twelve names, each there or not, in one of three versions, needing and following some of lower number.
v1::DeploymentModel RandomModel(Random& random) {
  v1::DeploymentModel model;
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) {
    if (Below(random, 3) == 0) continue;
    v1::Component& component = *model.add_components();
    component.set_name("c" + std::to_string(i));
    component.mutable_process()->add_command(std::to_string(Below(random, 3)));
    for (const std::string& name : names) {
      if (Below(random, 4) == 0) component.add_depends_on(name);
      if (Below(random, 8) == 0) component.add_follows(name);
    }
    names.push_back(component.name());
  }
  std::shuffle(model.mutable_components()->begin(), model.mutable_components()->end(), random);
  return model;
}

/// Carries out one model's difference to another on a world, in an order that chance picks among those allowed.
class Execution {
 public:
  Execution(const v1::DeploymentModel& from, const v1::DeploymentModel& to, World& world)
      : difference_(DiffModels(from, {}, to, {})), digests_(DigestsOf(to, {})), world_(world), to_(to) {}

  /// At most `limit` steps; they are in done().
  void Run(Random& random, std::size_t limit) {
    std::vector<bool> ended(difference_.steps.size());
    while (done_.size() < limit) {
      std::vector<std::size_t> ready;
      for (std::size_t i = 0; i < ended.size(); ++i) {
        const auto& after = difference_.steps[i].after;
        if (!ended[i] && std::all_of(after.begin(), after.end(), [&](std::size_t before) { return ended[before]; })) {
          ready.push_back(i);
        }
      }
      if (ready.empty()) break;
      const std::size_t step = ready[static_cast<std::size_t>(Below(random, static_cast<int>(ready.size())))];
      ended[step] = true;
      Carry(step);
    }
  }

  std::size_t steps() const { return difference_.steps.size(); }

 private:
  void Carry(std::size_t index) {
    const PlannedStep& step = difference_.steps[index];
    done_.push_back(index);
    if (step.action == PlannedStep::Action::kRemove) {
      world_.erase(difference_.leftovers[step.item].key);
      return;
    }
    const StepItem& item = difference_.goal[step.item];
    for (const std::string& need : NeedsOf(to_, *FindComponent(to_, item.key))) {
      EXPECT_EQ(world_[need], digests_.at(need)) << item.key << " came before " << need << ", which it needs";
    }
    world_[item.key] = digests_.at(item.key);
  }

  const ModelDifference difference_;
  const std::map<std::string, std::string> digests_;
  World& world_;
  const v1::DeploymentModel& to_;
  std::vector<std::size_t> done_;
};

World WorldOf(const v1::DeploymentModel& model) {
  const auto digests = DigestsOf(model, {});
  return {digests.begin(), digests.end()};
}

/// The steps from what is really there, which may be a mixture, to `to`: as an agent plans after it was cut off.
void Settle(const v1::DeploymentModel& from, const v1::DeploymentModel& to, World& world) {
  const auto digests = DigestsOf(to, {});
  std::vector<StepItem> goal;
  for (const v1::Component& component : to.components()) {
    StepItem item{.key = component.name(), .kind = "process"};
    const auto found = world.find(component.name());
    item.found = found == world.end()                            ? StepItem::Found::kMissing
                 : found->second == digests.at(component.name()) ? StepItem::Found::kMatches
                                                                 : StepItem::Found::kDiffers;
    goal.push_back(std::move(item));
  }
  std::vector<StepItem> leftovers;
  for (const v1::Component& component : from.components()) {
    if (FindComponent(to, component.name()) != nullptr) continue;
    const bool there = world.contains(component.name());
    leftovers.push_back({.key = component.name(),
                         .kind = "process",
                         .found = there ? StepItem::Found::kMatches : StepItem::Found::kMissing});
  }
  for (const PlannedStep& step : PlanSteps(goal, leftovers)) {
    if (step.action == PlannedStep::Action::kRemove) {
      world.erase(leftovers[step.item].key);
    } else {
      world[goal[step.item].key] = digests.at(goal[step.item].key);
    }
  }
}

TEST(StepsProperty, LeadFromAnyModelToAnyOther) {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    const v1::DeploymentModel a = RandomModel(random);
    const v1::DeploymentModel b = RandomModel(random);
    World world = WorldOf(a);
    Execution(a, b, world).Run(random, SIZE_MAX);
    ASSERT_EQ(world, WorldOf(b)) << "round " << round;
    ASSERT_EQ(Execution(b, b, world).steps(), 0u);
  }
}

TEST(StepsProperty, AreUndoneFromWhereverTheyWereCutOff) {
  Random random(2);
  for (int round = 0; round < 2000; ++round) {
    const v1::DeploymentModel a = RandomModel(random);
    const v1::DeploymentModel b = RandomModel(random);
    World world = WorldOf(a);
    Execution forward(a, b, world);
    forward.Run(random, static_cast<std::size_t>(Below(random, static_cast<int>(forward.steps()) + 1)));
    World other = world;
    Settle(b, a, world);
    ASSERT_EQ(world, WorldOf(a)) << "round " << round;
    Settle(a, b, other);
    ASSERT_EQ(other, WorldOf(b)) << "round " << round;
  }
}

}  // namespace
}  // namespace motley
