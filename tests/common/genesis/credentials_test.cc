#include "common/genesis/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/model/graph.h"
#include "tests/common/genesis/greenhouse.h"

namespace motley::tests {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

struct CommandCase {
  const char* command;
  const char* moved;
};

TEST(GenesisCredentials, LeaveCommands) {
  const CommandCase cases[] = {
      {"run --password=p1 -x", "run --password=${secret.app-password} -x"},
      {"run --password 'p 1'; next", "run --password '${secret.app-password}'; next"},
      {"API_TOKEN=p1 run", "API_TOKEN=${secret.app-password} run"},
      {"wget https://me:p1@files.example/x?a=b", "wget https://me:${secret.app-password}@files.example/x?a=b"},
      {"(TOKEN=\"p1\")", "(TOKEN=\"${secret.app-password}\")"},
      {"echo $PASSWORD --password=$PW", "echo $PASSWORD --password=$PW"},
      {"grep password file", "grep password file"},
      {"wget http://files.example:80/a@b", "wget http://files.example:80/a@b"},
      {"run --password", "run --password"},
      {"run --password -v", "run --password -v"},
      {"", ""},
  };
  for (const CommandCase& one : cases) {
    genesis::Credentials credentials;
    EXPECT_EQ(credentials.Move("app", one.command), one.moved);
    for (const auto& [name, value] : credentials.TakeSecrets()) EXPECT_THAT(value, testing::AnyOf("p1", "p 1"));
  }
}

TEST(GenesisCredentials, TheSameOneIsOneSecretAndAnotherIsAnother) {
  genesis::Credentials credentials;
  EXPECT_EQ(credentials.Move("app", "--token=a --token=a --token=b"),
            "--token=${secret.app-password} --token=${secret.app-password} --token=${secret.app-password-2}");
  EXPECT_THAT(credentials.TakeSecrets(), UnorderedElementsAre(Pair("app-password", "a"), Pair("app-password-2", "b")));
}

/// Everything that an import says or keeps but the secrets.
std::string AllTextOf(const GenesisImport& import) {
  std::string text = import.model.DebugString();
  for (const std::string& warning : import.warnings) text += warning;
  for (const std::string& error : import.errors) text += error;
  return text;
}

TEST(GenesisCredentials, NoneIsLeftInTheModelOrInWhatIsSaid) {
  json model = Greenhouse();
  ComponentOf(model, "Shed")["credentials"]["password"] = "canary-1";
  ComponentOf(model, "Gate")["credentials"]["sshkey"] = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-2\n";
  ComponentOf(model, "Broker")["docker_resource"]["extra_options"] = {{"Env", {"DB_PASSWORD=canary-3", "MODE=x"}}};
  ComponentOf(model, "Broker")["docker_resource"]["command"] = "run --token canary-4";
  ComponentOf(model, "Logger")["ssh_resource"]["startCommand"] = "DB_PASSWD=canary-5 ./logger &";
  ComponentOf(model, "Logic")["nr_flow"][0]["credentials"] = {{"user", "me"}, {"key", "canary-6"}};
  ComponentOf(model, "Valves")["wifi_password"] = "canary-7";
  ComponentOf(model, "Weather")["api_key"] = "canary-8";
  ComponentOf(model, "Logger")["ansible_resource"]["credentials"]["password"] = "canary-9";
  ComponentOf(model, "Logger")["ssh_resource"]["credentials"]["sshkey"] = "canary-10";
  const GenesisImport import = Import(model);
  ASSERT_TRUE(import.valid);
  EXPECT_THAT(AllTextOf(import), Not(HasSubstr("canary")));
  std::string kept;
  for (const auto& [name, value] : import.secrets) kept += value + "\n";
  for (int i = 1; i <= 10; ++i) EXPECT_THAT(kept, HasSubstr("canary-" + std::to_string(i)));
  EXPECT_THAT(FindComponent(import.model, "logic-flow")->plugin().config(), HasSubstr("${secret.logic-key}"));
  EXPECT_EQ(FindComponent(import.model, "broker")->container().environment().at("DB_PASSWORD"),
            "${secret.broker-db_password}");
}

TEST(GenesisCredentials, AMachineIsReachedByAKeyAndAPinnedHostKey) {
  json model = Greenhouse();
  ComponentOf(model, "Shed")["credentials"]["sshkey"] = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n";
  const GenesisImport import = Import(model);
  const v1::Host* host = FindHost(import.model, "shed-ssh");
  ASSERT_NE(host, nullptr);
  EXPECT_EQ(host->ssh().user(), "grower");
  EXPECT_EQ(host->ssh().host_key(), "${secret.shed-host-key}");
  EXPECT_EQ(host->ssh().private_key(), "${secret.shed-private-key}");
  EXPECT_THAT(import.secrets, ElementsAre(Pair("shed-private-key", HasSubstr("BEGIN OPENSSH"))));
  EXPECT_THAT(import.warnings, Contains(HasSubstr("set its host key (${secret.shed-host-key})")));
}

}  // namespace
}  // namespace motley::tests
