#include "common/fleet/fleet_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

constexpr char kVariants[] = "variants: [{name: a}]\n";

std::string ErrorOf(const std::string& text) {
  const auto parsed = ParseFleetFile("f.yaml", text);
  return parsed ? "no error" : parsed.error().message;
}

TEST(AFleetFile, HasVariantsRulesAndGateways) {
  const auto parsed = ParseFleetFile("f.yaml", R"(
application: blinky
rules:
  - keep: 5
variants:
  - name: fast
    when: '"uno" in boards'
    prefer: 10
    demands: {memory_mb: 64, disk_mb: 5, boards: [uno, uno], ports: [80]}
  - name: slow
gateways:
  - gateway: gw-1
    arch: arm64
    memory_mb: 512
    boards: [uno, nano]
    tags: {site: oslo}
    runs: slow
  - {gateway: gw-2, tags.site: turin, runs: {blinky: fast}}
)");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  ASSERT_EQ(parsed->applications.size(), 1U);
  const FleetApplication& application = parsed->applications[0];
  EXPECT_EQ(application.name, "blinky");
  EXPECT_EQ(application.variants[0].demands.boards.at("uno"), 2U);
  EXPECT_EQ(application.variants[0].demands.ports.size(), 1U);
  ASSERT_EQ(application.rules.size(), 2U) << "with the coverage that is implied";
  EXPECT_EQ(application.rules[1].rule.weight, 10'000'000);
  FleetLoader loader(parsed->applications);
  for (const ListedGateway& gateway : parsed->gateways) ASSERT_TRUE(loader.Add(gateway).has_value());
  EXPECT_THAT(loader.running(), testing::ElementsAre(2, 1));
  EXPECT_EQ(loader.fleet().AttributesOf(0).boards.size(), 2U);
  EXPECT_EQ(loader.fleet().AttributesOf(1).tags.at("site"), "turin");
  EXPECT_EQ(loader.Doubt(), "");
}

TEST(AFleetFile, CanHaveSeveralApplications) {
  const auto parsed = ParseFleetFile("f.yaml", R"(
applications:
  - {application: one, priority: 3, variants: [{name: a}], rules: [coverage: hard]}
  - {application: two, variants: [{name: a}, {name: b}]}
gateways_file: gateways.csv
)");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->applications[0].priority, 3);
  EXPECT_EQ(parsed->applications[1].variants.size(), 2U);
  EXPECT_EQ(parsed->gateways_file->path, "gateways.csv");
}

struct Refusal {
  std::string text;
  const char* message;
};
class BadFleetFiles : public testing::TestWithParam<Refusal> {};

TEST_P(BadFleetFiles, AreRefusedWithLineAndWayOut) {
  EXPECT_THAT(ErrorOf(GetParam().text), testing::HasSubstr(GetParam().message));
}

std::string With(const std::string& rest) { return kVariants + rest; }

INSTANTIATE_TEST_SUITE_P(
    FleetFiles, BadFleetFiles,
    testing::Values(
        Refusal{"gateways: []\n", "f.yaml:1: variants are missing"}, Refusal{With(""), "gateways are missing"},
        Refusal{"variants: []\ngateways: []\n", "f.yaml:1: variants: list at least one"},
        Refusal{"variants:\ngateways: []\n", "variants: expected a list"},
        Refusal{With("gateways: []\ngateways_file: x\n"), "there is a gateways_file too"},
        Refusal{With("gatways: []\n"), "f.yaml:2: fleet: unknown key \"gatways\" (did you mean \"gateways\"?)"},
        Refusal{With("gateways:\n  - {gateway: g, memory_mb: .nan}\n"),
                "f.yaml:3: gateway \"g\": memory_mb: \".nan\" is not a whole number"},
        Refusal{With("gateways:\n  - {gateway: g, memory_mb: -5}\n"), "\"-5\" is not a whole number"},
        Refusal{With("gateways:\n  - {gateway: g, memroy_mb: 5}\n"), "did you mean \"memory_mb\"?"},
        Refusal{With("gateways:\n  - {gateway: g, boards: uno}\n"), "f.yaml:3: boards: expected a list"},
        Refusal{With("gateways:\n  - {arch: x}\n"), "f.yaml:3: gateway: its name is missing"},
        Refusal{"variants: [{name: a, when: 'memory_mb >= \"x\"'}]\n", "variant \"a\": when: "},
        Refusal{"variants: [{name: a}, {name: a}]\ngateways: []\n", "variant \"a\" is there twice"},
        Refusal{"variants: [{name: a, prefer: 1000001}]\n", "is not a whole number from -1000000"},
        Refusal{"variants: [{name: a, demands: {memory: 5}}]\n", "unknown key \"memory\""},
        Refusal{"variants: [{name: a b}]\n", "\"a b\" is not a name"},
        Refusal{"applications: [{variants: [{name: a}]}]\ngateways: []\n", "application: its name is missing"},
        Refusal{With("applications: []\ngateways: []\n"), "there are applications too"}, Refusal{"a: [\n", "f.yaml:"},
        Refusal{std::string(2'000'000, ' '), "over the limit of 1 MiB"}));

TEST(LoadingGateways, RefusesTheSameNameTwiceAndUnknownApplications) {
  const auto parsed = ParseFleetFile("f.yaml", With("application: one\ngateways: []\n"));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  FleetLoader loader(parsed->applications);
  ListedGateway gateway;
  gateway.attributes.gateway = "g";
  gateway.runs = {{"onne", "a"}};
  EXPECT_EQ(loader.Add(gateway).error().message,
            "gateway \"g\": there is no application \"onne\" (did you mean \"one\"?)");
  gateway.runs = {{"", "gone"}};
  ASSERT_TRUE(loader.Add(gateway).has_value());
  EXPECT_THAT(loader.Doubt(), testing::HasSubstr("\"gone\" on \"g\""));
  EXPECT_EQ(loader.Add(gateway).error().message, "gateway \"g\" is there twice; leave one out");
}

}  // namespace
}  // namespace motley
