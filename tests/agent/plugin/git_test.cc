#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/agent/plugin/plugin_test_base.h"

namespace motley::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Match = Observed::Match;
namespace fs = std::filesystem;

/// The plugin as it ships, with the real git and a repository of the test's own.
class GitPluginTest : public tests::PluginTestBase {
 protected:
  GitPluginTest() {
    fs::copy_file(MOTLEY_SOURCE_DIR "/deploy/plugins/git", plugins_ + "/git");
    Git({"init", "--quiet", "--initial-branch=main", repository_});
    first_ = CommitFile("page.html", "one\n");
    Rescan();
  }
  std::string Git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "git");
    const auto finished = tests::RunProgram(arguments, {{"GIT_CONFIG_GLOBAL", "/dev/null"},
                                                        {"GIT_CONFIG_NOSYSTEM", "1"},
                                                        {"GIT_AUTHOR_NAME", "t"},
                                                        {"GIT_AUTHOR_EMAIL", "t@example.org"},
                                                        {"GIT_COMMITTER_NAME", "t"},
                                                        {"GIT_COMMITTER_EMAIL", "t@example.org"}});
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
    return finished.output;
  }
  std::string CommitFile(const std::string& name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(repository_ + "/" + name, text, 0644));
    Git({"-C", repository_, "add", "--all"});
    Git({"-C", repository_, "commit", "--quiet", "-m", "x"});
    return Git({"-C", repository_, "rev-parse", "HEAD"}).substr(0, 40);
  }
  static bool Reachable(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return connected;
  }
  Instance Checkout(const std::string& commit) {
    return Plugin("git", R"({"repository": ")" + repository_ + R"(", "commit": ")" + commit + R"(", "path": ")" +
                             path_ + R"("})");
  }

  std::string repository_ = folder_ / "repository";
  std::string path_ = folder_ / "srv/site";
  std::string first_;
};

TEST_F(GitPluginTest, KeepsAFolderAtACommit) {
  ASSERT_THAT(kind_->Names(), ElementsAre("plugin:git"));
  const auto one = Checkout(first_);
  EXPECT_GOOD(kind_->Check(one));
  EXPECT_GOOD(Apply(*kind_, one));
  EXPECT_GOOD(Confirm(*kind_, one));
  EXPECT_EQ(Text(path_ + "/page.html"), "one\n");
  EXPECT_FALSE(fs::exists(path_ + "/.git"));
  EXPECT_EQ(Observe(*kind_, one).match, Match::kMatches);
  CommitFile("page.html", "two\n");
  const auto two = Checkout(CommitFile("more.html", "more\n"));
  EXPECT_EQ(Observe(*kind_, two).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, two));
  EXPECT_EQ(Text(path_ + "/page.html"), "two\n");
  EXPECT_EQ(Observe(*kind_, two).match, Match::kMatches);
  // Back, also when the repository is not to be reached.
  fs::rename(repository_, repository_ + "-away");
  EXPECT_GOOD(Apply(*kind_, one));
  EXPECT_EQ(Text(path_ + "/page.html"), "one\n");
  EXPECT_FALSE(fs::exists(path_ + "/more.html"));
  EXPECT_GOOD(Remove(*kind_, one));
  EXPECT_TRUE(fs::is_empty(folder_ / "srv"));
  EXPECT_EQ(Observe(*kind_, one).match, Match::kMissing);
}

TEST_F(GitPluginTest, FindsDriftAndHealsIt) {
  const auto one = Checkout(first_);
  struct Row {
    std::string drift;
    std::function<void()> change;
  };
  const Row rows[] = {
      {"these were changed: page.html", [&] { ASSERT_TRUE(WriteFileAtomically(path_ + "/page.html", "ONE\n", 0644)); }},
      {"these were changed: page.html", [&] { fs::remove(path_ + "/page.html"); }},
      {"these were changed: extra", [&] { ASSERT_TRUE(WriteFileAtomically(path_ + "/extra", "", 0644)); }},
      {"is gone", [&] { fs::remove_all(path_); }},
  };
  for (const auto& row : rows) {
    EXPECT_GOOD(Apply(*kind_, one));
    ASSERT_EQ(Observe(*kind_, one).match, Match::kMatches);
    EXPECT_GOOD(Confirm(*kind_, one));
    row.change();
    const auto observed = Observe(*kind_, one);
    EXPECT_EQ(observed.match, Match::kDiffers);
    EXPECT_THAT(observed.detail, HasSubstr(row.drift));
  }
}

TEST_F(GitPluginTest, SaysWhatIsWrong) {
  EXPECT_ERROR(Apply(*kind_, Checkout(std::string(40, 'a'))), Code::kConflict, HasSubstr("has no commit aaaaaaaa"));
  EXPECT_ERROR(Apply(*kind_, Checkout(std::string(40, 'x'))), Code::kConflict, HasSubstr("is to be a whole hash"));
  ASSERT_TRUE(MakeFolder(path_));
  EXPECT_ERROR(Apply(*kind_, Checkout(first_)), Code::kConflict, HasSubstr("is not this component's; move it away"));
  EXPECT_GOOD(Remove(*kind_, Checkout(first_)));
  EXPECT_TRUE(fs::exists(path_));
  fs::remove(path_);
  repository_ = folder_ / "nowhere";
  EXPECT_ERROR(Apply(*kind_, Checkout(std::string(40, 'b'))), Code::kUnavailable, HasSubstr("git fetch failed: "));
  EXPECT_ERROR(kind_->Check(Plugin("git", R"({"repository": "x", "path": "/srv"})")), Code::kInvalid,
               HasSubstr("config.commit: is missing"));
}

// A server of plain files, as some have it, that wants the token and tells nobody a commit by its hash.
TEST_F(GitPluginTest, FetchesOverHttpWithAToken) {
  Git({"clone", "--quiet", "--bare", repository_, folder_ / "web/site.git"});
  Git({"-C", folder_ / "web/site.git", "update-server-info"});
  const int port = tests::FreePort();
  const auto server = tests::Program::Start({.arguments = {"python3", "-c", R"(
import base64, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"motley:t0ken").decode():
            self.send_error(401)
        else:
            super().do_GET()
    def __init__(self, *arguments):
        super().__init__(*arguments, directory=sys.argv[2])
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
)",
                                                           std::to_string(port), folder_ / "web"},
                                             .environment = {},
                                             .output_file = folder_ / "server.log"});
  ASSERT_TRUE(tests::WaitFor([&] { return Reachable(port); }));
  repository_ = "http://127.0.0.1:" + std::to_string(port) + "/site.git";
  EXPECT_ERROR(Apply(*kind_, Checkout(first_)), Code::kUnavailable, HasSubstr("git fetch failed: "));
  auto one = Checkout(first_);
  auto config = one.component.plugin().config();
  one.component.mutable_plugin()->set_config(config.replace(config.rfind('}'), 1, R"(, "token": "t0ken"})"));
  Seal(&one);
  EXPECT_GOOD(Apply(*kind_, one));
  EXPECT_EQ(Text(path_ + "/page.html"), "one\n");
  EXPECT_EQ(Observe(*kind_, one).match, Match::kMatches);
}

}  // namespace
}  // namespace motley::agent
