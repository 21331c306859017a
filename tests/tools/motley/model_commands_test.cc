#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/files/files.h"
#include "tests/common/genesis/greenhouse.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::tests {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr char kBefore[] =
    "components:\n"
    "  broker: {kind: process, command: [/usr/bin/broker]}\n"
    "  reader: {kind: process, command: [/usr/bin/reader], depends_on: [broker]}\n";
constexpr char kAfter[] =
    "components:\n"
    "  broker: {kind: process, command: [/usr/bin/broker, -v]}\n"
    "  writer: {kind: process, command: [/usr/bin/writer], depends_on: [broker]}\n";

class MotleyModel : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string Write(const std::string& name, const json& model) { return Write(name, model.dump(1)); }

  /// With neither a controller nor a state folder to be found.
  static Finished Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {Built("motley"), "model"});
    return RunProgram(arguments, {{"MOTLEY_STATE", "/nonexistent"}, {"NO_COLOR", "1"}});
  }

  TemporaryFolder folder_;
};

TEST_F(MotleyModel, ImportPrintsTheVerdictAsJson) {
  const Finished valid = Run({"import", Write("a.json", Greenhouse()), "--json"});
  EXPECT_EQ(valid.exit_code, 0);
  const json verdict = json::parse(valid.output);
  EXPECT_EQ(verdict["valid"], true);
  EXPECT_THAT(verdict["errors"], IsEmpty());
  EXPECT_EQ(verdict["components"], 8);
  EXPECT_EQ(verdict["hostings"], 4);
  EXPECT_EQ(verdict["first_deployment"],
            (json{{"hosts", 4}, {"added", 4}, {"hosted", 4}, {"links", 2}, {"deployer", 1}}));

  json model = Greenhouse();
  model["containments"].erase(0);
  const Finished invalid = Run({"import", Write("b.json", model), "--json"});
  EXPECT_EQ(invalid.exit_code, 1);
  EXPECT_EQ(json::parse(invalid.output)["errors"], json({"Broker has no host!"}));
}

TEST_F(MotleyModel, ImportMakesAModelFileThatDiffersInNothing) {
  json model = Greenhouse();
  // The key of another machine is for people to find out.
  ComponentOf(model, "Shed")["ip"] = "127.0.0.1";
  const std::string genesis = Write("a.json", model);
  EXPECT_EQ(Run({"import", genesis, "--output", folder_ / "a.yaml"}).exit_code, 0);
  EXPECT_EQ(Run({"validate", folder_ / "a.yaml"}).exit_code, 0);
  const Finished diff = Run({"diff", genesis, folder_ / "a.yaml"});
  EXPECT_EQ(diff.exit_code, 0) << diff.output;
  EXPECT_THAT(diff.output, HasSubstr("0 steps"));
}

TEST_F(MotleyModel, ImportKeepsSecretsFromEverybodyElse) {
  json model = Greenhouse();
  ComponentOf(model, "Logger")["ssh_resource"]["startCommand"] = "DB_PASSWORD=canary ./logger &";
  const std::string genesis = Write("a.json", model);
  const Finished told = Run({"import", genesis});
  EXPECT_THAT(told.output, AllOf(Not(HasSubstr("canary")), HasSubstr("${secret.logger-password}"),
                                 HasSubstr("--secrets FILE keeps them")));
  EXPECT_THAT(Run({"show", genesis, "--json"}).output, Not(HasSubstr("canary")));

  const std::string secrets = folder_ / "secrets.yaml";
  EXPECT_THAT(Run({"import", genesis, "--secrets", secrets}).output, Not(HasSubstr("canary")));
  EXPECT_THAT(ReadFile(secrets, 1000).value(), HasSubstr("logger-password: \"canary\""));
  struct stat status {};
  ASSERT_EQ(stat(secrets.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(MotleyModel, ImportSaysWhatIsWrongAndWhere) {
  const Finished import = Run({"import", Write("a.json", std::string("{\"components\": []\n\"links\": []}"))});
  EXPECT_EQ(import.exit_code, 1);
  EXPECT_THAT(import.output, AllOf(HasSubstr("motley: error: not JSON: a comma is missing"),
                                   HasSubstr("motley: warning: line 1, column 18: put a comma here")));
  EXPECT_EQ(Run({"import", folder_ / "gone.json"}).exit_code, 3);
}

TEST_F(MotleyModel, DiffPrintsTheStepsWithTheirWavesAndUndo) {
  const std::string before = Write("before.yaml", std::string(kBefore));
  const std::string after = Write("after.yaml", std::string(kAfter));
  const Finished text = Run({"diff", before, after});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.output, StartsWith("WAVE  STEP  DO      COMPONENT  KIND"));
  const Finished steps = Run({"diff", before, after, "--json"});
  const json list = json::parse(steps.output)["steps"];
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0], (json{{"action", "remove"},
                           {"component", "reader"},
                           {"kind", "process"},
                           {"reason", "not wanted any more"},
                           {"after", json::array()},
                           {"undo", "apply again"}}));
  EXPECT_EQ(list[1]["undo"], "apply what was there before");
  EXPECT_EQ(list[2]["component"], "writer");
  EXPECT_EQ(list[2]["after"], json({0, 1}));
  EXPECT_EQ(json::parse(Run({"diff", before, before, "--json"}).output), (json{{"steps", json::array()}}));
}

TEST_F(MotleyModel, DiffComparesWhatArtifactsHold) {
  const std::string model =
      "artifacts: {data: {file: data.bin}}\n"
      "components:\n"
      "  data: {kind: file, path: /srv/data.bin, artifact: data}\n";
  std::filesystem::create_directories(folder_ / "old");
  Write("old/data.bin", std::string("1"));
  Write("data.bin", std::string("2"));
  const Finished diff = Run({"diff", Write("old/model.yaml", model), Write("model.yaml", model)});
  EXPECT_THAT(diff.output, AllOf(HasSubstr("apply"), HasSubstr("digest differs")));
}

TEST_F(MotleyModel, ValidateTellsAllProblemsOfAllFiles) {
  const std::string good = Write("good.yaml", std::string(kBefore));
  const std::string bad = Write("bad.yaml", std::string("components:\n  a: {kind: process, depends_on: [b]}\n"));
  EXPECT_EQ(Run({"validate", good}).exit_code, 0);
  const Finished text = Run({"validate", good, bad});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.output,
              AllOf(HasSubstr("good.yaml: valid"), HasSubstr("bad.yaml:2: component \"a\" depends on \"b\""),
                    HasSubstr("neither an artifact nor a command"), HasSubstr("not valid, 2 problems")));
  const json verdict = json::parse(Run({"validate", good, bad, "--json"}).output);
  EXPECT_EQ(verdict["valid"], false);
  EXPECT_EQ(verdict["files"][0]["valid"], true);
  EXPECT_EQ(verdict["files"][1]["problems"].size(), 2U);
}

TEST_F(MotleyModel, ValidateMissesAnArtifactThatIsNotThere) {
  const std::string file = Write("a.yaml", std::string("artifacts: {data: {file: gone.bin}}\n"
                                                       "components:\n"
                                                       "  data: {kind: file, path: /srv/x, artifact: data}\n"));
  EXPECT_THAT(Run({"validate", file}).output, HasSubstr("a.yaml:1: artifact \"data\": there is no file"));
}

TEST_F(MotleyModel, ShowDrawsATreeWithLinks) {
  const Finished tree = Run({"show", Write("a.json", Greenhouse())});
  EXPECT_EQ(tree.exit_code, 0);
  EXPECT_THAT(tree.output, AllOf(HasSubstr("gateway\n  logger  script\n"), HasSubstr("\n  gate  container engine\n"),
                                 HasSubstr("\nshed-ssh  ssh grower@192.0.2.7\n  shed  container engine\n    logic  "),
                                 HasSubstr("\n      logic-flow  plugin node-red\n"), HasSubstr("needs in (mandatory)"),
                                 HasSubstr("logic/out    ->  valves/in  flash     deployer")));
}

TEST_F(MotleyModel, ShowDrawsAGraphThatDotUnderstands) {
  json model = Greenhouse();
  ComponentOf(model, "Broker")["docker_resource"]["image"] = "a\"b\\n\x1b";
  const Finished graph = Run({"show", Write("a.json", model), "--dot"});
  EXPECT_THAT(graph.output, StartsWith("digraph model {"));
  const Finished drawn = RunProgram({"dot", "-Tplain", Write("a.dot", graph.output)});
  EXPECT_EQ(drawn.exit_code, 0) << drawn.output;
  EXPECT_THAT(drawn.output, AllOf(HasSubstr("node broker "), HasSubstr("edge broker logic "), HasSubstr(" dashed ")));
}

TEST_F(MotleyModel, SchemaPrintsTheJsonSchemaOfEachKindOfFiles) {
  for (const std::string kind : {"model", "release", "template", "variant"}) {
    const Finished schema = RunProgram({Built("motley"), kind, "schema"}, {{"MOTLEY_STATE", "/nonexistent"}});
    EXPECT_EQ(schema.exit_code, 0);
    EXPECT_EQ(json::parse(schema.output)["title"], "Motley " + kind + " file");
  }
}

TEST_F(MotleyModel, ShowNamesTheFileOfAModelThatIsNotValid) {
  json model = Greenhouse();
  model["containments"].erase(0);
  const Finished show = Run({"show", Write("a.json", model)});
  EXPECT_EQ(show.exit_code, 2);
  EXPECT_THAT(show.output, HasSubstr("a.json: Broker has no host!"));
  EXPECT_THAT(Run({"show", Write("b.yaml", std::string(kBefore)), "--variant", "x"}).output,
              HasSubstr("is no release file, so it has no variant \"x\""));
}

}  // namespace
}  // namespace motley::tests
