#include "common/fleet/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "common/fleet/fleet_file.h"
#include "tests/common/fleet/random_fleet.h"

namespace motley {
namespace {

std::vector<FleetApplication> Applications(const std::string& text) {
  auto file = ParseFleetFile("f.yaml", text);
  EXPECT_TRUE(file.has_value()) << file.error().message;
  return std::move(file->applications);
}

std::vector<FleetApplication> TwoApplications() {
  return Applications(R"(
applications:
  - application: one
    priority: 2
    variants:
      - {name: a, when: 'arch == "arm64" || memory_mb >= 512', prefer: 5, demands: {memory_mb: 256, boards: [uno]}}
      - {name: b, when: 'tags.site != "oslo"', prefer: -2, demands: {memory_mb: 512, ports: [80]}}
      - {name: c}
    rules:
      - coverage: 100
      - {at_most: 40%, of: each, within: tags.site, weight: 3}
      - keep: 5
  - application: two
    variants:
      - {name: a, when: '"mega" in boards', demands: {boards: [uno, mega], ports: [80]}}
      - {name: b, demands: {memory_mb: 300, disk_mb: 50000}}
    rules:
      - {distinct: 7, where: 'arch == "armhf"'}
gateways: []
)");
}

// By the definition: what the gateway matches and has room for when it runs nothing else.
bool CanRun(const FleetVariant& variant, const Attributes& gateway) {
  if (!variant.when.Matches(gateway) || variant.demands.memory_mb > gateway.memory_mb ||
      variant.demands.disk_mb > gateway.disk_mb) {
    return false;
  }
  return std::all_of(variant.demands.boards.begin(), variant.demands.boards.end(), [&](const auto& board) {
    return std::count(gateway.boards.begin(), gateway.boards.end(), board.first) >= board.second;
  });
}

// The class of each gateway says of it what the definition says.
void ExpectRightProblem(const FleetIndex& fleet, const FleetProblem& made,
                        const std::vector<FleetApplication>& applications) {
  const assign::Problem& problem = made.problem();
  std::vector<std::int64_t> counts(problem.classes.size());
  fleet.Rows().ForEach([&](std::size_t place) {
    const auto row = static_cast<FleetIndex::Row>(place);
    const Attributes gateway = fleet.AttributesOf(row);
    const assign::GatewayClass& its = problem.classes[made.classes().Of(row)];
    ++counts[made.classes().Of(row)];
    std::map<std::int32_t, std::int64_t> expected;
    std::int32_t global = 0;
    for (const FleetApplication& application : applications) {
      std::int64_t best = INT64_MIN;
      for (const FleetVariant& variant : application.variants) {
        if (CanRun(variant, gateway)) best = std::max(best, variant.prefer);
      }
      for (const FleetVariant& variant : application.variants) {
        if (CanRun(variant, gateway)) expected[global] = best - variant.prefer;
        ++global;
      }
    }
    std::map<std::int32_t, std::int64_t> options;
    for (const assign::Option& option : its.options) options[option.variant] = option.cost;
    ASSERT_EQ(options, expected) << gateway.gateway;
    ASSERT_EQ(its.current[0], made.running()[row * 2] - 1);
    ASSERT_EQ(its.current[1], assign::kNone) << "two is not to be kept";
    const auto site = gateway.tags.find("site");
    const std::int32_t value = its.values[0];
    ASSERT_EQ(value == assign::kNone, site == gateway.tags.end());
    if (value != assign::kNone) {
      ASSERT_EQ(problem.attributes[0].values[static_cast<std::size_t>(value)], site->second);
    }
    ASSERT_EQ(its.member[0], gateway.arch == "armhf");
  });
  for (std::size_t c = 0; c < counts.size(); ++c) ASSERT_EQ(problem.classes[c].count, counts[c]);
}

TEST(AFleetProblem, SaysOfEachGatewayWhatItsApplicationsSayHoweverTheFleetChanges) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    test::RandomFleet random(seed);
    FleetIndex fleet;
    Running running;
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(fleet.Upsert(random.Gateway("gw-" + std::to_string(i))).has_value());
      running.push_back(static_cast<std::uint16_t>(random.Below(4)));
      running.push_back(static_cast<std::uint16_t>(random.Below(3)));
    }
    const std::vector<FleetApplication> applications = TwoApplications();
    auto problem = FleetProblem::Create(fleet, applications, running);
    ASSERT_TRUE(problem.has_value()) << problem.error().message;
    ExpectRightProblem(fleet, *problem, applications);
    for (int i = 0; i < 200; ++i) {
      const std::string name = "gw-" + std::to_string(random.Below(250));
      const auto removed = random.Below(3) == 0 ? fleet.Remove(name) : std::nullopt;
      const FleetIndex::Row row = removed ? *removed : *fleet.Upsert(random.Gateway(name));
      const std::vector<std::uint16_t> runs = {static_cast<std::uint16_t>(removed ? 0 : random.Below(4)), 0};
      problem->Update(row, runs);
    }
    ExpectRightProblem(fleet, *problem, applications);
  }
}

TEST(AFleetProblem, SharesOnlyWhatSeveralApplicationsTake) {
  test::RandomFleet random(1);
  FleetIndex fleet;
  Attributes gateway = random.Gateway("gw-1");
  gateway.memory_mb = 700;
  gateway.boards = {"uno", "uno", "mega"};
  ASSERT_TRUE(fleet.Upsert(gateway).has_value());
  const auto problem = FleetProblem::Create(fleet, TwoApplications(), Running(2));
  ASSERT_TRUE(problem.has_value());
  EXPECT_THAT(problem->problem().resources, testing::ElementsAre("memory_mb", "board uno", "port 80"));
  // 256 and 300 fit together, 512 and 300 do not: 700 MB are as good as 556.
  EXPECT_THAT(problem->problem().classes[0].capacities, testing::ElementsAre(556, 2, 1));
  EXPECT_THAT(problem->problem().variants[0].demands, testing::ElementsAre(256, 1, 0));
}

TEST(AFleetProblem, RulesNameTheVariantsOfTheirOwnApplication) {
  const FleetIndex fleet;
  auto applications = Applications(R"(
applications:
  - {application: one, variants: [{name: a}, {name: b}], rules: [{at_most: 1, of: b}, coverage: 5]}
  - {application: two, variants: [{name: b}, {name: c}], rules: [{at_most: 2, of: c}, coverage: hard, keep: 9]}
gateways: []
)");
  const auto problem = FleetProblem::Create(fleet, applications, {});
  ASSERT_TRUE(problem.has_value());
  const auto& rules = problem->problem().rules;
  ASSERT_EQ(rules.size(), 5U);
  EXPECT_THAT(std::get<assign::Count>(rules[0].what).variants, testing::ElementsAre(1));
  EXPECT_THAT(std::get<assign::Count>(rules[2].what).variants, testing::ElementsAre(3));
  EXPECT_EQ(std::get<assign::Coverage>(rules[3].what).application, 1);
  EXPECT_EQ(std::get<assign::Keep>(rules[4].what).application, 1);
}

TEST(AFleetProblem, DoubtsWhatCanHardlyBeMeant) {
  FleetIndex fleet;
  Attributes gateway;
  gateway.gateway = "gw-1";
  gateway.tags["site"] = "oslo";
  const auto applications = Applications(R"(
variants: [{name: a, when: 'tags.sit == "oslo"'}, {name: b}]
rules: [{at_most: 1, of: a, within: tags.region}, {coverage: 5, where: 'arch == "x"'}]
gateways: []
)");
  EXPECT_THAT(FleetProblem::Create(fleet, applications, {})->Doubts(),
              testing::ElementsAre(testing::HasSubstr("empty")));
  ASSERT_TRUE(fleet.Upsert(gateway).has_value());
  EXPECT_THAT(
      FleetProblem::Create(fleet, applications, Running(1))->Doubts(),
      testing::ElementsAre("variant \"a\": no gateway has a tag \"sit\" (did you mean \"site\"?)",
                           "variant \"a\": no gateway fits it",
                           "rule \"at_most 1 of a within tags.region\" (line 3): no gateway has a tag \"region\"",
                           "rule \"coverage 5 where arch == \"x\"\" (line 3): is about no gateway"));
}

TEST(Spreading, MeetsTheSharesAndMovesNobodyWhoNeedNotMove) {
  FleetIndex fleet;
  Running running;
  for (int i = 0; i < 10; ++i) {
    Attributes gateway;
    gateway.gateway = "gw-" + std::to_string(i);
    ASSERT_TRUE(fleet.Upsert(gateway).has_value());
    running.push_back(i < 6 ? 1 : i < 8 ? 2 : 0);
  }
  const auto problem =
      FleetProblem::Create(fleet, Applications("variants: [{name: a}, {name: b}, {name: c}]\ngateways: []\n"), running);
  ASSERT_TRUE(problem.has_value());
  ASSERT_EQ(problem->problem().classes.size(), 1U);
  assign::Solution solution;
  solution.shares = {{0, {0}, {0}, 4}, {0, {0}, {2}, 3}, {0, {0}, {1}, 2}, {0, {0}, {assign::kNone}, 1}};
  const Running to = problem->Spread(solution);
  EXPECT_EQ(std::count(to.begin(), to.end(), 1), 4);
  EXPECT_EQ(std::count(to.begin(), to.end(), 2), 2);
  EXPECT_EQ(std::count(to.begin(), to.end(), 3), 3);
  EXPECT_EQ(std::count(to.begin(), to.end(), 0), 1);
  std::size_t stay = 0;
  for (std::size_t i = 0; i < 10; ++i) stay += to[i] == running[i];
  EXPECT_EQ(stay, 7U) << "four of a, two of b, and one without";
  EXPECT_EQ(problem->Spread(solution), to);
}

}  // namespace
}  // namespace motley
