#include "agent/kinds/ssh_options.h"

#include <gmock/gmock.h>

#include "agent/kinds/ssh_client.h"
#include "tests/support/program.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Host GoodHost() {
  v1::Host host;
  host.set_name("pump");
  host.mutable_ssh()->set_address("10.0.0.7");
  host.mutable_ssh()->set_user("pi");
  host.mutable_ssh()->set_host_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ pump.example");
  host.mutable_ssh()->set_private_key(
      "-----BEGIN OPENSSH PRIVATE KEY-----\r\nxyzzy\r\n-----END OPENSSH PRIVATE KEY-----");
  return host;
}

std::string Echoed(const std::string& value) {
  return tests::RunProgram({"/bin/sh", "-c", "printf %s " + ShellQuote(value)}).output;
}

TEST(ShellQuoteTest, GivesTheShellBackWhateverTheValueHolds) {
  for (const std::string value : {"",       "plain", "two words", "'",  "''",  "a'b",          "'; rm -rf / #",
                                  "$(id)",  "`id`",  "${HOME}",   "\\", "\\'", "\n",           "a\nb\n",
                                  "!x",     "*",     "~",         "-n", "\"",  "\x01\x7f\xff", "#",
                                  "a\\\nb", "%s%d"}) {
    EXPECT_EQ(Echoed(value), value);
  }
}

TEST(ShellQuoteTest, GivesTheShellBackEveryByteButNul) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(Echoed(all), all);
}

TEST(SshOptionsTest, TakesASoundHost) { EXPECT_TRUE(CheckSshHost(GoodHost())); }

TEST(SshOptionsTest, RefusesWhatSshCouldTakeForSomethingElse) {
  const std::string key = GoodHost().ssh().host_key();
  const struct {
    const char* why;
    std::function<void(v1::Host&)> spoil;
  } rows[] = {
      {"an option as address", [](auto& host) { host.mutable_ssh()->set_address("-oProxyCommand=id"); }},
      {"no address", [](auto& host) { host.mutable_ssh()->clear_address(); }},
      {"an address with a blank", [](auto& host) { host.mutable_ssh()->set_address("a b"); }},
      {"a user in the address", [](auto& host) { host.mutable_ssh()->set_address("root@a"); }},
      {"an option as user", [](auto& host) { host.mutable_ssh()->set_user("-v"); }},
      {"no user", [](auto& host) { host.mutable_ssh()->clear_user(); }},
      {"no port", [](auto& host) { host.mutable_ssh()->set_port(70000); }},
      {"no host key", [](auto& host) { host.mutable_ssh()->clear_host_key(); }},
      {"a second host key", [&](auto& host) { host.mutable_ssh()->set_host_key(key + "\n* " + key); }},
      {"an authority", [&](auto& host) { host.mutable_ssh()->set_host_key("@cert-authority * " + key); }},
      {"no private key", [](auto& host) { host.mutable_ssh()->set_private_key("hunter2"); }},
      {"a path as name", [](auto& host) { host.set_name("../../etc"); }},
  };
  for (const auto& row : rows) {
    auto host = GoodHost();
    row.spoil(host);
    const auto checked = CheckSshHost(host);
    ASSERT_FALSE(checked) << row.why;
    EXPECT_EQ(checked.error().code, Code::kInvalid) << row.why;
    EXPECT_THAT(checked.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST(SshOptionsTest, NeverAsksForAPasswordAndTrustsThePinnedKeyOnly) {
  const auto arguments = SshArguments(GoodHost(), Sharing::kShared, {});
  for (const char* option : {"BatchMode=yes", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no",
                             "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=/dev/null", "IdentitiesOnly=yes",
                             "IdentityAgent=none", "ClearAllForwardings=yes", "UpdateHostKeys=no"}) {
    EXPECT_THAT(arguments, Contains(option));
  }
  EXPECT_EQ(arguments.back(), "10.0.0.7");
  EXPECT_THAT(KnownHostsText(GoodHost()), "motley-host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ pump.example\n");
}

TEST(SshOptionsTest, WritesTheKeyWithPlainLineEnds) {
  EXPECT_EQ(KeyText(GoodHost()), "-----BEGIN OPENSSH PRIVATE KEY-----\nxyzzy\n-----END OPENSSH PRIVATE KEY-----\n");
}

TEST(SshOptionsTest, TellsHostsOfTheSameNameApart) {
  auto other = GoodHost();
  EXPECT_EQ(SshFolderName(other), SshFolderName(GoodHost()));
  EXPECT_THAT(SshFolderName(other), ::testing::MatchesRegex("pump-[0-9a-f]+"));
  other.mutable_ssh()->set_port(2222);
  EXPECT_NE(SshFolderName(other), SshFolderName(GoodHost()));
  other = GoodHost();
  other.mutable_ssh()->set_host_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK");
  EXPECT_NE(SshFolderName(other), SshFolderName(GoodHost()));
}

TEST(SshOptionsTest, SaysWhatSshMeantAndTheWayOut) {
  const auto host = GoodHost();
  const struct {
    const char* words;
    Code code;
    const char* way_out;
  } rows[] = {
      {"Host key verification failed.\r\n", Code::kDenied, "ssh-keyscan -p 22 10.0.0.7"},
      {"pi@10.0.0.7: Permission denied (publickey).", Code::kDenied, "authorized_keys of \"pi\""},
      {"Load key \"./key\": error in libcrypto\npi@10.0.0.7: Permission denied (publickey).", Code::kInvalid,
       "without a passphrase"},
      {"ssh: connect to host 10.0.0.7 port 22: Connection refused\r\n", Code::kUnavailable, "Connection refused"},
      {"ControlSocket ./c already exists, disabling multiplexing\nssh: Could not resolve hostname x",
       Code::kUnavailable, "Could not resolve hostname"},
      {"", Code::kUnavailable, "it said nothing"},
  };
  for (const auto& row : rows) {
    const auto error = SshFailure(host, row.words);
    EXPECT_EQ(error.code, row.code) << row.words;
    EXPECT_THAT(error.message, AllOf(HasSubstr("ssh host \"pump\" (pi@10.0.0.7, port 22)"), HasSubstr(row.way_out)));
    EXPECT_THAT(error.message, Not(HasSubstr("\r")));
  }
}

}  // namespace
}  // namespace motley::agent
