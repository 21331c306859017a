#include "common/model/model.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace motley {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

#define TEXT_DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
constexpr char kDigest[] = TEXT_DIGEST;

v1::DeploymentModel Model(const std::string& text) {
  v1::DeploymentModel model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &model)) << text;
  return model;
}

std::string Sound() {
  return std::string(R"(
    hosts { name: "board" mcu { board: "uno" } }
    hosts {
      name: "pi"
      ssh {
        address: "pi.local" user: "motley" private_key: "${secret.pi-key}"
        host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPwIpIZUE9RTFDEhUyDbJTxKPYbTI5Gk8RwkvWSb4Tn"
      }
    }
    components { name: "web" process { command: "/bin/web" } depends_on: "config" }
    components { name: "config" file { path: "/etc/web.conf" content: "x" } }
    components { name: "setup" script { apply: "true" } }
    components { name: "blink" host: "board" firmware { version: "1" image { digest: ")") +
         kDigest + R"(" } } }
  )";
}

TEST(Model, IsSoundWhenEverythingFits) { EXPECT_THAT(ProblemsOf(Model(Sound())), IsEmpty()); }

struct Fault {
  const char* added;
  const char* problem;
};

class FaultyModel : public testing::TestWithParam<Fault> {};

TEST_P(FaultyModel, IsToldWhatIsWrong) {
  EXPECT_THAT(ProblemsOf(Model(Sound() + GetParam().added)), ElementsAre(HasSubstr(GetParam().problem)))
      << GetParam().added;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultyModel,
    testing::Values(
        Fault{R"(components { name: "web" process { command: "x" } })", "component \"web\" is there twice"},
        Fault{R"(components { name: "Web" process { command: "x" } })", "component \"Web\" is not a name"},
        Fault{R"(components { name: "a" })", "has no kind that this version knows"},
        Fault{R"(components { name: "a" process { } })", "has neither an artifact nor a command"},
        Fault{R"(components { name: "a" host: "moon" process { command: "x" } })", "on host \"moon\", which is not"},
        Fault{R"(components { name: "a" host: "board" process { command: "x" } })", "only firmware runs on an mcu"},
        Fault{R"(components { name: "a" script { apply: "x" } depends_on: "b" })", "depends on \"b\", which is not"},
        Fault{R"(components { name: "a" script { apply: "x" } depends_on: "a" })", "wait for one another: a -> a;"},
        Fault{R"(components { name: "a" file { path: "etc/x" content: "" } })", "use an absolute one"},
        Fault{R"(components { name: "a" file { path: "/etc/../x" content: "" } })", "use an absolute one"},
        Fault{R"(components { name: "a" file { path: "/etc/web.conf" content: "" } })", "as component \"config\" does"},
        Fault{R"(components { name: "a" file { path: "/x" content: "" mode: 4096 } })", "a mode above 07777"},
        Fault{R"(components { name: "a" file { path: "/x" content: "" owner: "a b" } })", "has the owner \"a b\""},
        Fault{R"(components { name: "a" file { path: "/x" content: "" group: "4294967295" } })",
              "has the group \"4294967295\"; give a name, or a number up to 4294967294"},
        Fault{R"(components { name: "a" file { path: "/x" } })", "has neither content nor an artifact"},
        Fault{R"(components { name: "a" file { path: "/x" artifact { digest: "md5:1" } } })", "\"md5:1\""},
        Fault{R"(components { name: "a" process { command: "x" environment { key: "A=B" value: "" } } })", "A=B"},
        Fault{R"(components { name: "a" file { path: "/x" artifact { digest: ")" TEXT_DIGEST R"(" name: "../x" } } })",
              "an artifact called \"../x\""},
        Fault{R"(components { name: "a" process { command: "x" } user: "-x" })", "has the user \"-x\""},
        Fault{R"(components { name: "a" file { path: "/x" content: "" } user: "x" })", "which only processes"},
        Fault{R"(components { name: "a" host: "pi" process { command: "x" } user: "x" })", "is on an ssh host"},
        Fault{R"(components { name: "a" file { path: "/x" content: "" } limits { pids: 1 } })",
              "has limits, which only"},
        Fault{R"(components { name: "a" script { apply: "x" } limits { cpu_millis: 4096001 } })", "limits.cpu_millis"},
        Fault{R"(components { name: "a" script { apply: "x" } resources { memory_mb: 9 } limits { memory_mb: 8 } })",
              "raise limits.memory_mb"},
        Fault{R"(components { name: "a" script { apply: "${secret.Bad}" } })", "has \"${secret.Bad}\", which names no"},
        Fault{R"(components { name: "a" script { apply: "x${secret.b" } })", "which names no secret"},
        Fault{R"(components { name: "a" process { command: "x" } health { http { url: "ftp://x/" } } })",
              "of \"ftp://x/"},
        Fault{R"(components { name: "a" process { command: "x" } health { http { url: "http://x:0/" } } })",
              "of \"http://x:0/\""},
        Fault{R"(components { name: "a" process { command: "x" } health { http { url: "http://x" status: 99 } } })",
              "for status 99"},
        Fault{R"(components { name: "a" process { command: "x" } health { tcp { port: 65536 } } })", "of port 65536"},
        Fault{R"(components { name: "a" process { command: "x" } health { tcp { port: 1 address: "a b" } } })",
              "\"a b\""},
        Fault{R"(components { name: "a" process { command: "x" } health { script { } } })", "with neither a script"},
        Fault{R"(components { name: "a" process { command: "x" } health { retries: 1001 } })", "with 1001 retries"},
        Fault{R"(components { name: "a" container { } })", "has no image"},
        Fault{R"(components { name: "a" container { image: "x y" } })", "has the image \"x y\""},
        Fault{R"(components { name: "a" container { image: "x" ports { host_port: 0 container_port: 1 } } })",
              "port 0:1"},
        Fault{
            R"(components { name: "a" container { image: "x" ports { host_port: 1 container_port: 1 protocol: "x" } } })",
            "with protocol \"x\""},
        Fault{R"(components { name: "a" container { image: "x" ports { host_port: 1 container_port: 1
                 host_address: "home" } } })",
              "at \"home\""},
        Fault{R"(components { name: "a" container { image: "x" ports { host_port: 1 container_port: 1 }
                 ports { host_port: 1 container_port: 2 } } })",
              "uses port 1/tcp of the host twice"},
        Fault{R"(components { name: "a" container { image: "x" mounts { source: "../x" target: "/x" } } })",
              "\"../x\""},
        Fault{R"(components { name: "a" container { image: "x" mounts { source: "v" target: "x" } } })", "at \"x\""},
        Fault{R"(components { name: "a" container { image: "x" mounts { source: "v" target: "/x" }
                 mounts { source: "w" target: "/x" } } })",
              "mounts two things at /x"},
        Fault{R"(components { name: "a" container { image: "x" devices { path_on_host: "ttyUSB0" } } })",
              "\"ttyUSB0\""},
        Fault{
            R"(components { name: "a" container { image: "x" devices { path_on_host: "/dev/x" permissions: "x" } } })",
            "permissions \"x\""},
        Fault{R"(components { name: "a" container { image: "x" devices { path_on_host: "/dev/x" }
                 devices { path_on_host: "/dev/y" path_in_container: "/dev/x" } } })",
              "two devices at /dev/x"},
        Fault{R"(components { name: "a" container { image: "x" network: "my net" } })", "network \"my net\""},
        Fault{R"(components { name: "a" container { image: "x" labels { key: "" value: "" } } })",
              "label without a name"},
        Fault{R"(components { name: "a" archive { archive { digest: ")" TEXT_DIGEST R"(" } path: "/opt" } })",
              "replace all of /opt"},
        Fault{R"(components { name: "a" archive { archive { digest: ")" TEXT_DIGEST R"(" } path: "x" } })",
              "an absolute"},
        Fault{R"(components { name: "a" archive { path: "/srv/x" } })", "is not sha256"},
        Fault{R"(components { name: "a" package { package: "X" } })", "no Debian package's name"},
        Fault{R"(components { name: "a" package { package: "jq" version: "new" } })", "package version \"new\""},
        Fault{R"(components { name: "a" plugin { plugin: "" config: "{}" } })", "has the plugin \"\""},
        Fault{R"(components { name: "a" plugin { plugin: "x" config: "[]" } })", "not a JSON object"},
        Fault{R"(components { name: "a" plugin { plugin: "x" config: "{}" artifacts { digest: ")" TEXT_DIGEST
              R"(" name: "f" } artifacts { digest: ")" TEXT_DIGEST R"(" name: "f" } } })",
              "two artifacts called \"f\""},
        Fault{R"(hosts { name: "gateway" mcu { board: "uno" } })", "is the gateway itself"},
        Fault{R"(components { name: "pi" process { command: "x" } })", "has the name of a host"},
        Fault{R"(components { name: "gateway" process { command: "x" } })", "has the gateway's name"},
        Fault{R"(hosts { name: "board" mcu { board: "uno" } })", "host \"board\" is there twice"},
        Fault{R"(hosts { name: "other" mcu { } })", "names no type of board"},
        Fault{R"(hosts { name: "b" mcu { board: "uno" serial_number: "7" } }
                 hosts { name: "c" mcu { board: "uno" serial_number: "7" } })",
              "host \"c\" has serial number 7, as host \"b\" has"},
        Fault{R"(hosts { name: "other" })", "has no type"},
        Fault{R"(hosts { name: "e" container_engine { host: "board" } })", "which is no ssh host of the model"},
        Fault{R"(hosts { name: "e" container_engine { socket: "docker.sock" } })", "the socket \"docker.sock\""},
        Fault{R"(hosts { name: "e" external { address: "a b" } })", "an address with spaces"}));

class FaultySshHost : public testing::TestWithParam<Fault> {};

TEST_P(FaultySshHost, IsToldWhatIsWrong) {
  v1::DeploymentModel model = Model(Sound());
  v1::SshHost& ssh = *model.mutable_hosts(1)->mutable_ssh();
  v1::SshHost change;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(GetParam().added, &change));
  ssh.MergeFrom(change);
  EXPECT_THAT(ProblemsOf(model), ElementsAre(HasSubstr(GetParam().problem))) << GetParam().added;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultySshHost,
    testing::Values(Fault{R"(address: "-oProxyCommand=x")", "host \"pi\" has the address \"-oProxyCommand=x\""},
                    Fault{R"(port: 65536)", "has port 65536"}, Fault{R"(user: "-l")", "has the user \"-l\""},
                    Fault{R"(host_key: "AAAA")", "has the host key \"AAAA\""},
                    Fault{R"(private_key: "-----BEGIN")", "write ${secret.NAME} and put the key into that secret"}));

TEST(Model, DoesNotRepeatAKeyThatStandsInItByMistake) {
  v1::DeploymentModel model = Model(Sound());
  model.mutable_hosts(1)->mutable_ssh()->set_private_key("-----BEGIN OPENSSH PRIVATE KEY-----");
  EXPECT_THAT(ProblemsOf(model), ElementsAre(testing::Not(HasSubstr("OPENSSH"))));
}

TEST(Model, HasALimitedSize) {
  v1::DeploymentModel model;
  for (int i = 0; i < 1001; ++i) model.add_components();
  EXPECT_THAT(ProblemsOf(model), ElementsAre("the model has 1001 components; at most 1000 are possible"));
}

TEST(Model, IsToldAllThatIsWrongAtOnce) {
  const auto checked = CheckModel(Model(R"(components { name: "a" } components { name: "B" script { } })"));
  ASSERT_FALSE(checked.has_value());
  EXPECT_THAT(checked.error().message, AllOf(HasSubstr("\"a\" has no kind"), HasSubstr("\"B\" is not a name"),
                                             HasSubstr("\"B\" has neither a script")));
}

TEST(Model, TakesOneFirmwareForABoard) {
  const std::string second = R"(components { name: "more" host: "board" firmware { version: "1" image { digest: ")" +
                             std::string(kDigest) + R"(" } } })";
  EXPECT_THAT(ProblemsOf(Model(Sound() + second)), ElementsAre(HasSubstr("a board runs one firmware")));
}

TEST(IsName, TakesShortLowerCaseWords) {
  for (const char* name : {"a", "gw-1", "1.0_x"}) EXPECT_TRUE(IsName(name)) << name;
  for (const char* name : {"", "-a", "A", "a/b", "a b", "ä"}) EXPECT_FALSE(IsName(name)) << name;
  EXPECT_TRUE(IsName(std::string(63, 'a')));
  EXPECT_FALSE(IsName(std::string(64, 'a')));
}

}  // namespace
}  // namespace motley
