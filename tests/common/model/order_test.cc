#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <set>

#include "common/model/graph.h"
#include "common/model/model.h"

namespace motley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

v1::Component& Add(v1::DeploymentModel& model, const std::string& name) {
  v1::Component& component = *model.add_components();
  component.set_name(name);
  component.mutable_script()->set_apply("x");
  component.add_provided_ports()->set_name("out");
  component.add_required_ports()->set_name("in");
  return component;
}

void Link(v1::DeploymentModel& model, const std::string& from, const std::string& to, bool follow) {
  v1::Link& link = *model.add_links();
  link.set_name(std::to_string(model.links_size()));
  link.set_from(from + "/out");
  link.set_to(to + "/in");
  link.set_follow(follow);
}

TEST(Order, NamesTheMembersOfACycleInTurn) {
  v1::DeploymentModel model;
  Add(model, "a").add_depends_on("b");
  Add(model, "b").add_follows("c");
  Add(model, "c").set_host("d");
  Add(model, "d");
  Add(model, "e").add_depends_on("a");
  EXPECT_THAT(ProblemsOf(model), IsEmpty());
  Link(model, "a", "d", true);
  EXPECT_THAT(
      ProblemsOf(model),
      ElementsAre("component \"a\" is one of components that wait for one another: a -> b -> c -> d -> a; remove "
                  "one of these from depends_on, follows, host or links"));
}

TEST(Order, TakesLinksInACircleWhereNobodyWaits) {
  v1::DeploymentModel model;
  Add(model, "a");
  Add(model, "b");
  Link(model, "a", "b", false);
  Link(model, "b", "a", false);
  EXPECT_THAT(ProblemsOf(model), IsEmpty());
  model.mutable_components(0)->mutable_required_ports(0)->set_mandatory(true);
  EXPECT_THAT(ProblemsOf(model), IsEmpty());
  model.mutable_components(1)->mutable_required_ports(0)->set_mandatory(true);
  EXPECT_THAT(ProblemsOf(model), ElementsAre(HasSubstr("a -> b -> a")));
}

TEST(Order, TakesAComponentThatIsLinkedToItself) {
  v1::DeploymentModel model;
  Add(model, "a").mutable_required_ports(0)->set_mandatory(true);
  Link(model, "a", "a", true);
  EXPECT_THAT(ProblemsOf(model), IsEmpty());
}

TEST(Order, TellsOfEachCycle) {
  v1::DeploymentModel model;
  for (const char* name : {"a", "b", "c", "d"}) Add(model, name);
  model.mutable_components(0)->add_depends_on("b");
  model.mutable_components(1)->add_depends_on("a");
  model.mutable_components(2)->add_depends_on("d");
  model.mutable_components(3)->add_depends_on("c");
  EXPECT_THAT(ProblemsOf(model), ElementsAre(HasSubstr("a -> b -> a"), HasSubstr("c -> d -> c")));
}

TEST(Order, NamesWhatIsNotThere) {
  v1::DeploymentModel model;
  Add(model, "a").add_follows("b");
  v1::Host& host = *model.add_hosts();
  host.set_name("cloud");
  host.mutable_external();
  model.mutable_components(0)->add_depends_on("cloud");
  EXPECT_THAT(ProblemsOf(model), ElementsAre(HasSubstr("depends on \"cloud\", which is a host"),
                                             HasSubstr("follows \"b\", which is not in the model")));
}

/// By the rule for one component, over and over.
bool HasCycle(const v1::DeploymentModel& model) {
  std::map<std::string, std::set<std::string>> needs;
  for (const v1::Component& component : model.components()) needs[component.name()] = NeedsOf(model, component);
  while (true) {
    std::string ready;
    for (const auto& [name, unmet] : needs) {
      if (unmet.empty()) ready = name;
    }
    if (ready.empty()) return !needs.empty();
    needs.erase(ready);
    for (auto& [name, unmet] : needs) unmet.erase(ready);
  }
}

TEST(Order, IsThatOfTheNeedsOfEachComponent) {
  std::mt19937 random(1);
  int cycles = 0;
  for (int round = 0; round < 500; ++round) {
    v1::DeploymentModel model;
    const auto any = [&] { return "c" + std::to_string(random() % 8); };
    for (int i = 0; i < 8; ++i) {
      v1::Component& component = Add(model, "c" + std::to_string(i));
      component.mutable_required_ports(0)->set_mandatory(random() % 2 == 0);
    }
    for (int i = 0; i < 8; ++i) Link(model, any(), "c" + std::to_string(i), random() % 4 == 0);
    for (int i = 0; i < 2; ++i) {
      v1::Component& component = *model.mutable_components(static_cast<int>(random() % 8));
      std::string other = any();
      if (other == component.name()) continue;
      if (random() % 3 == 0) component.set_host(other);
      if (random() % 3 == 0) component.add_depends_on(other);
      if (random() % 3 == 0) component.add_follows(other);
    }
    cycles += HasCycle(model);
    EXPECT_EQ(!ProblemsOf(model).empty(), HasCycle(model)) << model.DebugString();
  }
  EXPECT_GT(cycles, 50);
  EXPECT_LT(cycles, 450);
}

}  // namespace
}  // namespace motley
