#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/files/files.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kVariants[] = R"(variants:
  - {name: big, when: memory_mb >= 512, prefer: 10}
  - {name: small}
rules: [coverage: 100, keep: 3]
)";

/// Runs `motley assign` on files in a folder of its own; it asks for no controller.
class AssignTool : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  static Finished Assign(std::vector<std::string> words) {
    words.insert(words.begin(), {Built("motley"), "assign"});
    return RunProgram(words, {{"MOTLEY_STATE", "/nonexistent"}, {"NO_COLOR", "1"}});
  }

  TemporaryFolder folder_;
};

TEST_F(AssignTool, PrintsTheCostOfEachRuleAndWhoGetsWhat) {
  const std::string file = Write("f.yaml", std::string(kVariants) + R"(gateways:
  - {gateway: gw-1, memory_mb: 1024, runs: small}
  - {gateway: gw-2, memory_mb: 256}
)");
  const Finished done = Assign({file, "--lower-bound"});
  EXPECT_EQ(done.exit_code, 0) << done.output;
  EXPECT_THAT(done.output, AllOf(HasSubstr("cost 3, lower bound 3, proven optimal (flow"), HasSubstr("keep 3"),
                                 HasSubstr("2 gateways, 0 without a variant, 2 change"),
                                 HasSubstr("gw-1     big    small"), HasSubstr("gw-2     small  -")));
}

TEST_F(AssignTool, AnswersTheSameWithEachSolverAsJson) {
  const std::string file = Write("f.yaml", std::string(kVariants) + R"(  # and more
gateways_file: list.csv
)");
  Write("list.csv", "gateway,memory_mb,tags.site,boards\ngw-1,1024,\"os\"\"lo, x\",uno nano\n\ngw-2,,,\n");
  for (const std::string solver : {"flow", "branch", "ilp", "z3"}) {
    const Finished done = Assign({file, "--json", "--solver", solver});
    ASSERT_EQ(done.exit_code, 0) << done.output;
    const auto document = nlohmann::json::parse(done.output);
    EXPECT_EQ(document["cost"], 0);
    EXPECT_EQ(document["lower_bound"], 0);
    EXPECT_EQ(document["proven"], true);
    EXPECT_EQ(document["solver"], solver);
    EXPECT_EQ(document["unassigned"], 0);
    EXPECT_EQ(document["costs_by_rule"]["coverage 100"], 0);
    EXPECT_EQ(document["assignment"], (nlohmann::json{{"gw-1", "big"}, {"gw-2", "small"}}));
  }
}

TEST_F(AssignTool, SolvesSeveralApplicationsThatShareTheirGateways) {
  const std::string file = Write("f.yaml", R"(applications:
  - {application: one, priority: 2, variants: [{name: a, demands: {ports: [80]}}], rules: [coverage: 10]}
  - {application: two, variants: [{name: a, demands: {ports: [80]}}], rules: [coverage: 10]}
gateways_file: list.jsonl
)");
  Write("list.jsonl", R"({"gateway": "gw-1", "boards": ["uno"], "tags": {"site": "oslo"}, "runs": {"two": "a"}})");
  const Finished done = Assign({file, "--json"});
  ASSERT_EQ(done.exit_code, 0) << done.output;
  const auto document = nlohmann::json::parse(done.output);
  EXPECT_EQ(document["cost"], 10);
  EXPECT_EQ(document["assignment"]["gw-1"], (nlohmann::json{{"one", "a"}, {"two", nullptr}}));
  EXPECT_EQ(document["unassigned"], (nlohmann::json{{"one", 0}, {"two", 1}}));
}

TEST_F(AssignTool, ReadsWhatDivEnactReads) {
  const std::string file = Write("d.yml", R"(deployments:
  dp0: {vsn: release, compu_lvl: 1, comm_lvl: 1, dp_acc: acc_none, intlmodule: edge}
devices:
  dv0: {env: production, dv_acc: acc_none, network: 4g, powersource: ac}
  dv1: {env: production, dv_acc: acc_none, network: wifi, powersource: ac}
)");
  const Finished done = Assign({file, "--import", "divenact", "--json"});
  ASSERT_EQ(done.exit_code, 0) << done.output;
  const auto document = nlohmann::json::parse(done.output);
  EXPECT_EQ(document["assignment"], (nlohmann::json{{"dv0", "dp0"}, {"dv1", "dp0"}}));
  EXPECT_EQ(document["unassigned"], 0);
}

TEST_F(AssignTool, SaysThatAFleetIsEmptyAndAssignsNothing) {
  const Finished done = Assign({Write("f.yaml", std::string(kVariants) + "gateways: []\n")});
  EXPECT_EQ(done.exit_code, 0);
  EXPECT_THAT(done.output, HasSubstr("the fleet is empty"));
  EXPECT_THAT(done.output, AllOf(HasSubstr("cost 0"), HasSubstr("no gateways")));
}

TEST_F(AssignTool, NamesTheHardRulesThatContradictEachOther) {
  const std::string file = Write("f.yaml", R"(variants: [{name: a}]
rules:
  - coverage: hard
  - {at_most: 0, of: a}
  - {at_most: 5, of: a}
gateways: [{gateway: gw-1}]
)");
  const Finished done = Assign({file});
  EXPECT_EQ(done.exit_code, ExitCode(Code::kConflict));
  EXPECT_THAT(done.output, AllOf(HasSubstr("coverage hard"), HasSubstr("at_most 0 of a"),
                                 testing::Not(HasSubstr("at_most 5 of a"))));
}

struct BadList {
  const char* name;
  const char* list;
  const char* message;
};
class BadGatewayLists : public AssignTool, public testing::WithParamInterface<BadList> {};

TEST_P(BadGatewayLists, AreRefusedWithTheirLine) {
  const BadList& bad = GetParam();
  const std::string file = Write("f.yaml", kVariants + std::string("gateways_file: ") + bad.name + "\n");
  Write(bad.name, bad.list);
  const Finished done = Assign({file});
  EXPECT_EQ(done.exit_code, ExitCode(Code::kInvalid)) << done.output;
  EXPECT_THAT(done.output, HasSubstr(bad.message));
}

INSTANTIATE_TEST_SUITE_P(
    Lists, BadGatewayLists,
    testing::Values(
        BadList{"a.csv", "gateway,memroy_mb\n", "a.csv:1: unknown attribute \"memroy_mb\" (did you mean"},
        BadList{"b.csv", "gateway,memory_mb\ngw-1,nan\n", "b.csv:2: memory_mb: \"nan\" is not a whole number"},
        BadList{"c.csv", "gateway,cpus\ngw-1,1,2\n", "c.csv:2: 3 cells, but the first line names 2"},
        BadList{"d.csv", "gateway\ngw-1\ngw-1\n", "d.csv:3: gateway \"gw-1\" is there twice"},
        BadList{"e.csv", "gateway\n\"gw-1\n", "e.csv:2: a quote is not closed"},
        BadList{"f.jsonl", "{\"gateway\": \"gw-1\"}\n[1]\n", "f.jsonl:2: expected one JSON object"},
        BadList{"g.jsonl", "{\"gateway\": \"gw-1\", \"cpus\": NaN}\n", "g.jsonl:1: expected one JSON object"},
        BadList{"h.jsonl", "{\"gateway\": \"gw-1\", \"cpus\": 1.5}\n", "cpus: \"1.5\" is not a whole number"},
        BadList{"i.jsonl", "{\"gateway\": \"gw-1\", \"boards\": \"uno\"}\n", "boards: expected a list"},
        BadList{"j.txt", "gw-1\n", "is it CSV or JSON Lines?"},
        BadList{"k.jsonl", "{\"arch\": \"x\"}\n", "k.jsonl:1: a gateway has no name"}),
    [](const auto& instance) { return std::string(1, instance.param.name[0]); });

TEST_F(AssignTool, SaysWhichListCanNotBeOpened) {
  const Finished done = Assign({Write("f.yaml", std::string(kVariants) + "gateways_file: none.csv\n")});
  EXPECT_EQ(done.exit_code, ExitCode(Code::kNotFound));
  EXPECT_THAT(done.output, HasSubstr("f.yaml:5: gateways_file: "));
}

TEST_F(AssignTool, SendsALargeFleetIntoAListOfItsOwn) {
  const Finished done = Assign({Write("f.yaml", std::string(2'000'000, '#'))});
  EXPECT_EQ(done.exit_code, ExitCode(Code::kInvalid));
  EXPECT_THAT(done.output, HasSubstr("gateways_file"));
}

TEST_F(AssignTool, SolvesTheExampleOfItsDocumentWithoutAWarning) {
  const std::string text = *ReadFile(std::string(MOTLEY_SOURCE_DIR) + "/docs/fleet-file.md", 1 << 20);
  const auto begin = text.find("```yaml\n") + 8;
  const Finished done = Assign({Write("f.yaml", text.substr(begin, text.find("```", begin) - begin))});
  EXPECT_EQ(done.exit_code, 0) << done.output;
  EXPECT_THAT(done.output, testing::StartsWith("cost "));
}

}  // namespace
}  // namespace motley::tests
