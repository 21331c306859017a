#include "agent/health/probe.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "common/crypto/digest.h"
#include "tests/agent/health/small_server.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/support/ssh_server.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using tests::SmallServer;

class ProbeTest : public ::testing::Test {
 protected:
  Result<void> Ask(const v1::HealthCheck& check, const v1::Host& host = {}) {
    return Probe(setup_, {"app/web", check, host});
  }
  Result<void> Http(const std::string& url, std::uint32_t status = 0) {
    v1::HealthCheck check;
    check.mutable_http()->set_url(url);
    check.mutable_http()->set_status(status);
    check.set_timeout_ms(500);
    return Ask(check);
  }
  static v1::HealthCheck Script(const std::string& text, const std::string& endpoint) {
    v1::HealthCheck check;
    check.mutable_script()->set_content(text);
    check.mutable_script()->set_endpoint(endpoint);
    return check;
  }

  tests::TemporaryFolder folder_;
  ProbeSetup setup_{[this](const std::string& digest) { return folder_ / digest.substr(7); }, folder_ / "scripts",
                    SshClient(folder_ / "ssh")};
};

#define EXPECT_UNHEALTHY(expression, expected_code, matcher)           \
  do {                                                                 \
    const auto bad = (expression);                                     \
    ASSERT_FALSE(bad) << #expression;                                  \
    EXPECT_EQ(bad.error().code, expected_code) << bad.error().message; \
    EXPECT_THAT(bad.error().message, matcher);                         \
  } while (false)

TEST_F(ProbeTest, TakesAnyStatusFrom200To399) {
  for (const char* status : {"200 OK", "204 No Content", "302 Found", "399 Odd"}) {
    SmallServer server("HTTP/1.1 " + std::string(status) +
                       "\r\nContent-Length: 0\r\nLocation: http://[::1]:1/\r\n\r\n");
    const auto result = Http(server.url());
    EXPECT_TRUE(result) << status << ": " << result.error().message;
  }
  SmallServer server("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_UNHEALTHY(Http(server.url() + "live?deep=1"), Code::kUnavailable,
                   HasSubstr("/live?deep=1 answered with status 503 instead of one from 200 to 399"));
}

TEST_F(ProbeTest, TakesTheVeryStatusThatIsAskedFor) {
  SmallServer server("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(Http(server.url(), 401));
  EXPECT_UNHEALTHY(Http(server.url(), 200), Code::kUnavailable, HasSubstr("status 401 instead of 200"));
}

TEST_F(ProbeTest, DoesNotReadABodyThatNeverEnds) {
  SmallServer server("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nbegin");
  EXPECT_TRUE(Http(server.url()));
}

TEST_F(ProbeTest, SaysWhyHttpFails) {
  EXPECT_UNHEALTHY(Http("http://127.0.0.1:" + std::to_string(tests::FreePort()) + "/"), Code::kUnavailable,
                   HasSubstr("takes no connection"));
  SmallServer silent;
  silent.silent = true;
  EXPECT_UNHEALTHY(Http(silent.url()), Code::kTimeout, HasSubstr("did not answer within 500 ms"));
  SmallServer other("SSH-2.0-OpenSSH\r\n");
  EXPECT_UNHEALTHY(Http(other.url()), Code::kUnavailable, HasSubstr("does not answer in HTTP"));
  for (const char* url : {"ftp://127.0.0.1/", "http://", "http://a b/", "127.0.0.1"}) {
    EXPECT_UNHEALTHY(Http(url), Code::kInvalid, HasSubstr("can not be called"));
  }
}

TEST_F(ProbeTest, ConnectsToAPort) {
  SmallServer server;
  v1::HealthCheck check;
  check.mutable_tcp()->set_port(server.port());
  EXPECT_TRUE(Ask(check));
  check.mutable_tcp()->set_address("localhost");
  EXPECT_TRUE(Ask(check));
  check.mutable_tcp()->set_port(static_cast<std::uint32_t>(tests::FreePort()));
  EXPECT_UNHEALTHY(Ask(check), Code::kUnavailable, HasSubstr("of localhost takes no connection"));
}

TEST_F(ProbeTest, RunsAScriptWithItsEndpoint) {
  const std::string hostile = "it's $HOME; exit 1";
  EXPECT_TRUE(Ask(Script("test \"$#\" = 1 && test \"$1\" = " + ShellQuote(hostile), hostile)));
  EXPECT_TRUE(Ask(Script("#! /bin/sh -e\ntest \"$1\" = x\n", "x")));
  EXPECT_UNHEALTHY(Ask(Script("echo fine\necho 'no answer from pump' >&2\nexit 3", "x")), Code::kUnavailable,
                   AllOf(HasSubstr("ended with code 3"), HasSubstr("no answer from pump")));
  EXPECT_UNHEALTHY(Ask(Script("#!/no/such/interpreter\n", "x")), Code::kNotFound, HasSubstr("/no/such/interpreter"));
}

TEST_F(ProbeTest, RunsAScriptThatIsAnArtifact) {
  const std::string text = "#!/bin/sh\ntest -n \"$1\"\n";
  ASSERT_TRUE(WriteFileAtomically(setup_.artifact(Sha256(text)), text, 0644));
  auto check = Script("", "x");
  check.mutable_script()->mutable_artifact()->set_digest(Sha256(text));
  EXPECT_TRUE(Ask(check));
}

TEST_F(ProbeTest, EndsAScriptThatHangs) {
  auto check = Script("sleep 1000", "x");
  check.set_timeout_ms(200);
  EXPECT_UNHEALTHY(Ask(check), Code::kTimeout, HasSubstr("200 ms"));
}

TEST_F(ProbeTest, RunsAScriptWhereItsComponentIs) {
  for (const auto userland : {tests::SshServer::Userland::kDebian, tests::SshServer::Userland::kBusybox}) {
    tests::SshServer server(userland);
    ASSERT_TRUE(WriteFileAtomically(server.home() + "/flag", "", 0644));
    EXPECT_TRUE(Ask(Script("test -e \"$HOME/$1\"", "flag"), server.host()));
    EXPECT_TRUE(Ask(Script("#!/bin/sh -e\ntest \"$1\" = \"it's\"", "it's"), server.host()));
    EXPECT_UNHEALTHY(Ask(Script("echo 'no pressure' >&2; exit 255", "x"), server.host()), Code::kUnavailable,
                     AllOf(HasSubstr("ended with code 254"), HasSubstr("no pressure")));
    auto slow = Script("exec sleep 1000", "x");
    slow.set_timeout_ms(500);
    EXPECT_FALSE(Ask(slow, server.host()));
  }
}

}  // namespace
}  // namespace motley::agent
