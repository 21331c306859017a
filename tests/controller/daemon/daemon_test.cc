#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/http/client.h"
#include "motley/v1/api.pb.h"
#include "motley/v1/release.pb.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"

namespace motley::controller {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::Program;
namespace json = google::protobuf::util;

/// The real program with an empty state folder, and no broker.
class DaemonTest : public testing::Test {
 protected:
  std::vector<std::string> Command(std::vector<std::string> flags = {}) const {
    std::vector<std::string> command{tests::Built("motley-controller"),
                                     "--state",
                                     state_,
                                     "--listen",
                                     "127.0.0.1:0",
                                     "--broker",
                                     "mqtt://127.0.0.1:1"};
    command.insert(command.end(), flags.begin(), flags.end());
    return command;
  }

  void Start(std::vector<std::string> flags = {}) {
    std::filesystem::remove(state_ + "/controller.json");
    program_ = Program::Start({Command(std::move(flags)), {}, folder_ / "output"});
    ASSERT_TRUE(tests::WaitFor([&] { return std::filesystem::exists(state_ + "/controller.json"); }))
        << program_->Output();
    url_ = Between(*ReadFile(state_ + "/controller.json", 1000), "\"url\": \"", "\"");
    const std::string token = *ReadFile(state_ + "/admin.token", 1000);
    client_ = Client(token.substr(0, token.size() - 1));
  }

  static std::string Between(const std::string& text, const std::string& before, const std::string& after) {
    const auto begin = text.find(before) + before.size();
    return text.substr(begin, text.find(after, begin) - begin);
  }

  std::unique_ptr<HttpClient> Client(const std::string& token) const {
    HttpClientOptions options;
    options.base_url = url_;
    options.bearer_token = token;
    auto client = HttpClient::Create(options);
    EXPECT_TRUE(client) << client.error().message;
    return *std::move(client);
  }

  template <typename Message>
  Message Call(const std::string& method, const std::string& path, const std::string& body = "") {
    Message message;
    const auto answer = client_->Call(method, path, body);
    EXPECT_TRUE(answer) << path << ": " << (answer ? "" : answer.error().message);
    EXPECT_TRUE(answer && json::JsonStringToMessage(*answer, &message).ok()) << path;
    return message;
  }

  Error Refusal(const std::string& method, const std::string& path, const std::string& body = "") {
    const auto answer = client_->Call(method, path, body);
    EXPECT_FALSE(answer) << path;
    return answer ? Error{Code::kInternal, "no error"} : answer.error();
  }

  /// Uploads `content`. Its digest.
  std::string Push(const std::string& content) {
    const std::string file = folder_ / "artifact";
    std::ofstream(file) << content;
    const std::string digest = Sha256(content);
    const auto sent = client_->Upload("/v1/artifacts/" + digest + "?name=app", file, nullptr);
    EXPECT_TRUE(sent) << sent.error().message;
    return digest;
  }

  static std::string ReleaseWith(const std::string& digest, std::size_t size) {
    v1::Release release;
    release.set_application("hello");
    release.set_version("1.0.0");
    release.set_source("application: hello\n");
    v1::ArtifactRef artifact;
    artifact.set_digest(digest);
    artifact.set_size_bytes(size);
    artifact.set_name("app");
    *release.add_artifacts() = artifact;
    v1::Variant& variant = *release.add_variants();
    variant.set_name("only");
    v1::Component& component = *variant.mutable_model()->add_components();
    component.set_name("app");
    *component.mutable_process()->mutable_artifact() = artifact;
    std::string text;
    EXPECT_TRUE(json::MessageToJsonString(release, &text).ok());
    return text;
  }

  tests::TemporaryFolder folder_;
  std::string state_ = folder_ / "state";
  std::string url_;
  std::unique_ptr<Program> program_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(DaemonTest, TakesAReleaseToItsPlanAndKeepsAllOverARestart) {
  Start();
  const auto added = Call<v1::AddGatewayReply>("POST", "/v1/gateways", R"({"id":"gw-1","tags":{"region":"eu"}})");
  const auto enrolled = Call<v1::EnrolReply>(
      "POST", "/v1/enrol",
      R"({"token":")" + added.enrolment_token() + R"(","credential_digest":")" + Sha256("secret") + "\"}");
  EXPECT_EQ(enrolled.gateway(), "gw-1");
  EXPECT_EQ(enrolled.broker_url(), "mqtt://127.0.0.1:1");
  const std::string content(3000000, 'p');
  const std::string digest = Push(content);
  EXPECT_EQ(Call<v1::Release>("POST", "/v1/releases", ReleaseWith(digest, content.size())).version(), "1.0.0");
  const auto plan = Call<v1::Plan>("POST", "/v1/plans", R"({"application":"hello","version":"1.0.0"})");
  EXPECT_EQ(plan.assigned(), 1U);
  const std::string place = "/v1/plans/" + std::to_string(plan.id());
  EXPECT_EQ(Refusal("POST", place + "/enact").code, Code::kConflict);
  Call<v1::Plan>("POST", place + "/approve");
  EXPECT_EQ(Call<v1::Plan>("POST", place + "/enact").state(), v1::Plan::STATE_ENACTED);

  program_->Kill();
  Start();
  EXPECT_EQ(Call<v1::Gateway>("GET", "/v1/gateways/gw-1").desired().revision(), 1U);
  EXPECT_EQ(Call<v1::Plan>("GET", place).state(), v1::Plan::STATE_ENACTED);
  EXPECT_EQ(Call<v1::Assignment>("GET", place + "/explain/gw-1").variant(), "only");
  EXPECT_EQ(Call<v1::ReleaseList>("GET", "/v1/releases?application=hello").releases_size(), 1);
  EXPECT_FALSE(Call<v1::FleetStatus>("GET", "/v1/status").broker_connected());

  const auto agent = Client("secret");
  std::string received;
  const auto downloaded = agent->Download("/v1/artifacts/" + digest, 1000, [&](std::string_view piece) -> Result<void> {
    received += piece;
    return {};
  });
  ASSERT_TRUE(downloaded) << downloaded.error().message;
  EXPECT_EQ(received, content.substr(1000));
  EXPECT_EQ(agent->Call("GET", "/v1/status", "").error().code, Code::kDenied);
  EXPECT_TRUE(client_->Call("DELETE", "/v1/gateways/gw-1", ""));
  EXPECT_EQ(agent->Call("HEAD", "/v1/artifacts/" + digest, "").error().code, Code::kDenied);
}

TEST_F(DaemonTest, DeletesAReleaseAndWhatNothingRefersTo) {
  Start();
  const std::string digest = Push("program");
  Call<v1::Release>("POST", "/v1/releases", ReleaseWith(digest, 7));
  Call<v1::Plan>("POST", "/v1/plans", R"({"application":"hello","version":"1.0.0"})");
  EXPECT_THAT(Refusal("DELETE", "/v1/releases/hello/1.0.0").message, HasSubstr("plan 1 for it waits"));
  Call<v1::Plan>("POST", "/v1/plans/1/reject", R"({"reason":"no"})");
  EXPECT_TRUE(client_->Call("DELETE", "/v1/releases/hello/1.0.0", ""));
  EXPECT_EQ(Refusal("GET", "/v1/releases/hello/1.0.0").code, Code::kNotFound);
  // It was pushed a moment ago.
  const auto collected = Call<v1::ArtifactCollection>("POST", "/v1/artifacts/collect", R"({"unused_for_hours":1})");
  EXPECT_EQ(collected.count(), 0U);
  EXPECT_TRUE(client_->Call("HEAD", "/v1/artifacts/" + digest, ""));
  const std::string leftover = state_ + "/artifacts/ab/ab" + std::string(62, '0');
  std::filesystem::create_directories(state_ + "/artifacts/ab");
  std::ofstream(leftover) << "left over";
  EXPECT_EQ(Call<v1::ArtifactCollection>("POST", "/v1/artifacts/collect", R"({"dry_run":true})").leftovers(), 1U);
  EXPECT_TRUE(std::filesystem::exists(leftover));
  EXPECT_EQ(Call<v1::ArtifactCollection>("POST", "/v1/artifacts/collect").freed_bytes(), 9U);
  EXPECT_FALSE(std::filesystem::exists(leftover));
}

TEST_F(DaemonTest, NamesWhatIsWrongWithARequestAndChangesNothing) {
  Start();
  EXPECT_EQ(Refusal("POST", "/v1/gateways", R"({"id":"Not An Id"})").code, Code::kInvalid);
  Call<v1::AddGatewayReply>("POST", "/v1/gateways", R"({"id":"gw-1"})");
  EXPECT_EQ(Refusal("POST", "/v1/gateways", R"({"id":"gw-1"})").code, Code::kConflict);
  EXPECT_EQ(Refusal("GET", "/v1/gateways/gw-2").code, Code::kNotFound);
  EXPECT_EQ(Refusal("GET", "/v1/artifacts/" + Sha256("nothing")).code, Code::kNotFound);
  EXPECT_EQ(Refusal("POST", "/v1/releases", ReleaseWith(Sha256("missing"), 7)).code, Code::kNotFound);
  EXPECT_EQ(Refusal("POST", "/v1/plans", R"({"application":"hello","version":"1.0.0"})").code, Code::kNotFound);
  EXPECT_EQ(Refusal("GET", "/v1/plans/1").code, Code::kNotFound);
  EXPECT_EQ(Refusal("GET", "/v1/gateways/gw-1/telemetry?after=nonsense").code, Code::kInvalid);
  EXPECT_EQ(Refusal("POST", "/v1/gateways/gw-1/logs").code, Code::kUnavailable);
  EXPECT_EQ(Refusal("POST", "/v1/enrol", R"({"token":"x","credential_digest":")" + Sha256("s") + "\"}").code,
            Code::kDenied);

  const std::string file = folder_ / "wrong";
  std::ofstream(file) << "other bytes";
  const auto sent = client_->Upload("/v1/artifacts/" + Sha256("these bytes"), file, nullptr);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::kCorrupt);
  EXPECT_EQ(Call<v1::ArtifactList>("GET", "/v1/artifacts").artifacts_size(), 0);
  EXPECT_TRUE(std::filesystem::is_empty(state_ + "/artifacts/incoming"));
}

TEST_F(DaemonTest, HoldsTheLimitOfArtifacts) {
  Start({"--artifact-limit", "1000"});
  const std::string file = folder_ / "large";
  std::ofstream(file) << std::string(1001, 'l');
  const auto sent = client_->Upload("/v1/artifacts/" + Sha256(std::string(1001, 'l')), file, nullptr);
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().message, HasSubstr("of 1001 bytes is larger than the limit of 1000 bytes"));
}

TEST_F(DaemonTest, StopsInGoodOrderAndKeepsItsToken) {
  Start();
  const std::string token = *ReadFile(state_ + "/admin.token", 1000);
  program_->Signal(SIGTERM);
  EXPECT_EQ(program_->Wait(), 0);
  Start();
  EXPECT_EQ(*ReadFile(state_ + "/admin.token", 1000), token);
}

TEST_F(DaemonTest, RefusesAFolderThatIsInUse) {
  Start();
  const auto second = tests::RunProgram(Command());
  EXPECT_EQ(second.exit_code, ExitCode(Code::kConflict));
  EXPECT_THAT(second.output,
              AllOf(HasSubstr(state_), HasSubstr("in use by process " + std::to_string(program_->pid()))));
}

TEST_F(DaemonTest, RefusesAPortThatIsInUse) {
  Start();
  const std::string place = url_.substr(std::string("http://").size());
  const auto second =
      tests::RunProgram({tests::Built("motley-controller"), "--state", folder_ / "other", "--listen", place});
  EXPECT_EQ(second.exit_code, ExitCode(Code::kConflict));
  EXPECT_THAT(second.output, HasSubstr(place + " is in use"));
}

TEST_F(DaemonTest, RefusesADatabaseThatIsDamaged) {
  std::filesystem::create_directory(state_);
  std::ofstream(state_ + "/controller.db") << std::string(5000, '?');
  const auto run = tests::RunProgram(Command());
  EXPECT_EQ(run.exit_code, ExitCode(Code::kCorrupt));
  EXPECT_THAT(run.output, HasSubstr(state_ + "/controller.db"));
}

TEST_F(DaemonTest, RefusesATokenThatOthersCanRead) {
  std::filesystem::create_directory(state_);
  std::ofstream(state_ + "/admin.token") << std::string(64, 'a') << "\n";
  chmod((state_ + "/admin.token").c_str(), 0644);
  const auto run = tests::RunProgram(Command());
  EXPECT_EQ(run.exit_code, ExitCode(Code::kDenied));
  EXPECT_THAT(run.output, HasSubstr("admin.token can be read by others"));
}

TEST_F(DaemonTest, RefusesAStateFolderThatCanNotBe) {
  const auto run = tests::RunProgram({tests::Built("motley-controller"), "--state", "/proc/nowhere"});
  EXPECT_NE(run.exit_code, 0);
  EXPECT_THAT(run.output, AllOf(HasSubstr("/proc/nowhere"), HasSubstr("--state")));
}

}  // namespace
}  // namespace motley::controller
