#include "controller/api/http_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/http/client.h"
#include "controller/api/answer.h"
#include "tests/controller/api/loop_thread.h"
#include "tests/controller/api/raw_connection.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"
#include "tests/support/wait.h"

namespace motley::controller {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using tests::TemporaryFolder;
using tests::WaitFor;

/// Answers by the first segment of the path.
class FakeHandler : public HttpHandler {
 public:
  explicit FakeHandler(std::string folder) : folder_(std::move(folder)) {}

  Admission Admit(const HttpRequest& head) override {
    ++admitted;
    Admission admission;
    if (head.segments[0] == "secret" && head.bearer_token != "key") {
      admission.refusal = ErrorAnswer({Code::kDenied, "no key"}, 401);
    } else if (head.segments[0] == "upload") {
      admission.body_limit_bytes = 1000000;
      admission.upload_folder = folder_;
    } else if (head.method == "POST" || head.segments[0] == "secret") {
      admission.body_limit_bytes = 1000;
    }
    return admission;
  }

  void Handle(HttpRequest request, Responder respond) override {
    ++handled;
    HttpAnswer answer;
    answer.content_type = "text/plain";
    answer.body = request.method + " " + request.body;
    if (request.segments[0] == "silent") {
      waiting.push_back(std::move(respond));
      return;
    }
    if (request.segments[0] == "large") answer.body = std::string(3000000, 'x');
    if (request.segments[0] == "file") answer.file = FileBody{folder_ + "/served", "tag"};
    if (request.file) answer.body = fmt::format("{} {}", request.file->size_bytes(), request.file->digest());
    respond(std::move(answer));
  }

  int admitted = 0;
  int handled = 0;
  std::vector<Responder> waiting;

 private:
  std::string folder_;
};

class HttpServerTest : public testing::Test {
 protected:
  void Start(const HttpServerOptions& options = {}) {
    auto started = HttpServer::Start(loop_.loop(), handler_, options);
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
  }

  RawConnection Connect() { return RawConnection(server_->port()); }

  /// The answer to one request of a connection of its own.
  std::string Ask(const std::string& request) {
    RawConnection connection = Connect();
    connection.Send(request);
    return connection.ReadAnswer();
  }

  std::string AskForRange(const std::string& range, const std::string& more = "") {
    return Ask("GET /file HTTP/1.1\r\nHost: x\r\nRange: " + range + "\r\n" + more + "\r\n");
  }

  std::size_t FilesInFolder() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }

  void Serve(const std::string& content) { std::ofstream(folder_.path() + "/served") << content; }

  TemporaryFolder folder_;
  FakeHandler handler_{folder_.path()};
  LoopThread loop_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, KeepsTheConnectionBetweenRequests) {
  Start();
  RawConnection connection = Connect();
  for (int i = 0; i < 3; ++i) {
    connection.Send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(connection.ReadAnswer(), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("GET ")));
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawConnection connection = Connect();
  connection.Send(
      "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
      "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo"
      "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(connection.ReadAnswer(), EndsWith("POST one"));
  EXPECT_THAT(connection.ReadAnswer(), EndsWith("POST two"));
  EXPECT_THAT(connection.ReadToEnd(), EndsWith("GET "));
}

TEST_F(HttpServerTest, TakesChunkedBodies) {
  Start();
  EXPECT_THAT(Ask("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"),
              EndsWith("POST abcde"));
}

TEST_F(HttpServerTest, ClosesAfterAnAnswerToHttp10) {
  Start();
  RawConnection connection = Connect();
  connection.Send("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_THAT(connection.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Connection: close")));
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  Start();
  RawConnection connection = Connect();
  connection.Send("HEAD /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(connection.ReadToEnd(), AllOf(HasSubstr("Content-Length: 3000000\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, RefusesGarbage) {
  Start();
  EXPECT_THAT(Ask("\x16\x03\x01\x02 this is no HTTP\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("this is not an HTTP/1.1 request")));
  EXPECT_THAT(Ask("GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n"), AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("%zz")));
  EXPECT_THAT(Ask("GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET http-is-not-a-path HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("the body is broken")));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(HttpServerTest, RefusesAHeadAboveItsLimit) {
  Start();
  EXPECT_THAT(Ask("GET /x HTTP/1.1\r\nHost: x\r\nX: " + std::string(20000, 'a') + "\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 431"), HasSubstr("larger than 16384 bytes")));
}

TEST_F(HttpServerTest, RefusesABodyAboveItsLimitBeforeItIsRead) {
  Start();
  EXPECT_THAT(Ask("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 413"), HasSubstr("of 1001 bytes is larger than the limit of 1000 bytes")));
  EXPECT_THAT(Ask("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'a') +
                  "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Ask("GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"),
              AllOf(StartsWith("HTTP/1.1 413"), HasSubstr("takes no body")));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(HttpServerTest, AsksTheHandlerBeforeItReadsTheBody) {
  Start();
  RawConnection connection = Connect();
  connection.Send("PUT /secret HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(connection.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("no key")));
  EXPECT_EQ(handler_.handled, 0);

  RawConnection second = Connect();
  second.Send(
      "PUT /secret HTTP/1.1\r\nHost: x\r\nauthorization: BEARER key\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(second.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  second.Send("hi");
  EXPECT_THAT(second.ReadAnswer(), EndsWith("PUT hi"));
}

TEST_F(HttpServerTest, EndsASlowClient) {
  HttpServerOptions options;
  options.head_timeout = milliseconds(50);
  options.transfer_timeout = milliseconds(50);
  options.idle_timeout = milliseconds(50);
  Start(options);
  RawConnection half_a_head = Connect();
  half_a_head.Send("GET /x HTTP/1.1\r\nHost:");
  RawConnection half_a_body = Connect();
  half_a_body.Send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  RawConnection idle = Connect();
  EXPECT_EQ(half_a_head.ReadToEnd(), "");
  EXPECT_EQ(half_a_body.ReadToEnd(), "");
  EXPECT_EQ(idle.ReadToEnd(), "");
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(HttpServerTest, TellsCallersAboveTheLimitToComeBack) {
  HttpServerOptions options;
  options.max_connections = 2;
  Start(options);
  RawConnection first = Connect();
  RawConnection second = Connect();
  for (RawConnection* connection : {&first, &second}) {
    connection->Send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(connection->ReadAnswer(), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(Ask("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("2 connections are open"), HasSubstr("Retry-After: 1")));
  first.Close();
  EXPECT_TRUE(WaitFor([&] { return Ask("GET /x HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200"); }));
}

TEST_F(HttpServerTest, AnswersForAHandlerThatDoesNot) {
  HttpServerOptions options;
  options.answer_timeout = milliseconds(50);
  Start(options);
  EXPECT_THAT(Ask("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 504"), HasSubstr("no answer within 50 ms")));
  // A late answer has nobody to go to.
  loop_.RunOnLoop([&] { handler_.waiting.at(0)({}); });
  EXPECT_THAT(Ask("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, SendsALateAnswerFromTheLoop) {
  Start();
  RawConnection connection = Connect();
  connection.Send("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n");
  bool there = false;
  EXPECT_TRUE(WaitFor([&] {
    loop_.RunOnLoop([&] { there = !handler_.waiting.empty(); });
    return there;
  }));
  loop_.RunOnLoop([&] {
    HttpAnswer answer;
    answer.body = "late";
    handler_.waiting.at(0)(answer);
    answer.body = "and again";
    handler_.waiting.at(0)(answer);
  });
  EXPECT_THAT(connection.ReadAnswer(), EndsWith("late"));
}

TEST_F(HttpServerTest, StopsInGoodOrder) {
  Start();
  RawConnection idle = Connect();
  RawConnection waiting = Connect();
  waiting.Send("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(WaitFor([&] {
    bool there = false;
    loop_.RunOnLoop([&] { there = !handler_.waiting.empty(); });
    return there;
  }));
  // Who waits for them to end by themselves waits for ever here.
  server_->Stop(std::chrono::hours(1));
  EXPECT_THAT(waiting.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("the controller is stopping")));
  EXPECT_EQ(idle.ReadToEnd(), "");
}

TEST_F(HttpServerTest, StopsWithoutWaitingForRequestsThatMayNeverCome) {
  HttpServerOptions options;
  options.head_timeout = options.transfer_timeout = options.idle_timeout = std::chrono::hours(1);
  Start(options);
  RawConnection silent = Connect();
  RawConnection half_head = Connect();
  half_head.Send("GET /x HTTP/1.1\r\nHo");
  RawConnection half_body = Connect();
  half_body.Send("PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\nuuu");
  EXPECT_TRUE(WaitFor([&] { return FilesInFolder() == 1; }));
  server_->Stop(std::chrono::hours(1));
  EXPECT_EQ(silent.ReadToEnd(), "");
  EXPECT_EQ(half_head.ReadToEnd(), "");
  EXPECT_THAT(half_body.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("the controller is stopping")));
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(HttpServerTest, RefusesAnUnsafeAddress) {
  HttpServerOptions options;
  options.address = "0.0.0.0";
  const auto open = HttpServer::Start(loop_.loop(), handler_, options);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, Code::kInvalid);
  EXPECT_THAT(open.error().message, AllOf(HasSubstr("0.0.0.0:0 without TLS"), HasSubstr("--tls-certificate")));

  options.address = "somewhere";
  EXPECT_THAT(HttpServer::Start(loop_.loop(), handler_, options).error().message, HasSubstr("not an IP address"));
}

TEST_F(HttpServerTest, NamesAPortInUse) {
  Start();
  HttpServerOptions options;
  options.port = server_->port();
  const auto second = HttpServer::Start(loop_.loop(), handler_, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  EXPECT_THAT(second.error().message, HasSubstr(fmt::format("127.0.0.1:{} is in use", server_->port())));
}

TEST_F(HttpServerTest, StreamsAnUploadToAFile) {
  Start();
  const std::string content(700000, 'u');
  RawConnection connection = Connect();
  connection.Send(fmt::format("PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", content.size()) +
                  content);
  EXPECT_THAT(connection.ReadAnswer(), EndsWith("\r\n\r\n700000 " + Sha256(content)));
  // The handler did not take it.
  EXPECT_TRUE(WaitFor([&] { return FilesInFolder() == 0; }));
}

TEST_F(HttpServerTest, TakesAnEmptyUpload) {
  Start();
  EXPECT_THAT(Ask("PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), EndsWith("\r\n\r\n0 " + Sha256("")));
}

TEST_F(HttpServerTest, LeavesNothingOfABrokenUpload) {
  Start();
  {
    RawConnection connection = Connect();
    connection.Send("PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" + std::string(200000, 'u'));
    EXPECT_TRUE(WaitFor([&] { return FilesInFolder() == 1; }));
  }
  EXPECT_TRUE(WaitFor([&] { return FilesInFolder() == 0; }));
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(HttpServerTest, LeavesNothingOfAnUploadThatIsTooLarge) {
  Start();
  RawConnection connection = Connect();
  connection.Send("PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nf4241\r\n" +
                  std::string(1000001, 'u') + "\r\n0\r\n\r\n");
  EXPECT_THAT(connection.ReadToEnd(), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(FilesInFolder(), 0U);
}

TEST_F(HttpServerTest, SendsTheRangesOfAFile) {
  Serve("0123456789");
  Start();
  EXPECT_THAT(Ask("GET /file HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Accept-Ranges: bytes"), HasSubstr("ETag: \"tag\""),
                    EndsWith("\r\n\r\n0123456789")));
  EXPECT_THAT(AskForRange("bytes=2-4"),
              AllOf(StartsWith("HTTP/1.1 206"), HasSubstr("Content-Range: bytes 2-4/10"), EndsWith("\r\n\r\n234")));
  EXPECT_THAT(AskForRange("bytes=7-"), AllOf(StartsWith("HTTP/1.1 206"), EndsWith("\r\n\r\n789")));
  EXPECT_THAT(AskForRange("bytes=-2"), AllOf(StartsWith("HTTP/1.1 206"), EndsWith("\r\n\r\n89")));
  EXPECT_THAT(AskForRange("bytes=10-"),
              AllOf(StartsWith("HTTP/1.1 416"), HasSubstr("Content-Range: bytes */10\r\n"), HasSubstr("bytes=10-")));
  EXPECT_THAT(AskForRange("bytes=7-", "If-Range: \"other\"\r\n"),
              AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\n0123456789")));
  EXPECT_THAT(AskForRange("bytes=7-", "If-Range: \"tag\"\r\n"), StartsWith("HTTP/1.1 206"));
}

TEST_F(HttpServerTest, AnswersHeadOfAFileWithItsSize) {
  Serve("0123456789");
  Start();
  RawConnection connection = Connect();
  connection.Send("HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(connection.ReadToEnd(), AllOf(HasSubstr("Content-Length: 10\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, NamesAFileThatIsGone) {
  Start();
  EXPECT_THAT(Ask("GET /file HTTP/1.1\r\nHost: x\r\n\r\n"), AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("/served")));
}

TEST_F(HttpServerTest, SurvivesAClientThatDoesNotReadItsAnswer) {
  HttpServerOptions options;
  options.transfer_timeout = milliseconds(100);
  options.max_connections = 1;
  Serve(std::string(50000000, 'x'));
  Start(options);
  RawConnection deaf = Connect();
  deaf.Send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  // Its place becomes free.
  EXPECT_TRUE(WaitFor([&] { return Ask("GET /x HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200"); }));
}

/// A certificate of its own for 127.0.0.1.
void MakeCertificate(const std::string& folder) {
  const auto made =
      tests::RunProgram({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-days", "2", "-subj", "/CN=motley", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                         folder + "/key.pem", "-out", folder + "/certificate.pem"});
  ASSERT_EQ(made.exit_code, 0) << made.output;
}

class HttpsServerTest : public HttpServerTest {
 protected:
  HttpsServerTest() {
    MakeCertificate(keys_.path());
    options_.certificate_file = keys_ / "certificate.pem";
    options_.key_file = keys_ / "key.pem";
  }

  std::unique_ptr<HttpClient> Client(const std::string& ca_file, const std::string& token = "") {
    HttpClientOptions options;
    options.base_url = server_->url();
    options.ca_file = ca_file;
    options.bearer_token = token;
    auto client = HttpClient::Create(options);
    EXPECT_TRUE(client) << client.error().message;
    return *std::move(client);
  }

  TemporaryFolder keys_;
  HttpServerOptions options_;
};

TEST_F(HttpsServerTest, ServesOverTls) {
  Serve(std::string(1000000, 'f'));
  Start(options_);
  const auto client = Client(options_.certificate_file);
  for (int i = 0; i < 2; ++i) {
    const auto answer = client->Call("POST", "/x", "hello");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, "POST hello");
  }
  std::uint64_t received = 0;
  const auto downloaded = client->Download("/file", 10, [&](std::string_view piece) -> Result<void> {
    received += piece.size();
    return {};
  });
  ASSERT_TRUE(downloaded) << downloaded.error().message;
  EXPECT_EQ(received, 999990U);
}

TEST_F(HttpsServerTest, IsRefusedByAClientThatDoesNotKnowItsAuthority) {
  Start(options_);
  const auto answer = Client("")->Call("GET", "/x", "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("certificate of " + server_->url()));
}

TEST_F(HttpsServerTest, ClosesOnPlainHttp) {
  Start(options_);
  RawConnection connection = Connect();
  connection.Send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  connection.ReadToEnd();
  EXPECT_EQ(handler_.admitted, 0);
}

TEST_F(HttpsServerTest, GivesTheReasonOfARefusedUpload) {
  Start(options_);
  const std::string file = keys_ / "large";
  std::ofstream(file) << std::string(30000000, 'l');
  const auto client = Client(options_.certificate_file);
  for (int i = 0; i < 2; ++i) {
    const auto sent = client->Upload("/upload", file, nullptr);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::kInvalid);
    EXPECT_THAT(sent.error().message, HasSubstr("of 30000000 bytes is larger than the limit of 1000000 bytes"));
  }
}

TEST_F(HttpsServerTest, NamesBadTlsFiles) {
  HttpServerOptions no_key = options_;
  no_key.key_file.clear();
  EXPECT_THAT(HttpServer::Start(loop_.loop(), handler_, no_key).error().message, HasSubstr("--tls-key"));
  HttpServerOptions no_file = options_;
  no_file.certificate_file = "/nowhere.pem";
  EXPECT_THAT(HttpServer::Start(loop_.loop(), handler_, no_file).error().message, HasSubstr("/nowhere.pem"));
  HttpServerOptions wrong_key = options_;
  wrong_key.key_file = options_.certificate_file;
  EXPECT_THAT(HttpServer::Start(loop_.loop(), handler_, wrong_key).error().message, HasSubstr(wrong_key.key_file));
}

TEST_F(HttpServerTest, GivesTheReasonOfARefusedUpload) {
  Start();
  const std::string file = folder_ / "served";
  Serve(std::string(30000000, 'l'));
  HttpClientOptions options;
  options.base_url = server_->url();
  auto made = HttpClient::Create(options);
  ASSERT_TRUE(made);
  const std::unique_ptr<HttpClient> client = *std::move(made);
  const auto sent = client->Upload("/secret", file, nullptr);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "no key");
  EXPECT_EQ(*client->Call("POST", "/x", "still works"), "POST still works");
}

}  // namespace
}  // namespace motley::controller
