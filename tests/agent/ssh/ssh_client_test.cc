#include "agent/kinds/ssh_client.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "tests/support/folder.h"
#include "tests/support/ssh_server.h"
#include "tests/support/wait.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
using Userland = tests::SshServer::Userland;

class SshClientTest : public ::testing::TestWithParam<Userland> {
 protected:
  Result<CommandEnd> Run(const v1::Host& host, const std::string& script, const std::string& input = "") {
    return client_.Run(host, {.script = script, .input = input});
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 07777;
  }
  std::string OnlyFolder() {
    std::string only;
    for (const auto& entry : fs::directory_iterator(folder_ / "ssh")) only = entry.path();
    return only;
  }

  tests::SshServer server_{GetParam()};
  tests::TemporaryFolder folder_;
  SshClient client_{folder_ / "ssh"};
};

TEST_P(SshClientTest, RunsAScriptWithWhatItFindsOnItsInput) {
  const auto end = Run(server_.host(), "echo \"script in $HOME\"; cat; echo oops >&2; exit 7\n", "line 1\nline 2\n");
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->code, 7);
  EXPECT_EQ(end->output, "script in " + server_.home() + "\nline 1\nline 2\n");
  EXPECT_EQ(end->error_output, "oops\n");
}

TEST_P(SshClientTest, TakesScriptsOfManyLinesAndBytesOfAnyValue) {
  std::string script;
  for (int i = 0; i < 2000; ++i) script += "line_" + std::to_string(i) + "='it'\\''s $HOME'\n";
  std::string bytes;
  for (unsigned i = 0; i < 300'000; ++i) bytes += static_cast<char>(i * 7919 >> 3);
  const auto end = Run(server_.host(), script + "echo \"$line_1999\"; sha256sum", bytes);
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->output, "it's $HOME\n" + Sha256(bytes).substr(7) + "  -\n");
}

TEST_P(SshClientTest, SendsAFileAfterTheInput) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "a file", std::string(3'000'000, 'x'), 0600));
  const auto end =
      client_.Run(server_.host(), {.script = "sha256sum", .input = "head", .input_file = folder_ / "a file"});
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->output, Sha256("head" + std::string(3'000'000, 'x')).substr(7) + "  -\n");
}

TEST_P(SshClientTest, SharesOneConnection) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Run(server_.host(), "true"));
  EXPECT_EQ(server_.connections(), 1);
}

TEST_P(SshClientTest, KeepsKeysToItself) {
  ASSERT_TRUE(Run(server_.host(), "true"));
  EXPECT_EQ(ModeOf(OnlyFolder()), 0700u);
  EXPECT_EQ(ModeOf(OnlyFolder() + "/key"), 0600u);
}

TEST_P(SshClientTest, PassesNothingOfItsEnvironmentOn) {
  setenv("MOTLEY_TEST_SECRET", "hunter2", 1);
  const auto end = Run(server_.host(), "env");
  unsetenv("MOTLEY_TEST_SECRET");
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_THAT(end->output, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("SSH_AUTH_SOCK"))));
}

TEST_P(SshClientTest, RefusesAHostWithAnotherKey) {
  auto host = server_.host();
  host.mutable_ssh()->set_host_key(server_.foreign_host_key());
  const auto end = Run(host, "touch " + server_.home() + "/was-here");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kDenied);
  EXPECT_THAT(end.error().message, AllOf(HasSubstr("another host key than the pinned one"), HasSubstr("ssh-keyscan")));
  EXPECT_FALSE(fs::exists(server_.home() + "/was-here"));
  EXPECT_EQ(server_.connections(), 0);
}

TEST_P(SshClientTest, AsksNobodyForAPasswordWhenTheKeyIsRefused) {
  auto host = server_.host();
  host.mutable_ssh()->set_private_key(server_.foreign_private_key());
  const auto end = Run(host, "true");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kDenied);
  EXPECT_THAT(end.error().message, AllOf(HasSubstr("does not accept the private key"), HasSubstr("authorized_keys"),
                                         Not(HasSubstr("PRIVATE KEY-----"))));
  EXPECT_THAT(server_.log(), AllOf(Not(HasSubstr("Failed password")), Not(HasSubstr("keyboard-interactive"))));
}

TEST_P(SshClientTest, SaysThatAPrivateKeyIsBroken) {
  auto host = server_.host();
  host.mutable_ssh()->set_private_key(
      "-----BEGIN OPENSSH PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END OPENSSH PRIVATE KEY-----\n");
  const auto end = Run(host, "true");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kInvalid);
  EXPECT_THAT(end.error().message, AllOf(HasSubstr("can not be used"), Not(HasSubstr("bm9uc2Vuc2U"))));
}

TEST_P(SshClientTest, SaysThatNobodyIsThereAndFindsTheHostAgain) {
  ASSERT_TRUE(Run(server_.host(), "true"));
  server_.Kill();
  const auto end = Run(server_.host(), "true");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kUnavailable);
  EXPECT_THAT(end.error().message, HasSubstr("can not be reached"));
  server_.Start();
  EXPECT_TRUE(tests::WaitFor([&] { return Run(server_.host(), "true").has_value(); }));
}

TEST_P(SshClientTest, EndsACallWhoseConnectionIsCut) {
  std::thread cutter([this] {
    EXPECT_TRUE(tests::WaitFor([this] { return fs::exists(server_.home() + "/begun"); }));
    server_.Kill();
  });
  const auto end = Run(server_.host(), "touch \"$HOME/begun\"; exec sleep 20");
  cutter.join();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kUnavailable);
}

TEST_P(SshClientTest, EndsACallAtItsDeadline) {
  const auto end = client_.Run(server_.host(), {.script = "exec sleep 20", .deadline = 300ms});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kTimeout);
  EXPECT_THAT(end.error().message, HasSubstr("within 300 ms"));
}

TEST_P(SshClientTest, EndsACallToAHostThatHangs) {
  server_.Freeze();
  const auto end = client_.Run(server_.host(), {.script = "true", .deadline = 500ms});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, Code::kTimeout);
}

TEST_P(SshClientTest, WorksInAFolderWithALongName) {
  const SshClient client(folder_ / (std::string(120, 'l') + "/ssh"));
  for (int i = 0; i < 2; ++i) {
    const auto end = client.Run(server_.host(), {.script = "true"});
    EXPECT_TRUE(end) << end.error().message;
  }
  EXPECT_EQ(server_.connections(), 1);
}

TEST_P(SshClientTest, ForgetsHostsThatNobodyUses) {
  ASSERT_TRUE(Run(server_.host(), "true"));
  client_.Tidy(1h);
  EXPECT_TRUE(fs::exists(OnlyFolder() + "/key"));
  client_.Tidy(-1h);
  EXPECT_EQ(OnlyFolder(), "");
  EXPECT_TRUE(Run(server_.host(), "true"));
}

// A Unix socket that a test listens at.
class Listener {
 public:
  explicit Listener(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_.get(), 5), 0);
  }
  void EchoOnce() {
    const UniqueFd peer(accept(fd_.get(), nullptr, nullptr));
    char buffer[64];
    const auto size = read(peer.get(), buffer, sizeof buffer);
    EXPECT_EQ(write(peer.get(), buffer, static_cast<std::size_t>(size)), size);
  }

 private:
  UniqueFd fd_;
};

std::string Ask(const std::string& path, const std::string& question) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "(refused)";
  // The other end may be closed by now.
  if (send(fd.get(), question.data(), question.size(), MSG_NOSIGNAL) < 0) return "(end)";
  char buffer[64];
  const auto size = read(fd.get(), buffer, sizeof buffer);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : "(end)";
}

TEST_P(SshClientTest, ForwardsAUnixSocket) {
  Listener listener(folder_ / "engine.sock");
  std::thread peer([&] { listener.EchoOnce(); });
  auto forward = client_.Forward(server_.host(), folder_ / "engine.sock", 10s);
  ASSERT_TRUE(forward) << forward.error().message;
  EXPECT_TRUE((*forward)->Alive());
  EXPECT_EQ(ModeOf((*forward)->socket()), 0600u);
  EXPECT_EQ(Ask((*forward)->socket(), "hello"), "hello");
  peer.join();
  const std::string path = (*forward)->socket();
  forward->reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST_P(SshClientTest, NoticesThatAForwardHasFallen) {
  auto forward = client_.Forward(server_.host(), "/run/engine.sock", 10s);
  ASSERT_TRUE(forward) << forward.error().message;
  EXPECT_EQ(Ask((*forward)->socket(), "hello"), "(end)");
  server_.Kill();
  EXPECT_TRUE(tests::WaitFor([&] { return !(*forward)->Alive(); }));
}

TEST_P(SshClientTest, ForwardsFromAFolderWithALongName) {
  const SshClient client(folder_ / (std::string(120, 'l') + "/ssh"));
  const auto forward = client.Forward(server_.host(), "/run/engine.sock", 10s);
  ASSERT_TRUE(forward) << forward.error().message;
  EXPECT_LT((*forward)->socket().size(), 108u);
}

TEST_P(SshClientTest, ForwardsNothingToAHostWithAnotherKey) {
  auto host = server_.host();
  host.mutable_ssh()->set_host_key(server_.foreign_host_key());
  const auto forward = client_.Forward(host, "/run/engine.sock", 10s);
  ASSERT_FALSE(forward);
  EXPECT_EQ(forward.error().code, Code::kDenied);
}

INSTANTIATE_TEST_SUITE_P(Userlands, SshClientTest, ::testing::Values(Userland::kDebian, Userland::kBusybox),
                         [](const auto& userland) {
                           return userland.param == Userland::kDebian ? "Debian" : "Busybox";
                         });

}  // namespace
}  // namespace motley::agent
