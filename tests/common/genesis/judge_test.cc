#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/genesis/greenhouse.h"

namespace motley::tests {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(GenesisJudge, CountsWhatAModelHasAndWhatItsFirstDeploymentDoes) {
  const GenesisImport import = Import(Greenhouse());
  EXPECT_TRUE(import.valid);
  EXPECT_THAT(import.errors, IsEmpty());
  EXPECT_EQ(import.components, 8);
  EXPECT_EQ(import.links, 3);
  EXPECT_EQ(import.hostings, 4);
  EXPECT_EQ(import.first_deployment.hosts, 4);
  EXPECT_EQ(import.first_deployment.added, 4);
  EXPECT_EQ(import.first_deployment.hosted, 4);
  EXPECT_EQ(import.first_deployment.links, 2);
  EXPECT_EQ(import.first_deployment.deployer, 1);
}

TEST(GenesisJudge, TakesAModelWithItsLayoutAroundIt) {
  const GenesisImport bare = Import(Greenhouse());
  const GenesisImport wrapped = Import({{"dm", Greenhouse()}, {"graph", {{"elements", json::object()}}}});
  EXPECT_TRUE(wrapped.valid);
  EXPECT_EQ(wrapped.model.DebugString(), bare.model.DebugString());
}

TEST(GenesisJudge, NamesEachLinkWithoutAnEndBeforeEachComponentWithoutAHost) {
  json model = Greenhouse();
  model["links"][0]["src"] = "/Broker/nowhere";
  model["links"][1]["target"] = "Logic";
  model["containments"].erase(0);
  const GenesisImport import = Import(model);
  EXPECT_FALSE(import.valid);
  EXPECT_THAT(import.errors, ElementsAre("Src or target of values does not exist!",
                                         "Src or target of forecast does not exist!", "Broker has no host!"));
  EXPECT_EQ(import.first_deployment.hosted, 3) << "what is wrong is counted all the same";
  EXPECT_EQ(import.model.components_size(), 0);
}

TEST(GenesisJudge, ALinkGoesFromAProvidedToARequiredPort) {
  json model = Greenhouse();
  model["links"][0]["target"] = "/Logic/out";
  EXPECT_THAT(Import(model).errors, Contains("Src or target of values does not exist!"));
}

TEST(GenesisJudge, RefusesAHostingWithoutAnEnd) {
  json model = Greenhouse();
  model["containments"][0]["src"] = "/Gate/demand";
  EXPECT_THAT(Import(model).errors, ElementsAre("Src or target of Broker on Gate does not exist!"));
}

TEST(GenesisJudge, RefusesTwoHostsForOneComponent) {
  json model = Greenhouse();
  model["containments"].push_back(Hosting("Shed", "Broker"));
  EXPECT_THAT(Import(model).errors, ElementsAre("Broker has more than one host!"));
}

TEST(GenesisJudge, RefusesComponentsThatCarryOneAnother) {
  json model = Greenhouse();
  model["containments"][0] = Hosting("Logger", "Broker");
  model["containments"][2] = Hosting("Broker", "Logger");
  EXPECT_THAT(Import(model).errors, ElementsAre("Broker is hosted by itself!", "Logger is hosted by itself!"));
}

TEST(GenesisJudge, RefusesANameThatIsThereTwice) {
  json model = Greenhouse();
  model["components"].push_back(External("Weather", "other.example"));
  EXPECT_THAT(Import(model).errors, ElementsAre("Weather is there twice!"));
}

TEST(GenesisJudge, RefusesAMandatoryPortWithoutALink) {
  json model = Greenhouse();
  model["links"].erase(1);
  EXPECT_TRUE(Import(model).valid) << "one link is enough";
  model["links"].erase(0);
  EXPECT_THAT(Import(model).errors, ElementsAre("Mandatory port /Logic/in has no link!"));
}

TEST(GenesisJudge, SaysHowManyComponentsAreOfAnUnknownTypeAndWhich) {
  json model = Greenhouse();
  ComponentOf(model, "Broker")["_type"] = "/infra/kubernetes";
  ComponentOf(model, "Logic").erase("_type");
  const GenesisImport import = Import(model);
  EXPECT_THAT(import.errors, ElementsAre("undefined components: 2 of 8"));
  EXPECT_THAT(import.warnings, Contains(HasSubstr("unknown type \"/infra/kubernetes\"; use /infra/device")));
}

TEST(GenesisJudge, RefusesWhatIsNoModelAtAll) {
  for (const char* text : {"{}", "[]", "7", "null", R"({"dm": 7})", R"({"components": {}})"}) {
    EXPECT_THAT(ImportGenesis(text).errors, ElementsAre(StartsWith("not a GeneSIS model: "))) << text;
  }
}

TEST(GenesisJudge, SurvivesMembersOfTheWrongType) {
  const json original = Greenhouse();
  for (const json& value : {json(7), json("text"), json::array({json::array({7})}), json{{"name", 7}}, json()}) {
    for (std::size_t i = 0; i < original["components"].size(); ++i) {
      for (const auto& [key, ignored] : original["components"][i].items()) {
        json model = original;
        model["components"][i][key] = value;
        const GenesisImport import = Import(model);
        EXPECT_EQ(import.valid, import.errors.empty());
      }
    }
  }
}

TEST(GenesisJudge, RefusesMoreThanAModelMayHave) {
  json model{{"components", json::array()}};
  for (int i = 0; i < 1001; ++i) model["components"].push_back(External("e" + std::to_string(i), "192.0.2.1"));
  EXPECT_THAT(Import(model).errors, ElementsAre(HasSubstr("1001 components; at most 1000")));
}

}  // namespace
}  // namespace motley::tests
