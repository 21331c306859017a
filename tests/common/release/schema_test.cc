#include "common/release/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "common/release/library.h"
#include "common/release/model_file.h"
#include "common/release/release.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley {
namespace {

using nlohmann::json;
using Keys = std::set<std::string>;

/// All objects of a schema that have fixed keys, by their place in it.
void Collect(const json& node, const std::string& place, std::map<std::string, Keys>& objects) {
  if (!node.is_structured()) return;
  if (node.is_object() && node.contains("properties") && node.contains("additionalProperties")) {
    for (const auto& [key, value] : node["properties"].items()) objects[place].insert(key);
  }
  for (const auto& [key, value] : node.items()) Collect(value, place + "/" + key, objects);
}

/// The keys that the parser says it knows at the place of an unknown one.
Keys KnownKeys(const std::string& message) {
  const std::string marker = "; known are ";
  const auto at = message.find(marker);
  EXPECT_NE(at, std::string::npos) << message;
  if (at == std::string::npos) return {};
  std::istringstream words(message.substr(at + marker.size()));
  Keys keys;
  for (std::string word; words >> word;) {
    if (word.starts_with('(')) break;
    keys.insert(word.ends_with(',') ? word.substr(0, word.size() - 1) : word);
  }
  return keys;
}

/// Where each object of the schema stands in a file, with an unknown key in it.
const std::map<std::string, std::string>& ModelPlaces() {
  static const auto kComponent = [](const std::string& rest) { return "components: {a: {kind: " + rest + "}}"; };
  static const std::string kPort = "process, provides: {p: ";
  static const std::map<std::string, std::string> kPlaces{
      {"", "zzzzzzzzzz: 1"},
      {"/$defs/artifact", "artifacts: {a: {zzzzzzzzzz: 1}}"},
      {"/$defs/host", "hosts: {a: {zzzzzzzzzz: 1}}"},
      {"/$defs/host/properties/ssh", "hosts: {a: {ssh: {zzzzzzzzzz: 1}}}"},
      {"/$defs/host/properties/container_engine", "hosts: {a: {container_engine: {zzzzzzzzzz: 1}}}"},
      {"/$defs/host/properties/external", "hosts: {a: {external: {zzzzzzzzzz: 1}}}"},
      {"/$defs/provided_port", kComponent(kPort + "{zzzzzzzzzz: 1}}")},
      {"/$defs/required_port", kComponent("process, requires: {p: {zzzzzzzzzz: 1}}")},
      {"/$defs/capability", kComponent(kPort + "{capabilities: [{zzzzzzzzzz: 1}]}}")},
      {"/$defs/link", "links: [{zzzzzzzzzz: 1}]"},
      {"/$defs/health", kComponent("process, health: {zzzzzzzzzz: 1}")},
      {"/$defs/http_check", kComponent("process, health: {http: {zzzzzzzzzz: 1}}")},
      {"/$defs/tcp_check", kComponent("process, health: {tcp: {zzzzzzzzzz: 1}}")},
      {"/$defs/script_check", kComponent("process, health: {script: {zzzzzzzzzz: 1}}")},
      {"/$defs/resources", kComponent("process, resources: {zzzzzzzzzz: 1}")},
      {"/$defs/limits", kComponent("process, limits: {zzzzzzzzzz: 1}")},
      {"/$defs/port_binding_keys", kComponent("container, ports: [{zzzzzzzzzz: 1}]")},
      {"/$defs/mount_keys", kComponent("container, mounts: [{zzzzzzzzzz: 1}]")},
      {"/$defs/device_keys", kComponent("container, devices: [{zzzzzzzzzz: 1}]")},
      {"/$defs/process", kComponent("process, zzzzzzzzzz: 1")},
      {"/$defs/file", kComponent("file, zzzzzzzzzz: 1")},
      {"/$defs/script", kComponent("script, zzzzzzzzzz: 1")},
      {"/$defs/firmware", kComponent("firmware, zzzzzzzzzz: 1")},
      {"/$defs/container", kComponent("container, zzzzzzzzzz: 1")},
      {"/$defs/archive", kComponent("archive, zzzzzzzzzz: 1")},
      {"/$defs/package", kComponent("package, zzzzzzzzzz: 1")},
      {"/$defs/plugin", kComponent("plugin, zzzzzzzzzz: 1")}};
  return kPlaces;
}

TEST(Schema, OfModelFilesHasTheKeysThatTheParserKnows) {
  std::map<std::string, Keys> objects;
  Collect(json::parse(ModelSchema()), "", objects);
  for (const auto& [place, text] : ModelPlaces()) {
    const auto parsed = ParseModelFile("m", text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(objects[place], KnownKeys(parsed.error().message)) << place << "\n" << parsed.error().message;
    objects.erase(place);
  }
  for (const auto& [place, keys] : objects) ADD_FAILURE() << place << " is not compared with the parser";
}

/// Compares the keys of the objects at some places of a schema with those that the parser knows there.
template <typename Parse>
void CompareKeys(const std::string& schema, const std::map<std::string, std::string>& places, Parse parse) {
  std::map<std::string, Keys> objects;
  Collect(json::parse(schema), "", objects);
  for (const auto& [place, text] : places) {
    const auto parsed = parse("f", text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(objects[place], KnownKeys(parsed.error().message)) << place << "\n" << parsed.error().message;
  }
}

TEST(Schema, OfReleaseTemplateAndVariantFilesHasTheKeysThatTheParserKnows) {
  const std::string start = "application: a\nversion: 1.0.0\n";
  CompareKeys(ReleaseSchema(),
              {{"", "zzzzzzzzzz: 1"},
               {"/$defs/template", start + "variants: [{name: a}]\ntemplate: {zzzzzzzzzz: 1}"},
               {"/$defs/variant", start + "template: {}\nvariants: [{name: a, zzzzzzzzzz: 1}]"}},
              [](const std::string& name, const std::string& text) { return ParseReleaseFile(name, text); });
  CompareKeys(TemplateSchema(),
              {{"", "zzzzzzzzzz: 1"},
               {"/$defs/template", "name: a\nversion: 1.0.0\ntemplate: {zzzzzzzzzz: 1}"},
               {"/$defs/parameter", "name: a\nversion: 1.0.0\nparameters: {p: {zzzzzzzzzz: 1}}"}},
              ParseTemplateFile);
  CompareKeys(VariantSchema(), {{"", "zzzzzzzzzz: 1"}}, ParseVariantFile);
}

TEST(Schema, OfAnyFileSaysTheSameAboutWhatItSharesWithModels) {
  const json model = json::parse(ModelSchema());
  for (const std::string& text : {ReleaseSchema(), TemplateSchema()}) {
    const json schema = json::parse(text);
    for (const auto& [name, definition] : model["$defs"].items()) {
      if (name == "parameters") continue;
      EXPECT_EQ(schema["$defs"][name], definition) << name;
    }
  }
}

/// What `judge` says about each file, and what the parser does.
void Compare(std::string_view schema, const std::vector<std::string>& texts,
             const std::function<std::string(const std::string&)>& fault) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder / "schema.json") << schema;
  std::vector<std::string> arguments{"python3", MOTLEY_SOURCE_DIR "/tests/common/release/judge.py",
                                     folder / "schema.json"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    arguments.push_back(folder / (std::to_string(i) + ".yaml"));
    std::ofstream(arguments.back()) << texts[i];
  }
  const tests::Finished judged = tests::RunProgram(arguments);
  ASSERT_EQ(judged.exit_code, 0) << judged.output;
  std::istringstream lines(judged.output);
  for (const std::string& text : texts) {
    std::string verdict;
    ASSERT_TRUE(std::getline(lines, verdict)) << judged.output;
    const std::string problem = fault(text);
    EXPECT_EQ(verdict == "good", problem.empty()) << text << "\nschema: " << verdict << "\nparser: " << problem;
  }
}

TEST(Schema, AndTheParserOfModelFilesJudgeTheSame) {
  const auto component = [](const std::string& text) { return "components: {a: {" + text + "}}"; };
  const auto health = [&](const std::string& text) {
    return component("kind: process, command: [x], health: " + text);
  };
  const auto container = [&](const std::string& text) { return component("kind: container, image: x, " + text); };
  const auto capability = [&](const std::string& text) {
    return component("kind: process, command: [x], provides: {p: {capabilities: [" + text + "]}}");
  };
  const std::vector<std::string> texts{
      "{}",
      "components: {}",
      "components: []",
      "hosts: {b: {mcu: uno}}",
      "hosts: {b: {}}",
      "hosts: {B: {mcu: uno}}",
      "hosts: {b: {mcu: uno, external: {}}}",
      "hosts: {b: {serial_number: 1}}",
      "hosts: {b: {mcu: uno, serial_number: 1}}",
      "hosts: {b: {container_engine: {}}}",
      "hosts: {b: {ssh: {address: x}}}",
      "hosts: {b: {mcu: [uno]}}",
      component("kind: process, command: [x]"),
      component("kind: process"),
      component("command: [x]"),
      component("kind: proces, command: [x]"),
      component("kind: process, command: x"),
      component("kind: process, command: [x], restart: never"),
      component("kind: process, command: [x], restart: no"),
      component("kind: process, command: [x], confirm_ms: 0"),
      component("kind: process, command: [x], confirm_ms: '5'"),
      component("kind: process, command: [x], confirm_ms: five"),
      component("kind: process, command: [x], user: www"),
      component("kind: file, path: /x, content: ''"),
      component("kind: file, path: /x"),
      component("kind: file, content: ''"),
      component("kind: file, path: /x, content: '', mode: '0644'"),
      component("kind: file, path: /x, content: '', mode: '9'"),
      component("kind: file, path: /x, content: '', user: www"),
      component("kind: file, path: /x, content: '', owner: www-data, group: 33"),
      component("kind: file, path: /x, content: '', owner: 'a b'"),
      component("kind: file, path: /x, content: '', group: -x"),
      component("kind: script, apply: x, undo: y"),
      component("kind: script, undo: y"),
      component("kind: package, package: jq"),
      component("kind: package"),
      component("kind: plugin, plugin: p, config: {a: [1, {b: null}]}"),
      component("kind: plugin, plugin: p, config: [1]"),
      component("kind: plugin"),
      component("kind: script, apply: x, limits: {cpus: 0.5}"),
      component("kind: script, apply: x, limits: {cpus: 0}"),
      component("kind: script, apply: x, limits: {cpus: many}"),
      component("kind: script, apply: x, limits: {pids: 0}"),
      component("kind: script, apply: x, resources: {disk_mb: 1}"),
      component("kind: package, package: jq, limits: {pids: 1}"),
      health("{http: 'http://x'}"),
      health("{http: {url: 'http://x', status: 204}}"),
      health("{http: {status: 204}}"),
      health("{http: {url: 'http://x', status: 99}}"),
      health("{tcp: 80}"),
      health("{tcp: 0}"),
      health("{tcp: {address: x}}"),
      health("{script: x}"),
      health("{script: {content: x, endpoint: y}}"),
      health("{script: {endpoint: y}}"),
      health("{http: 'http://x', tcp: 80}"),
      health("{retries: 3}"),
      health("{retries: 1001}"),
      container("ports: ['80:80', '127.0.0.1:53:53/udp', {host_port: 1, container_port: 2}]"),
      container("ports: ['80']"),
      container("ports: ['1:2/sctp']"),
      container("ports: [{host_port: 1}]"),
      container("ports: '80:80'"),
      container("mounts: ['/a:/b', {source: v, target: /c}]"),
      container("mounts: [/a]"),
      container("mounts: ['/a:/b:x']"),
      container("devices: [/dev/x, {path_on_host: /dev/y}]"),
      container("devices: [{permissions: r}]"),
      container("labels: {a: b}"),
      container("labels: [a]"),
      component("kind: container"),
      capability("{security: AC-3}"),
      capability("{hardware: /dev/x, permissions: rw}"),
      capability("{name: x}"),
      capability("{software: a, hardware: b}"),
      component("kind: process, command: [x], provides: {p: {type: execution}}"),
      component("kind: process, command: [x], provides: {p: {type: other}}"),
      component("kind: process, command: [x], provides: {p: {port: 65536}}"),
      component("kind: process, command: [x], provides: {p: {mandatory: true}}"),
      component("kind: process, command: [x], requires: {p: {mandatory: false}}"),
      component("kind: process, command: [x], requires: {p: {mandatory: maybe}}"),
      "components: {a: {kind: process, command: [x], provides: {p: {}}, requires: {q: {}}}}\nlinks: [{from: a/p, to: "
      "a/q}]",
      "links: [{from: a/p}]",
      "links: {}",
      "parameters: {secret.x: 1}",
      "application: x",
      "artifacts: {a: {file: x}}\ncomponents: {a: {kind: process, artifact: a}}",
      "artifacts: {a: {}}\ncomponents: {a: {kind: process, artifact: a}}",
      "artifacts: {a: {digest: x}}\ncomponents: {a: {kind: process, artifact: a}}"};
  Compare(ModelSchema(), texts, [](const std::string& text) {
    const auto file = ParseModelFile("m", text);
    if (!file) return file.error().message;
    return file->problems.empty() ? "" : file->problems.front();
  });
}

TEST(Schema, AndTheParserOfReleaseFilesJudgeTheSame) {
  const std::string body = "template: {components: {a: {kind: script, apply: x}}}\n";
  const std::string start = "application: a\nversion: 1.0.0\n" + body;
  const std::vector<std::string> texts{start + "variants: [{name: v}]",
                                       start + "variants: [{name: v, prefer: 3, when: 'memory_mb > 3'}]",
                                       start + "variants: []",
                                       start,
                                       "application: a\n" + body + "variants: [{name: v}]",
                                       "application: A\nversion: 1.0.0\n" + body + "variants: [{name: v}]",
                                       "application: a\nversion: one\n" + body + "variants: [{name: v}]",
                                       start + "variants: [{prefer: 3}]",
                                       start + "variants: [{name: v, prefer: many}]",
                                       start + "variants: [{name: v, without: a}]",
                                       start + "variants: [{name: v, without: [a]}]",
                                       start + "variants: [{name: v, parameters: {version: 1}}]",
                                       start + "variants: [{name: v, template: {}}]",
                                       "application: a\nversion: 1.0.0\ntemplate: {components: {a: {kind: script, "
                                       "apply: '${p}'}}}\nvariants: [{name: v, "
                                       "parameters: {p: 1}}]"};
  Compare(ReleaseSchema(), texts, [](const std::string& text) {
    const auto draft = ParseReleaseFile("r", text);
    return draft ? "" : draft.error().message;
  });
}

TEST(Schema, AndTheParserOfTemplateFilesJudgeTheSame) {
  const std::string body = "template: {components: {a: {kind: script, apply: x}}}\n";
  const std::string start = "name: a\nversion: 1.0.0\n";
  const auto parameter = [&](const std::string& text) {
    return start + "parameters: {p: " + text + "}\ntemplate: {components: {a: {kind: script, apply: '${p}'}}}\n";
  };
  const std::vector<std::string> texts{start + body,
                                       start,
                                       "name: a\n" + body,
                                       "version: 1.0.0\n" + body,
                                       "name: A\nversion: 1.0.0\n" + body,
                                       "name: a\nversion: one\n" + body,
                                       start + "template: blink@1.0.0\n",
                                       start + "variants: []\n" + body,
                                       start + "description: x\n" + body,
                                       start + "artifacts: []\n" + body,
                                       start + "template: {components: {a: {kind: proces, command: [x]}}}\n",
                                       parameter("5"),
                                       parameter("[5]"),
                                       parameter("{default: 5}"),
                                       parameter("{example: 5}"),
                                       parameter("{default: 5, example: 6}"),
                                       parameter("{description: x}"),
                                       parameter("{default: 5, type: integer, description: x, one_of: [5, 6]}"),
                                       parameter("{default: 5, type: whole}"),
                                       parameter("{default: 5, one_of: 5}"),
                                       parameter("{default: 5, minimum: 1}"),
                                       start + "parameters: {version: 1}\n" + body,
                                       start + "parameters: {secret.x: 1}\n" + body};
  Compare(TemplateSchema(), texts, [](const std::string& text) {
    const auto draft = ParseTemplateFile("t", text);
    return draft ? "" : draft.error().message;
  });
}

TEST(Schema, AndTheParserOfVariantFilesJudgeTheSame) {
  const std::string start = "name: v\nversion: 1.0.0\ntemplate: blink@1.0.0\n";
  const std::vector<std::string> texts{start,
                                       "version: 1.0.0\ntemplate: blink@1.0.0\n",
                                       "name: v\ntemplate: blink@1.0.0\n",
                                       "name: v\nversion: 1.0.0\n",
                                       "name: V\nversion: 1.0.0\ntemplate: blink@1.0.0\n",
                                       "name: v\nversion: 1.0.0\ntemplate: blink\n",
                                       "name: v\nversion: 1.0.0\ntemplate: {}\n",
                                       start + "prefer: 10\nwhen: memory_mb > 3\ndescription: x\n",
                                       start + "prefer: many\n",
                                       start + "parameters: {period: 1, image: fast}\nwithout: [a]\n",
                                       start + "parameters: {variant: x}\n",
                                       start + "parameters: [x]\n",
                                       start + "without: a\n",
                                       start + "use: x@1.0.0\n"};
  Compare(VariantSchema(), texts, [](const std::string& text) {
    const auto content = ParseVariantFile("v", text);
    return content ? "" : content.error().message;
  });
}

std::string TextOf(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Schema, OfReleaseFilesTakesEveryExample) {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(MOTLEY_SOURCE_DIR "/deploy/examples")) {
    // Boards are described in a format of the agent's.
    if (entry.path().extension() != ".yaml" || entry.path().filename() == "boards.yaml") continue;
    texts.push_back(TextOf(entry.path()));
  }
  ASSERT_GE(texts.size(), 2u);
  Compare(ReleaseSchema(), texts, [](const std::string& text) {
    const auto draft = ParseReleaseFile("r", text);
    return draft ? "" : draft.error().message;
  });
}

/// What stands between the fences of docs/templates.md: a template, a variant, a release.
TEST(Schema, TakesWhatTheDocumentationShows) {
  const std::string text = TextOf(MOTLEY_SOURCE_DIR "/docs/templates.md");
  std::vector<std::string> blocks;
  for (auto begin = text.find("```yaml\n"); begin != std::string::npos; begin = text.find("```yaml\n", begin)) {
    begin += 8;
    blocks.push_back(text.substr(begin, text.find("```", begin) - begin));
  }
  ASSERT_EQ(blocks.size(), 3u);
  const auto sound = [](const std::string&) { return std::string(); };
  Compare(TemplateSchema(), {blocks[0]}, sound);
  Compare(VariantSchema(), {blocks[1]}, sound);
  Compare(ReleaseSchema(), {blocks[2]}, sound);
}

}  // namespace
}  // namespace motley
