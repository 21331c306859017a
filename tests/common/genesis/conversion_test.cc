#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/model/graph.h"
#include "common/model/steps.h"
#include "tests/common/genesis/greenhouse.h"

namespace motley::tests {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const v1::Component& Get(const GenesisImport& import, const std::string& name) {
  static const v1::Component none;
  const v1::Component* component = FindComponent(import.model, name);
  EXPECT_NE(component, nullptr) << name;
  return component == nullptr ? none : *component;
}

TEST(GenesisConversion, PutsContainersOnTheEngineOfTheGatewayOrOfAnotherMachine) {
  const GenesisImport import = Import(Greenhouse());
  const v1::Host* gate = FindHost(import.model, "gate");
  ASSERT_NE(gate, nullptr);
  EXPECT_TRUE(gate->has_container_engine());
  EXPECT_EQ(gate->container_engine().host(), "") << "a loopback address is the gateway itself";
  EXPECT_EQ(gate->properties().at("genesis.name"), "Gate");
  EXPECT_EQ(FindHost(import.model, "shed")->container_engine().host(), "shed-ssh");
  EXPECT_EQ(FindHost(import.model, "shed-ssh")->ssh().address(), "192.0.2.7");

  const v1::Component& broker = Get(import, "broker");
  EXPECT_EQ(broker.host(), "gate");
  EXPECT_EQ(broker.container().image(), "eclipse-mosquitto:2");
  ASSERT_EQ(broker.container().ports_size(), 1);
  EXPECT_EQ(broker.container().ports(0).host_port(), 1884U) << "the first of a binding is the host's";
  EXPECT_EQ(broker.container().ports(0).container_port(), 1883U);
  EXPECT_EQ(broker.provided_ports(0).number(), 1884U);
  EXPECT_EQ(broker.properties().at("genesis.id"), "id-of-Broker");
  EXPECT_EQ(broker.container().devices_size(), 0) << "a device without a path is none";
}

TEST(GenesisConversion, MakesAFlowAComponentThatItsNodeRedCarries) {
  const GenesisImport import = Import(Greenhouse());
  const v1::Component& flow = Get(import, "logic-flow");
  EXPECT_EQ(flow.host(), "logic");
  EXPECT_EQ(flow.plugin().plugin(), "node-red");
  EXPECT_EQ(json::parse(flow.plugin().config())["flow"][0]["type"], "inject");
  EXPECT_THAT(import.warnings, Contains(HasSubstr("needs the plugin \"node-red\"")));
}

TEST(GenesisConversion, MakesCommandsAScriptOnTheMachineBesideTheEngine) {
  json model = Greenhouse();
  GenesisImport import = Import(model);
  EXPECT_EQ(Get(import, "logger").host(), "");
  EXPECT_EQ(Get(import, "logger").script().apply(),
            "#!/bin/bash\nset -e\ncd ~\n# downloadCommand\n(\nwget -O logger.tgz http://files.example/logger.tgz\n)\n"
            "# startCommand\n(\n./logger &\n)\n");
  EXPECT_THAT(Get(import, "logger").script().undo(), HasSubstr("pkill -x logger"));
  model["containments"][2] = Hosting("Shed", "Logger");
  ComponentOf(model, "Logger")["ssh_resource"]["credentials"]["username"] = "root";
  import = Import(model);
  EXPECT_EQ(Get(import, "logger").host(), "shed-ssh");
  EXPECT_THAT(import.warnings, Contains(HasSubstr("its commands ran as \"root\", and will run as the user of host")));
}

TEST(GenesisConversion, AnImageThatSomebodyNamedGoesBeforeCommandsAndCommandsBeforeTheOneThatWasFilledIn) {
  json model = Greenhouse();
  ComponentOf(model, "Broker")["ssh_resource"]["startCommand"] = "./broker";
  GenesisImport import = Import(model);
  EXPECT_TRUE(Get(import, "broker").has_container());
  EXPECT_THAT(import.warnings, Contains(HasSubstr("component \"Broker\": its commands were not carried over")));
  ComponentOf(model, "Broker")["docker_resource"]["image"] = "ubuntu";
  EXPECT_TRUE(Get(Import(model), "broker").has_script());
  ComponentOf(model, "Broker")["ssh_resource"]["startCommand"] = "";
  import = Import(model);
  EXPECT_TRUE(Get(import, "broker").has_container());
  EXPECT_THAT(import.warnings, Contains(HasSubstr("made from \"ubuntu\", which GeneSIS fills in, and ends at once")));
}

TEST(GenesisConversion, SaysThatAComponentWithoutAWayToDeployItDoesNothing) {
  json model = Greenhouse();
  ComponentOf(model, "Broker")["docker_resource"]["image"] = "";
  const GenesisImport import = Import(model);
  EXPECT_TRUE(import.valid);
  EXPECT_THAT(Get(import, "broker").script().apply(), HasSubstr("\n:\n"));
  EXPECT_THAT(import.warnings, Contains(HasSubstr("component \"Broker\": says neither by an image")));
}

TEST(GenesisConversion, LeavesWhatRunsOnBoardsToPlugins) {
  const GenesisImport import = Import(Greenhouse());
  const v1::Host* bench = FindHost(import.model, "bench-1");
  ASSERT_NE(bench, nullptr);
  EXPECT_EQ(bench->mcu().board(), "uno");
  EXPECT_EQ(bench->properties().at("genesis.physical_port"), "/dev/ttyACM0");
  const v1::Component& valves = Get(import, "valves");
  EXPECT_EQ(valves.host(), "bench-1");
  EXPECT_EQ(valves.plugin().plugin(), "arduino");
  EXPECT_EQ(json::parse(valves.plugin().config())["sketch"], "/home/author/valves.ino");
  EXPECT_EQ(valves.provided_ports(0).number(), 0U) << "a board listens at no number";
}

TEST(GenesisConversion, LeavesThingMlAndPlaybooksToPlugins) {
  json model = Greenhouse();
  ComponentOf(model, "Logger")["_type"] = "/internal/thingml/smoolkp";
  ComponentOf(model, "Logger")["target_language"] = "java";
  ComponentOf(model, "Broker")["ansible_resource"]["playbook_path"] = "/home/author/broker.yml";
  const GenesisImport import = Import(model);
  EXPECT_EQ(Get(import, "logger").plugin().plugin(), "thingml");
  const json config = json::parse(Get(import, "logger").plugin().config());
  EXPECT_EQ(config["target_language"], "java");
  EXPECT_EQ(config["commands"]["stopCommand"], "pkill -x logger");
  EXPECT_EQ(Get(import, "broker").plugin().plugin(), "ansible");
  EXPECT_EQ(Get(import, "broker").plugin().config(), R"({"playbook":"broker.yml"})") << "the name of an artifact";
  EXPECT_EQ(Get(import, "broker").host(), "") << "a playbook does not stand on a container engine";
}

TEST(GenesisConversion, CarriesLinksAndWhatIsMandatory) {
  const GenesisImport import = Import(Greenhouse());
  ASSERT_EQ(import.model.links_size(), 3);
  EXPECT_EQ(import.model.links(0).from(), "broker/out");
  EXPECT_EQ(import.model.links(0).to(), "logic/in");
  EXPECT_FALSE(import.model.links(0).deployer());
  EXPECT_TRUE(import.model.links(2).deployer());
  EXPECT_THAT(NeedsOf(import.model, Get(import, "logic")), ElementsAre("broker"));
}

TEST(GenesisConversion, CarriesALinkThatIsThereTwiceOnce) {
  json model = Greenhouse();
  model["links"].push_back(model["links"][0]);
  model["links"].push_back(Link("values", "Broker", "Valves"));
  const GenesisImport import = Import(model);
  EXPECT_EQ(import.links, 5);
  ASSERT_EQ(import.model.links_size(), 4);
  EXPECT_EQ(import.model.links(3).name(), "values-2");
  EXPECT_THAT(import.warnings, Contains(HasSubstr("link \"values\" is there twice")));
}

TEST(GenesisConversion, CarriesSecurityControlsAndDropsEmptyOnes) {
  json model = Greenhouse();
  ComponentOf(model, "Broker")["provided_communication_port"][0]["capabilities"] = {
      {{"_type", "/capability/security_capability"}, {"name", "Access control"}, {"control_id", "AC-3"}},
      {{"_type", "/capability/security_capability"}, {"name", "nothing"}, {"control_id", ""}}};
  const GenesisImport import = Import(model);
  const v1::Port& port = Get(import, "broker").provided_ports(0);
  ASSERT_EQ(port.capabilities_size(), 1);
  EXPECT_EQ(port.capabilities(0).name(), "access-control");
  EXPECT_EQ(port.capabilities(0).security().control_id(), "AC-3");
  EXPECT_EQ(Get(import, "logic").required_ports(0).capabilities_size(), 0);
}

TEST(GenesisConversion, CarriesDevicesAndOptionsOfContainersAndNamesTheRest) {
  json model = Greenhouse();
  json& docker = ComponentOf(model, "Broker")["docker_resource"];
  docker["devices"] = {{{"PathOnHost", "/dev/i2c-1"}, {"PathInContainer", "/dev/i2c-1"}, {"CgroupPermissions", "rw"}}};
  docker["command"] = "mosquitto -c '/etc/my config'";
  docker["extra_options"] = {json::array({"Privileged", true}),
                             json::array({"RestartPolicy", {{"name", "on-failure"}}}),
                             json::array({"NetworkMode", "host"}), json::array({"Binds", {"/var/lib/broker:/data:ro"}}),
                             json::array({"Dns", {"192.0.2.1"}})};
  docker["port_bindings"]["abc"] = "1";
  docker["port_bindings"]["5353"] = "53/udp";
  const GenesisImport import = Import(model);
  const v1::ContainerSpec& container = Get(import, "broker").container();
  EXPECT_THAT(container.command(), ElementsAre("mosquitto", "-c", "/etc/my config"));
  ASSERT_EQ(container.devices_size(), 1);
  EXPECT_EQ(container.devices(0).permissions(), "rw");
  EXPECT_EQ(container.restart(), v1::ProcessSpec::RESTART_ON_FAILURE);
  EXPECT_EQ(container.network(), "host");
  ASSERT_EQ(container.mounts_size(), 1);
  EXPECT_EQ(container.mounts(0).target(), "/data");
  EXPECT_TRUE(container.mounts(0).read_only());
  ASSERT_EQ(container.ports_size(), 2);
  EXPECT_EQ(container.ports(1).protocol(), "udp");
  EXPECT_THAT(import.warnings, Contains(HasSubstr("\"Privileged\" was not carried over")));
  EXPECT_THAT(import.warnings, Contains(HasSubstr("option \"Dns\"")));
  EXPECT_THAT(import.warnings, Contains(HasSubstr("port binding of \"abc\"")));
}

TEST(GenesisConversion, PutsAnEngineOnTheMachineThatCarriesIt) {
  json model = Greenhouse();
  json machine = Infra("Rack", "/infra/vm_host", "192.0.2.9");
  machine["port"] = {"2222"};
  model["components"].push_back(machine);
  ComponentOf(model, "Shed")["required_execution_port"] = {{"name", "demand"}};
  model["containments"].push_back(Hosting("Rack", "Shed"));
  const GenesisImport import = Import(model);
  ASSERT_TRUE(import.valid);
  EXPECT_EQ(FindHost(import.model, "rack")->ssh().port(), 2222U);
  EXPECT_EQ(FindHost(import.model, "shed")->container_engine().host(), "rack");
  EXPECT_EQ(FindHost(import.model, "shed-ssh"), nullptr);
}

TEST(GenesisConversion, LeavesOutAPortNumberThatAnotherComponentHas) {
  json model = Greenhouse();
  model["components"].push_back(Software("Mailer", "/internal"));
  ComponentOf(model, "Mailer")["ssh_resource"]["startCommand"] = "./mailer &";
  model["containments"].push_back(Hosting("Gate", "Mailer"));
  const GenesisImport import = Import(model);
  EXPECT_EQ(Get(import, "logger").provided_ports(0).number(), 80U);
  EXPECT_EQ(Get(import, "mailer").provided_ports(0).number(), 0U);
  EXPECT_THAT(import.warnings, Contains(HasSubstr("port number 80 is taken by \"Logger\" on the same machine")));
}

std::vector<std::string> StepsBetween(const json& from, const json& to) {
  const GenesisImport a = Import(from);
  const GenesisImport b = Import(to);
  const ModelDifference difference = DiffModels(a.model, {}, b.model, {});
  std::vector<std::string> steps;
  for (const PlannedStep& step : difference.steps) {
    const bool removal = step.action == PlannedStep::Action::kRemove;
    steps.push_back(std::string(ActionName(step.action)) + " " +
                    (removal ? difference.leftovers : difference.goal)[step.item].key);
  }
  return steps;
}

TEST(GenesisConversion, TwoVersionsDifferOnlyWhereTheyDo) {
  const json before = Greenhouse();
  json after = before;
  ComponentOf(after, "Logger")["ssh_resource"]["stopCommand"] = "pkill -9 -x logger";
  after["components"].push_back(External("Market", "market.example"));
  after["links"].push_back(Link("prices", "Market", "Valves"));
  EXPECT_THAT(StepsBetween(before, after), ElementsAre("apply logger")) << "a new link touches nobody";
  after = before;
  ComponentOf(after, "Logic")["docker_resource"]["image"] = "nodered/node-red:4";
  EXPECT_THAT(StepsBetween(before, after), ElementsAre("apply logic", "apply logic-flow"))
      << "what is carried follows its carrier";
  after = before;
  after["components"].erase(4);
  after["links"].erase(0);
  after["containments"].erase(0);
  EXPECT_THAT(StepsBetween(before, after), ElementsAre("remove broker"));
}

}  // namespace
}  // namespace motley::tests
