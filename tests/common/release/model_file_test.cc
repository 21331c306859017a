#include "common/release/model_file.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "common/files/files.h"

namespace motley {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kDigest = "sha256:" + std::string(64, 'a');

ModelFile Parse(const std::string& text) {
  auto file = ParseModelFile("m.yaml", text);
  EXPECT_TRUE(file.has_value()) << file.error().message << "\n" << text;
  return file ? *file : ModelFile();
}

std::string ErrorOf(const std::string& text) {
  const auto file = ParseModelFile("m.yaml", text);
  return file ? "none" : file.error().message;
}

void ExpectComponent(const std::string& yaml, const std::string& proto) {
  const ModelFile file =
      Parse("artifacts: {f: {digest: \"" + kDigest +
            "\", size_bytes: 7}}\ncomponents:\n  used: {kind: " + "file, path: /x, artifact: f}\n  a:\n" + yaml);
  v1::Component expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(proto, &expected)) << proto;
  expected.set_name("a");
  ASSERT_EQ(file.model.components_size(), 2);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(file.model.components(1), expected))
      << file.model.components(1).DebugString() << "instead of\n"
      << expected.DebugString();
}

TEST(ModelFile, SaysAllThatAComponentCan) {
  ExpectComponent(R"(
    kind: process
    command: [web, --port, 80]
    user: www
    depends_on: [used]
    follows: [used]
    properties: {colour: red, count: 3}
    resources: {memory_mb: 64, disk_mb: 8}
    limits: {memory_mb: 128, cpus: 0.5, pids: 10, disk_mb: 100}
    health: {http: http://127.0.0.1:80/, start_period_ms: 1, interval_ms: 2, timeout_ms: 3, retries: 4}
    provides:
      http:
        port: 80
        protocol: tcp
        type: communication
        capabilities:
          - {security: AC-3, description: who may}
          - {hardware: /dev/gpiochip0, permissions: rw, name: gpio}
          - {software: python, version: "3.11"}
    requires:
      db: {mandatory: true}
      run: {type: execution}
)",
                  R"(
    process { command: "web" command: "--port" command: "80" }
    user: "www" depends_on: "used" follows: "used"
    properties { key: "colour" value: "red" } properties { key: "count" value: "3" }
    resources { memory_mb: 64 disk_mb: 8 }
    limits { memory_mb: 128 cpu_millis: 500 pids: 10 disk_mb: 100 }
    health { http { url: "http://127.0.0.1:80/" } start_period_ms: 1 interval_ms: 2 timeout_ms: 3 retries: 4 }
    provided_ports {
      name: "http" number: 80 protocol: "tcp" type: TYPE_COMMUNICATION
      capabilities { name: "AC-3" security { control_id: "AC-3" description: "who may" } }
      capabilities { name: "gpio" hardware { path: "/dev/gpiochip0" permissions: "rw" } }
      capabilities { name: "python" software { version: "3.11" } }
    }
    required_ports { name: "db" mandatory: true }
    required_ports { name: "run" type: TYPE_EXECUTION })");
}

TEST(ModelFile, TakesHealthChecksInShortAndInLong) {
  const std::string start = "    kind: process\n    command: [x]\n    health: ";
  ExpectComponent(start + "{http: {url: http://x, status: 204}}",
                  R"(process { command: "x" } health { http { url: "http://x" status: 204 } })");
  ExpectComponent(start + "{tcp: 8080}", R"(process { command: "x" } health { tcp { port: 8080 } })");
  ExpectComponent(start + "{tcp: {address: 10.0.0.1, port: 1}}",
                  R"(process { command: "x" } health { tcp { address: "10.0.0.1" port: 1 } })");
  ExpectComponent(start + "{script: test -e /x}",
                  R"(process { command: "x" } health { script { content: "test -e /x" } })");
  ExpectComponent(
      start + "{script: {artifact: f, endpoint: e}}",
      R"(process { command: "x" } health { script { endpoint: "e" artifact { name: "f" size_bytes: 7 digest: ")" +
          kDigest + R"(" } } })");
}

TEST(ModelFile, TakesContainersAsTheEnginesProgramsHaveThem) {
  ExpectComponent(R"(
    kind: container
    image: docker.io/library/nginx:1.25
    entrypoint: [/entry]
    command: [-g, x]
    environment: {A: 1}
    ports: ["8080:80", "127.0.0.1:53:53/udp", "[::1]:1:2/tcp", {host_port: 3, container_port: 4, host_address: 10.0.0.1}]
    mounts: ["/data:/data:ro", "volume:/v", {source: "/a:b", target: /c, read_only: true}]
    devices: [/dev/ttyUSB0, "/dev/a:/dev/b:rw", {path_on_host: /dev/c, permissions: r}]
    network: host
    labels: {l: v}
    restart: never
    stop_timeout_ms: 5
    confirm_ms: 6
)",
                  R"(container {
    image: "docker.io/library/nginx:1.25" entrypoint: "/entry" command: "-g" command: "x"
    environment { key: "A" value: "1" }
    ports { host_port: 8080 container_port: 80 }
    ports { host_port: 53 container_port: 53 protocol: "udp" host_address: "127.0.0.1" }
    ports { host_port: 1 container_port: 2 protocol: "tcp" host_address: "::1" }
    ports { host_port: 3 container_port: 4 host_address: "10.0.0.1" }
    mounts { source: "/data" target: "/data" read_only: true }
    mounts { source: "volume" target: "/v" }
    mounts { source: "/a:b" target: "/c" read_only: true }
    devices { path_on_host: "/dev/ttyUSB0" }
    devices { path_on_host: "/dev/a" path_in_container: "/dev/b" permissions: "rw" }
    devices { path_on_host: "/dev/c" permissions: "r" }
    network: "host" labels { key: "l" value: "v" } restart: RESTART_NEVER stop_timeout_ms: 5 confirm_ms: 6 })");
}

TEST(ModelFile, TakesTheOtherKinds) {
  const std::string ref = R"( { name: "f" size_bytes: 7 digest: ")" + kDigest + "\" }";
  ExpectComponent("    kind: archive\n    archive: f\n    path: /srv/a",
                  "archive { path: \"/srv/a\" archive" + ref + " }");
  ExpectComponent("    kind: package\n    package: jq\n    version: 1.6\n    deb: f",
                  "package { package: \"jq\" version: \"1.6\" deb" + ref + " }");
  ExpectComponent("    kind: plugin\n    plugin: ansible\n    artifacts: [f]",
                  "plugin { plugin: \"ansible\" config: \"{}\" artifacts" + ref + " }");
}

TEST(ModelFile, GivesPluginsTheirConfigAsJson) {
  const auto config = [](const std::string& yaml) {
    return Parse(
               "parameters: {n: 5, t: yes}\ncomponents:\n  a:\n    kind: plugin\n    plugin: p\n    config: {p: "
               "\"${t}${n}\", c: " +
               yaml + "}")
        .model.components(0)
        .plugin()
        .config();
  };
  EXPECT_EQ(config("[1, -2.5, true, null, ~, \"1\", '', x y]"),
            R"({"c":[1,-2.5,true,null,null,"1","","x y"],"p":"yes5"})");
  EXPECT_EQ(config("{b: {}, a: []}"), R"({"c":{"a":[],"b":{}},"p":"yes5"})");
  EXPECT_EQ(config("['${secret.key}', 18446744073709551615, 0x10, 1e3]"),
            R"({"c":["${secret.key}",18446744073709551615,"0x10",1000.0],"p":"yes5"})");
  const ModelFile file = Parse(
      "parameters: {n: 5}\ncomponents:\n  a:\n    kind: plugin\n    plugin: p\n    config:\n      number: ${n}\n      "
      "text: \"${n}\"\n");
  EXPECT_EQ(file.model.components(0).plugin().config(), R"({"number":5,"text":"5"})");
}

TEST(ModelFile, KeepsPluginConfigsInBounds) {
  const std::string start = "components:\n  a:\n    kind: plugin\n    plugin: p\n    config: ";
  EXPECT_THAT(ErrorOf(start + "&a {b: *a}"), HasSubstr("nested more than 32 deep"));
  EXPECT_THAT(ErrorOf(start + "{a: &a [1,1,1,1,1,1,1,1,1,1], b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a], c: &c "
                              "[*b,*b,*b,*b,*b,*b,*b,*b,*b,*b], d: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]}"),
              HasSubstr("more than 10,000 values"));
  EXPECT_THAT(ErrorOf(start + "[1]"), HasSubstr("m.yaml:5: component \"a\" of kind plugin: config: expected keys"));
  EXPECT_THAT(ErrorOf(start + "{a: 99999999999999999999}"), HasSubstr("is too large for a number; write it in quotes"));
  EXPECT_THAT(ErrorOf(start + "{a: 1, a: 2}"), HasSubstr("\"a\" is there twice"));
}

TEST(ModelFile, TakesHostsOfAllTypes) {
  const ModelFile file = Parse(R"(
hosts:
  board: {mcu: uno, serial_number: 7, properties: {place: roof}}
  pi:
    ssh:
      address: pi.local
      port: 2222
      user: motley
      host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPwIpIZUE9RTFDEhUyDbJTxKPYbTI5Gk8RwkvWSb4Tn
      private_key: ${secret.pi-key}
    provides: {os: {type: execution, capabilities: [{software: python}]}}
  engine: {container_engine: {host: pi, socket: /run/podman/podman.sock}}
  own: {container_engine: {}}
  cloud: {external: {address: example.org}, provides: {api: {port: 443}}, requires: {up: {}}}
)");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_EQ(file.model.hosts_size(), 5);
  EXPECT_EQ(file.model.hosts(0).mcu().serial_number(), "7");
  EXPECT_EQ(file.model.hosts(1).ssh().port(), 2222u);
  EXPECT_EQ(file.model.hosts(1).ssh().private_key(), "${secret.pi-key}");
  EXPECT_EQ(file.model.hosts(2).container_engine().host(), "pi");
  EXPECT_TRUE(file.model.hosts(3).has_container_engine());
  EXPECT_EQ(file.model.hosts(4).provided_ports(0).number(), 443u);
}

TEST(ModelFile, NamesLinksAfterTheirEnds) {
  const ModelFile file = Parse(R"(
components:
  db: {kind: process, command: [x], provides: {sql: {}}}
  app: {kind: process, command: [x], requires: {db: {mandatory: true}, log: {}}}
links:
  - {from: db/sql, to: app/db, follow: true}
  - {from: db/sql, to: app/log, name: logs, deployer: true}
)");
  EXPECT_THAT(file.problems, IsEmpty());
  EXPECT_EQ(file.model.links(0).name(), "db/sql->app/db");
  EXPECT_TRUE(file.model.links(0).follow());
  EXPECT_EQ(file.model.links(1).name(), "logs");
  EXPECT_TRUE(file.model.links(1).deployer());
}

TEST(ModelFile, SaysAtWhichLineAnUnsoundThingStands) {
  EXPECT_THAT(Parse("hosts:\n  b: {mcu: ''}\ncomponents:\n  a: {kind: script, apply: x, depends_on: [c]}\n\nlinks:\n  "
                    "- {from: a/x, "
                    "to: a/y}\n")
                  .problems,
              ElementsAre(StartsWith("m.yaml:2: host \"b\" names no type"),
                          StartsWith("m.yaml:7: link \"a/x->a/y\" comes from"), StartsWith("m.yaml:7: link"),
                          StartsWith("m.yaml:4: component \"a\" depends on \"c\"")));
}

TEST(ModelFile, LooksNoFurtherThanTheText) {
  const std::string text = "artifacts: {a: {file: dir/prog}}\ncomponents: {p: {kind: process, artifact: a}}\n";
  const ModelFile file = Parse(text);
  ASSERT_EQ(file.files.size(), 1u);
  EXPECT_EQ(file.files[0].file, "dir/prog");
  EXPECT_EQ(file.model.components(0).process().artifact().digest(), kPlaceholderDigest);
  EXPECT_EQ(file.model.components(0).process().artifact().name(), "prog");
  v1::ArtifactRef ref;
  ref.set_digest(kDigest);
  const auto again = ParseModelFile("m.yaml", text, {{"a", ref}});
  EXPECT_EQ(again->model.components(0).process().artifact().digest(), kDigest);
}

struct Fault {
  const char* text;
  const char* message;
};
class FaultyModelFile : public testing::TestWithParam<Fault> {};

TEST_P(FaultyModelFile, IsToldTheLineAndTheWayOut) {
  EXPECT_THAT(ErrorOf(GetParam().text), AllOf(StartsWith("m.yaml:"), HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultyModelFile,
    testing::Values(
        Fault{"application: x", "m.yaml:1: \"application\" belongs to a release file"},
        Fault{"component: {}", "m.yaml:1: model: unknown key \"component\" (did you mean \"components\"?)"},
        Fault{"hosts: {a: {mcu: uno, external: {}}}", "the host has a type already"},
        Fault{"hosts: {a: {external: {}, serial_number: 1}}", "serial_number goes with a board"},
        Fault{"hosts: {a: {ssh: {adress: x}}}", "host \"a\": ssh: unknown key \"adress\" (did you mean \"address\"?)"},
        Fault{"components:\n  a: {kind: contaner}",
              "m.yaml:2: component \"a\": unknown kind \"contaner\" (did you mean"},
        Fault{"components: {a: {kind: file, user: x}}", "component \"a\" of kind file: unknown key \"user\""},
        Fault{"components: {a: {kind: script, limits: {cpus: 0.0005}}}", "is not a number of CPUs from 0.001 to 4096"},
        Fault{"components: {a: {kind: script, limits: {cpus: -1}}}", "is not a number of CPUs"},
        Fault{"components: {a: {kind: script, limits: {pids: 0}}}", "is not a whole number from 1 to 4194304"},
        Fault{"components: {a: {kind: script, health: {tcp: 1, http: http://x}}}", "keep one of http, tcp and script"},
        Fault{"components: {a: {kind: script, health: {script: {content: x, artifact: y}}}}", "keep one"},
        Fault{"components: {a: {kind: container, ports: [80]}}",
              "ports: \"80\" is not [ADDRESS:]HOST_PORT:CONTAINER_PORT[/udp]; or write it with keys and values"},
        Fault{"components: {a: {kind: container, ports: [\"1:2/x\"]}}", "is not [ADDRESS:]HOST_PORT"},
        Fault{"components: {a: {kind: container, ports: [\"0:2\"]}}", "is not [ADDRESS:]HOST_PORT"},
        Fault{"components: {a: {kind: container, mounts: [/data]}}", "is not SOURCE:TARGET[:ro]"},
        Fault{"components: {a: {kind: container, mounts: [\"/a:/b:rx\"]}}", "is not SOURCE:TARGET[:ro]"},
        Fault{"components: {a: {kind: container, devices: [\"/a:\"]}}", "is not PATH[:PATH_IN_CONTAINER[:rwm]]"},
        Fault{"components: {a: {kind: script, provides: {p: {mandatory: true}}}}", "unknown key \"mandatory\""},
        Fault{"components: {a: {kind: script, provides: {p: {capabilities: [{}]}}}}", "has no type; write security"},
        Fault{"components: {a: {kind: script, provides: {p: {capabilities: [{security: a, software: b}]}}}}",
              "one by one"},
        Fault{"components: {a: {kind: script, provides: {p: {capabilities: [{security: a, version: b}]}}}}",
              "version belongs to software"},
        Fault{"links: [{from: a/b}]", "link: needs from and to, each as OWNER/PORT"},
        Fault{"links: [{from: a/b, to: c/d, follow: sometimes}]", "\"sometimes\" is not true or false"},
        Fault{"parameters: {secret.x: 1}", "secrets have their values from the controller"},
        Fault{"components: {a: {kind: script, apply: \"${secret.X}\"}}", "does not name a secret"},
        Fault{"components: {a: {kind: script, apply: \"a\\0b\"}}", "holds a NUL character"},
        Fault{"components: {a: {kind: script, apply: \"\xff\"}}", "m.yaml:1: holds bytes that are not UTF-8"},
        Fault{"hosts: {}\n---\nhosts: {}",
              "m.yaml:2: what begins here belongs to no value above, or to a second document"},
        Fault{",", "m.yaml:1: what begins here belongs"}, Fault{"parameters: {a: 1}", "parameter \"a\" is not used"},
        Fault{"components: {a: {kind: process, artifact: x}}", "wants artifact \"x\", which is not under artifacts"}));

TEST(ModelFile, DoesNotGrowWithoutEnd) {
  std::string text = "parameters:\n  a: \"" + std::string(1000, 'x') + "\"\ncomponents:\n  s: {kind: script, apply: \"";
  for (int i = 0; i < 2000; ++i) text += "${a}";
  EXPECT_THAT(ErrorOf(text + "\"}\n"), HasSubstr("grows to more than 1 MiB"));
  text = "components:\n  s:\n    kind: script\n    apply: &a \"" + std::string(100'000, 'x') + "\"\n    environment:\n";
  for (int i = 0; i < 200; ++i) text += "      V" + std::to_string(i) + ": *a\n";
  EXPECT_THAT(ErrorOf(text), HasSubstr("the model grows to more than 16 MiB here"));
}

TEST(ModelFile, IsAsTheExampleOfItsDescriptionHasIt) {
  const auto text = ReadFile(MOTLEY_SOURCE_DIR "/docs/model.md", 1024 * 1024);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const std::string open = "```yaml\n";
  const auto start = text->find(open) + open.size();
  const ModelFile file = Parse(text->substr(start, text->find("```", start) - start));
  EXPECT_THAT(file.problems, IsEmpty());
  EXPECT_EQ(file.model.components_size(), 9);
  EXPECT_EQ(file.model.links_size(), 3);
  EXPECT_THAT(file.model.components(6).plugin().config(), HasSubstr(R"("ports":[22,"8080"])"));
}

constexpr char kRelease[] = R"(application: a
version: 1.0.0
artifacts: {p: {file: bin/p}}
template:
  components:
    main: {kind: process, artifact: p, command: ["${variant}"], provides: {x: {}}}
    extra: {kind: script, apply: x, follows: [main], requires: {y: {mandatory: true}}}
  links: [{from: main/x, to: extra/y}]
variants:
  - {name: whole}
  - {name: small, without: [extra]}
)";

TEST(RenderVariant, GivesTheModelOfOneVariant) {
  const auto whole = RenderVariant("r.yaml", kRelease, "whole");
  ASSERT_TRUE(whole.has_value()) << whole.error().message;
  EXPECT_EQ(whole->model.links_size(), 1);
  EXPECT_EQ(whole->model.components(0).process().command(0), "whole");
  EXPECT_EQ(whole->model.components(0).process().artifact().digest(), kPlaceholderDigest);
  const auto small = RenderVariant("r.yaml", kRelease, "small");
  ASSERT_TRUE(small.has_value()) << small.error().message;
  EXPECT_EQ(small->model.components_size(), 1);
  EXPECT_EQ(small->model.links_size(), 0) << "a link of what is left out";
  EXPECT_THAT(RenderVariant("r.yaml", kRelease, "").error().message, HasSubstr("name one of whole, small"));
  EXPECT_EQ(RenderVariant("r.yaml", kRelease, "other").error().code, Code::kNotFound);
}

TEST(IsReleaseFile, TellsByTheKeys) {
  EXPECT_TRUE(IsReleaseFile(kRelease));
  EXPECT_FALSE(IsReleaseFile("components: {}"));
  EXPECT_FALSE(IsReleaseFile("{"));
}

}  // namespace
}  // namespace motley
