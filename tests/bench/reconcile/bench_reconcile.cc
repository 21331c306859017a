// How long it takes to see that nothing is to be done: a model of 200 components is read from its bundle, compared with
// what is there, and planned. What kinds need for looking is left out: it is theirs, and they do it side by side.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "agent/reconcile/executor.h"
#include "agent/reconcile/plan.h"
#include "common/model/graph.h"
#include "common/model/model.h"
#include "tests/fakes/fake_kind.h"
#include "tests/fakes/fake_loop.h"

namespace motley {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kComponents = 200;
constexpr int kRounds = 201;

/// A chain of needs through layers of ten, as in a large subsystem.
v1::DeploymentModel MakeModel() {
  v1::DeploymentModel model;
  for (int i = 0; i < kComponents; ++i) {
    v1::Component& component = *model.add_components();
    component.set_name("component-" + std::to_string(i));
    component.mutable_process()->add_command("/usr/bin/program-" + std::to_string(i));
    (*component.mutable_process()->mutable_environment())["PORT"] = std::to_string(8000 + i);
    if (i >= 10) component.add_depends_on("component-" + std::to_string(i - 10));
    if (i % 7 == 1) component.add_follows("component-" + std::to_string(i - 1));
  }
  return model;
}

double Median(std::vector<double>& values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

template <typename Function>
double MedianMs(Function function) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    function();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  return Median(times);
}

std::vector<agent::Instance> InstancesOf(const v1::DeploymentModel& model) {
  const auto digests = DigestsOf(model, {});
  std::vector<agent::Instance> instances;
  for (const v1::Component& component : model.components()) {
    agent::Instance instance{.application = "bench", .component = component};
    instance.digest = digests.at(component.name());
    for (const std::string& need : NeedsOf(model, component)) instance.needs.push_back("bench/" + need);
    instances.push_back(std::move(instance));
  }
  return instances;
}

}  // namespace
}  // namespace motley

int main() {
  using namespace motley;
  const v1::DeploymentModel model = MakeModel();
  const std::string bundle = model.SerializeAsString();
  tests::FakeLoop loop;
  tests::FakeWorld world;
  agent::Kinds kinds;
  kinds["process"] = std::make_unique<tests::FakeKind>(loop, world);
  const std::vector<agent::Instance> instances = InstancesOf(model);
  for (const agent::Instance& instance : instances) world[instance.Key()] = instance.digest;

  const double read_ms = MedianMs([&] {
    v1::DeploymentModel read;
    CHECK(read.ParseFromString(bundle) && CheckModel(read).has_value());
    CHECK(InstancesOf(read).size() == instances.size());
  });
  const double reconcile_ms = MedianMs([&] {
    std::size_t steps = 1;
    agent::Observe(loop, kinds, instances,
                   [&](const std::vector<agent::Sighting>& seen) { steps = agent::MakePlan(seen, {}).size(); });
    loop.RunPosted();
    CHECK(steps == 0);
  });
  std::printf("%d components, nothing to do, median of %d\n", kComponents, kRounds);
  std::printf("  read and check the bundle, identities   %7.3f ms\n", read_ms);
  std::printf("  compare and plan: 0 steps               %7.3f ms\n", reconcile_ms);
  std::printf("  both                                    %7.3f ms\n", read_ms + reconcile_ms);
  return 0;
}
