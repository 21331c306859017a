#include "common/model/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

using testing::ElementsAre;

v1::Component& AddProcess(v1::DeploymentModel& model, const std::string& name) {
  v1::Component& component = *model.add_components();
  component.set_name(name);
  component.mutable_process()->add_command(name);
  return component;
}

/// `to` needs a port that `from` has.
v1::Link& AddLink(v1::DeploymentModel& model, v1::Component& from, v1::Component& to, bool mandatory) {
  from.add_provided_ports()->set_name("out");
  v1::Port& required = *to.add_required_ports();
  required.set_name("in");
  required.set_mandatory(mandatory);
  v1::Link& link = *model.add_links();
  link.set_name(from.name() + "-" + to.name());
  link.set_from(from.name() + "/out");
  link.set_to(to.name() + "/in");
  return link;
}

TEST(Needs, AreWhatAComponentDependsOnFollowsAndStandsOn) {
  v1::DeploymentModel model;
  for (const char* name : {"a", "b", "c"}) AddProcess(model, name);
  v1::Component& component = AddProcess(model, "d");
  component.add_depends_on("a");
  component.add_follows("b");
  component.set_host("c");
  EXPECT_THAT(NeedsOf(model, component), ElementsAre("a", "b", "c"));
  EXPECT_THAT(FollowedBy(model, component), ElementsAre("b", "c"));
}

TEST(Needs, HoldProvidersOfMandatoryPortsOnly) {
  v1::DeploymentModel model;
  AddProcess(model, "db");
  AddProcess(model, "cache");
  AddProcess(model, "web");
  AddLink(model, *model.mutable_components(0), *model.mutable_components(2), true);
  EXPECT_THAT(NeedsOf(model, model.components(2)), ElementsAre("db"));
  model.mutable_components(2)->mutable_required_ports(0)->set_mandatory(false);
  EXPECT_TRUE(NeedsOf(model, model.components(2)).empty());
}

TEST(RootHost, IsTheHostOfTheComponentAtTheBottom) {
  v1::DeploymentModel model;
  v1::Host& host = *model.add_hosts();
  host.set_name("pi");
  host.mutable_ssh()->set_address("pi.local");
  AddProcess(model, "runtime").set_host("pi");
  AddProcess(model, "flow").set_host("runtime");
  EXPECT_EQ(RootHostOf(model, model.components(1)).name(), "pi");
}

TEST(Digests, ChangeWithWhatMattersAndOnlyWithThat) {
  v1::DeploymentModel model;
  v1::Component& component = AddProcess(model, "a");
  (*component.mutable_process()->mutable_environment())["A"] = "1";
  (*component.mutable_process()->mutable_environment())["B"] = "2";
  const auto digests = DigestsOf(model, {});
  component.add_depends_on("b");
  component.add_provided_ports()->set_name("out");
  component.set_host("gateway");
  EXPECT_EQ(DigestsOf(model, {}), digests);
  (*component.mutable_process()->mutable_environment())["B"] = "3";
  EXPECT_NE(DigestsOf(model, {}), digests);
}

TEST(Digests, ChangeWithTheHost) {
  v1::DeploymentModel model;
  v1::Host& host = *model.add_hosts();
  host.set_name("board");
  host.mutable_mcu()->set_board("uno");
  AddProcess(model, "a").set_host("board");
  const auto digests = DigestsOf(model, {});
  host.mutable_mcu()->set_board("nano");
  EXPECT_NE(DigestsOf(model, {}), digests);
}

TEST(Digests, ChangeWithTheVersionOfASecretThatIsUsed) {
  v1::DeploymentModel model;
  (*AddProcess(model, "a").mutable_process()->mutable_environment())["P"] = "x${secret.password}y";
  AddProcess(model, "b");
  EXPECT_THAT(SecretsOf(model), ElementsAre("password"));
  const auto before = DigestsOf(model, {{"password", "1"}});
  const auto after = DigestsOf(model, {{"password", "2"}});
  EXPECT_NE(before.at("a"), after.at("a"));
  EXPECT_EQ(before.at("b"), after.at("b"));
}

TEST(Digests, OfWhatFollowsChangeToo) {
  v1::DeploymentModel model;
  AddProcess(model, "config");
  AddProcess(model, "server").add_follows("config");
  AddProcess(model, "client").add_depends_on("server");
  const auto before = DigestsOf(model, {});
  model.mutable_components(0)->mutable_process()->set_command(0, "other");
  const auto after = DigestsOf(model, {});
  EXPECT_NE(before.at("server"), after.at("server"));
  EXPECT_EQ(before.at("client"), after.at("client"));
}

}  // namespace
}  // namespace motley
