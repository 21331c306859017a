#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/model/graph.h"
#include "tests/common/genesis/greenhouse.h"

namespace motley::tests {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

json OldHost(const std::string& name, const std::string& type, const std::string& ip) {
  return {{"name", name}, {"_type", type}, {"ip", ip}, {"credentials", {{"login", "grower"}, {"password", ""}}}};
}

json OldGuest(const std::string& name, const std::string& type, const std::string& host, const std::string& image) {
  return {{"name", name},
          {"_type", type},
          {"id_host", host},
          {"port", "1881"},
          {"docker_resource", {{"image", image}, {"port_bindings", {{"1881", "1880"}}}}}};
}

json OldModel() {
  return {{"components",
           {OldHost("pi", "docker_host", "192.0.2.4"), OldHost("mac", "external_host", "192.0.2.5"),
            OldHost("cloud", "external_host", "192.0.2.6"), OldGuest("red", "node_red", "pi", "nodered/node-red:3"),
            OldGuest("db", "external_node", "mac", "couchdb:3")}},
          {"links", {{{"name", "store"}, {"src", "red"}, {"target", "db"}}}}};
}

TEST(GenesisDialect2018, IsUpgradedAndSaysSo) {
  const GenesisImport import = Import({{"dm", OldModel()}});
  EXPECT_TRUE(import.valid);
  EXPECT_EQ(import.components, 5);
  EXPECT_EQ(import.links, 1);
  EXPECT_EQ(import.hostings, 2);
  EXPECT_EQ(import.first_deployment.hosts, 3);
  EXPECT_EQ(import.first_deployment.added, 2);
  EXPECT_THAT(import.warnings, Contains(HasSubstr("dialect of 2018 and was upgraded")));
  const v1::Component* red = FindComponent(import.model, "red");
  ASSERT_NE(red, nullptr);
  EXPECT_EQ(red->host(), "pi");
  ASSERT_EQ(red->container().ports_size(), 1);
  EXPECT_EQ(red->container().ports(0).host_port(), 1881U);
  ASSERT_EQ(import.model.links_size(), 1);
  EXPECT_EQ(import.model.links(0).from(), "red/service");
  EXPECT_EQ(import.model.links(0).to(), "db/uses");
}

TEST(GenesisDialect2018, AnExternalHostThatCarriesSomethingIsAHost) {
  const GenesisImport import = Import(OldModel());
  EXPECT_TRUE(FindHost(import.model, "mac")->has_container_engine());
  EXPECT_TRUE(FindHost(import.model, "cloud")->has_external());
  EXPECT_THAT(import.warnings, Contains(HasSubstr("component \"mac\": an external host that carries components")));
}

TEST(GenesisDialect2018, AMixtureIsNotUpgraded) {
  json model = OldModel();
  model["components"][0]["_type"] = "/infra/docker_host";
  EXPECT_THAT(Import(model).errors, ElementsAre("undefined components: 4 of 5"));

  json typed = OldModel();
  for (json& component : typed["components"]) {
    component["_type"] = component.contains("id_host") ? "/internal" : "/infra/docker_host";
  }
  const GenesisImport import = Import(typed);
  EXPECT_THAT(import.errors,
              ElementsAre("Src or target of store does not exist!", "red has no host!", "db has no host!"));
  EXPECT_THAT(import.warnings, Contains(HasSubstr("mixes the dialect of 2018")));
}

TEST(GenesisDialect2018, AHostThatIsNotThereIsAnError) {
  json model = OldModel();
  model["components"][3]["id_host"] = "gone";
  EXPECT_THAT(Import(model).errors, ElementsAre("Src or target of red_on_gone does not exist!"));
}

}  // namespace
}  // namespace motley::tests
