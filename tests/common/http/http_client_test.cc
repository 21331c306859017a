#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/files/files.h"
#include "common/http/client.h"

namespace motley {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

enum class Ending { kClose, kHang };

/// Takes one connection, reads up to the end of a head, and says what it was told to say.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::string answer, Ending ending = Ending::kClose)
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), ending_(ending), answer_(std::move(answer)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 1), 0);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~ScriptedServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// What came. Call after the client's call.
  std::string request() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    thread_ = std::thread([] {});
    return request_;
  }

 private:
  void Serve() {
    UniqueFd connection(accept(listener_.get(), nullptr, nullptr));
    char buffer[65536];
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t size = recv(connection.get(), buffer, sizeof buffer, 0);
      if (size <= 0) return;
      request_.append(buffer, static_cast<std::size_t>(size));
    }
    send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    if (ending_ == Ending::kClose) shutdown(connection.get(), SHUT_WR);
    // Until the client has had enough.
    while (true) {
      const ssize_t size = recv(connection.get(), buffer, sizeof buffer, 0);
      if (size <= 0) return;
      request_.append(buffer, static_cast<std::size_t>(size));
    }
  }

  UniqueFd listener_;
  Ending ending_;
  std::uint16_t port_ = 0;
  std::string answer_;
  std::string request_;
  std::thread thread_;
};

std::unique_ptr<HttpClient> ClientOf(const std::string& url, const std::string& token = "") {
  HttpClientOptions options;
  options.base_url = url;
  options.bearer_token = token;
  options.idle_timeout = milliseconds(300);
  auto client = HttpClient::Create(options);
  EXPECT_TRUE(client) << client.error().message;
  return *std::move(client);
}

std::string Answer(const std::string& status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(HttpClient, RefusesWhatIsNotAnAddress) {
  for (const std::string url :
       {"", "127.0.0.1:80", "ftp://x", "http://", "http://x:99999", "http://x/path", "http://a b"}) {
    HttpClientOptions options;
    options.base_url = url;
    const auto client = HttpClient::Create(options);
    ASSERT_FALSE(client) << url;
    EXPECT_EQ(client.error().code, Code::kInvalid);
    EXPECT_THAT(client.error().message, AllOf(HasSubstr("\"" + url + "\""), HasSubstr("http://HOST:PORT")));
  }
}

TEST(HttpClient, RefusesAFileOfAuthoritiesThatIsNotThere) {
  HttpClientOptions options;
  options.base_url = "https://127.0.0.1:1";
  options.ca_file = "/nowhere/ca.pem";
  EXPECT_THAT(HttpClient::Create(options).error().message, HasSubstr("/nowhere/ca.pem"));
}

TEST(HttpClient, SendsTokenAndBodyAndGivesTheAnswer) {
  ScriptedServer server(Answer("200 OK", "{\"x\":1}"));
  const auto body = ClientOf(server.url(), "sesame")->Call("POST", "/v1/x%20y?a=%2B", "{}");
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(*body, "{\"x\":1}");
  EXPECT_THAT(server.request(),
              AllOf(StartsWith("POST /v1/x%20y?a=%2B HTTP/1.1\r\n"), HasSubstr("Authorization: Bearer sesame\r\n"),
                    HasSubstr("Content-Type: application/json\r\n"), EndsWith("\r\n\r\n{}")));
}

TEST(HttpClient, TakesCodeAndMessageFromAnErrorReply) {
  ScriptedServer server(Answer("503 Service Unavailable", R"({"code":"conflict","message":"it is taken","new":1})"));
  const auto body = ClientOf(server.url())->Call("GET", "/", "");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::kConflict);
  EXPECT_EQ(body.error().message, "it is taken");
}

TEST(HttpClient, MakesAnErrorOfAStatusWithoutAReply) {
  ScriptedServer server(Answer("401 Unauthorized", "<html>"));
  const auto body = ClientOf(server.url())->Call("GET", "/x", "");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::kDenied);
  EXPECT_THAT(body.error().message, AllOf(HasSubstr(server.url()), HasSubstr("401"), HasSubstr("token")));
}

TEST(HttpClient, MakesAnErrorOfAStatusThatComesWithoutABody) {
  ScriptedServer server("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n");
  const auto body = ClientOf(server.url())->Call("HEAD", "/x", "");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::kNotFound);
}

TEST(HttpClient, NamesAnAddressWhereNobodyListens) {
  std::string url;
  { url = ScriptedServer("").url(); }
  const auto body = ClientOf(url)->Call("GET", "/", "");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::kUnavailable);
  EXPECT_THAT(body.error().message, HasSubstr(url));
}

TEST(HttpClient, TimesOutOnASilentServer) {
  ScriptedServer server("", Ending::kHang);
  const auto body = ClientOf(server.url())->Call("GET", "/slow", "");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::kTimeout);
  EXPECT_THAT(body.error().message, AllOf(HasSubstr("GET /slow"), HasSubstr("300 ms")));
}

TEST(HttpClient, NamesAConnectionThatWasClosed) {
  ScriptedServer server("");
  const auto body = ClientOf(server.url())->Call("GET", "/", "");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::kUnavailable);
  EXPECT_THAT(body.error().message, HasSubstr("closed the connection"));
}

/// A download from `offset` on: what came, or the error.
Result<std::string> Download(const std::string& url, std::uint64_t offset) {
  std::string content;
  TRY(ClientOf(url)->Download("/file", offset, [&](std::string_view piece) -> Result<void> {
    content += piece;
    return {};
  }));
  return content;
}

TEST(HttpClient, DownloadsFromAnOffset) {
  ScriptedServer server(Answer("206 Partial Content", "6789", "Content-Range: bytes 6-9/10\r\n"));
  const auto content = Download(server.url(), 6);
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(*content, "6789");
  EXPECT_THAT(server.request(), HasSubstr("Range: bytes=6-\r\n"));
}

TEST(HttpClient, RefusesTheWholeWhereItAskedForAPart) {
  ScriptedServer whole(Answer("200 OK", "0123456789"));
  EXPECT_EQ(Download(whole.url(), 6).error().code, Code::kCorrupt);
  ScriptedServer other(Answer("206 Partial Content", "456789", "Content-Range: bytes 4-9/10\r\n"));
  EXPECT_EQ(Download(other.url(), 6).error().code, Code::kCorrupt);
}

TEST(HttpClient, NamesADownloadThatEndsEarly) {
  ScriptedServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
  const auto content = Download(server.url(), 0);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, Code::kCorrupt);
  EXPECT_THAT(content.error().message, HasSubstr("ended after 4 of 10 bytes"));
}

TEST(HttpClient, TimesOutOnAStalledDownload) {
  ScriptedServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", Ending::kHang);
  EXPECT_EQ(Download(server.url(), 0).error().code, Code::kTimeout);
}

TEST(HttpClient, GivesTheReasonOfARefusedDownload) {
  ScriptedServer server(Answer("404 Not Found", R"({"code":"not_found","message":"no such artifact"})"));
  EXPECT_EQ(Download(server.url(), 0).error().message, "no such artifact");
}

TEST(HttpClient, EndsADownloadWithTheErrorOfItsSink) {
  ScriptedServer server(Answer("200 OK", "0123456789"));
  const auto ended = ClientOf(server.url())->Download("/file", 0, [](std::string_view) -> Result<void> {
    return Error{Code::kUnavailable, "the disk is full"};
  });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "the disk is full");
}

TEST(HttpClient, NamesAFileToUploadThatIsNotThere) {
  const auto sent = ClientOf("http://127.0.0.1:1")->Upload("/x", "/nowhere/file", nullptr);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Code::kNotFound);
  EXPECT_THAT(sent.error().message, HasSubstr("/nowhere/file"));
}

TEST(HttpClient, UploadsAFileWithProgress) {
  const std::string file = testing::TempDir() + "upload-" + std::to_string(getpid());
  std::ofstream(file) << std::string(600000, 'u');
  ScriptedServer server(Answer("200 OK", "{}"));
  std::uint64_t sent = 0;
  const auto answer = ClientOf(server.url())->Upload("/x", file, [&](std::uint64_t bytes) { sent = bytes; });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(sent, 600000U);
  EXPECT_THAT(server.request(),
              AllOf(StartsWith("PUT /x HTTP/1.1"), HasSubstr("Content-Length: 600000\r\n"), EndsWith("uuuu")));
  std::filesystem::remove(file);
}

TEST(UrlEscape, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(UrlEscape("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(UrlEscape("a b/c?&=+%\xc3\xa4"), "a%20b%2Fc%3F%26%3D%2B%25%C3%A4");
}

}  // namespace
}  // namespace motley
