#include "controller/api/http_server.h"

#include <fmt/format.h>
#include <pthread.h>

// Boost 1.74's awaitable.hpp uses std::exchange without including <utility>.
#include <utility>
//
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "common/log/log.h"
#include "controller/api/http_connection.h"

namespace motley::controller {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Connections above the limit that are told so; more are closed without a word.
constexpr std::size_t kMaxTurnedAway = 32;

class AsioServer final : public HttpServer {
 public:
  AsioServer(Loop& loop, HttpHandler& handler, const HttpServerOptions& options)
      : shared_(loop, handler, options), acceptor_(*shared_.context) {}
  ~AsioServer() override { Stop(std::chrono::milliseconds(0)); }

  Result<void> Listen() {
    const HttpServerOptions& options = shared_.options;
    const std::string place = fmt::format("{}:{}", options.address, options.port);
    error_code problem;
    const auto address =
        asio::ip::make_address(options.address == "localhost" ? "127.0.0.1" : options.address, problem);
    if (problem) {
      return Error{
          Code::kInvalid,
          fmt::format("can not listen on \"{}\": not an IP address (127.0.0.1, ::1, 0.0.0.0, ...)", options.address)};
    }
    TRY(LoadTls());
    if (!secure_ && !address.is_loopback()) {
      return Error{
          Code::kInvalid,
          fmt::format("refusing to listen on {} without TLS: access tokens would cross the network in the clear. "
                      "Give a certificate and its key (--tls-certificate, --tls-key), or listen on 127.0.0.1",
                      place)};
    }
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), problem);
    if (!problem) acceptor_.set_option(tcp::acceptor::reuse_address(true), problem);
    if (!problem) acceptor_.bind(endpoint, problem);
    if (!problem) acceptor_.listen(asio::socket_base::max_listen_connections, problem);
    if (problem) return ListenError(place, problem);
    endpoint_ = acceptor_.local_endpoint(problem);
    return {};
  }

  void Run() {
    asio::co_spawn(*shared_.context, Accept(), LogEscaped);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "http");
      shared_.context->run();
    });
  }

  std::uint16_t port() const override { return endpoint_.port(); }

  std::string url() const override {
    const auto address = endpoint_.address();
    // A server that listens everywhere is called here by loopback.
    std::string host = address.to_string();
    if (address.is_unspecified()) host = address.is_v6() ? "::1" : "127.0.0.1";
    if (address.is_v6()) host = "[" + host + "]";
    return fmt::format("{}://{}:{}", secure_ ? "https" : "http", host, endpoint_.port());
  }

  void Stop(std::chrono::milliseconds patience) override {
    if (!thread_.joinable()) return;
    asio::post(*shared_.context, [this, patience] {
      shared_.stopping = true;
      error_code ignored;
      acceptor_.close(ignored);
      accept_pause_.cancel();
      for (HttpConnection* connection : shared_.connections) connection->WindDown();
      if (shared_.connections.empty()) return;
      shared_.stop_deadline.expires_after(patience);
      shared_.stop_deadline.async_wait([this](error_code cancelled) {
        if (cancelled) return;
        // Not by stopping the context: Asio 1.74 frees suspended coroutines twice when it is destroyed under them.
        for (HttpConnection* connection : shared_.connections) connection->Abort();
      });
    });
    // Without the acceptor and with the last connection gone it is out of work.
    thread_.join();
  }

 private:
  Result<void> LoadTls() {
    const HttpServerOptions& options = shared_.options;
    if (options.certificate_file.empty() && options.key_file.empty()) return {};
    if (options.certificate_file.empty() || options.key_file.empty()) {
      return Error{Code::kInvalid, "TLS needs a certificate and its key: --tls-certificate and --tls-key go together"};
    }
    secure_ = true;
    error_code problem;
    shared_.tls.set_options(
        asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
        problem);
    shared_.tls.use_certificate_chain_file(options.certificate_file, problem);
    if (problem) {
      return Error{Code::kInvalid,
                   fmt::format("the certificate {} can not be used: {} (a PEM file, own certificate first)",
                               options.certificate_file, problem.message())};
    }
    shared_.tls.use_private_key_file(options.key_file, asio::ssl::context::pem, problem);
    if (problem) {
      return Error{Code::kInvalid, fmt::format("the key {} can not be used: {} (a PEM file, the key of {})",
                                               options.key_file, problem.message(), options.certificate_file)};
    }
    return {};
  }

  static Error ListenError(const std::string& place, error_code problem) {
    if (problem == asio::error::address_in_use) {
      return {Code::kConflict, fmt::format("{} is in use by another program: give another port with --listen, "
                                           "or port 0 for any that is free",
                                           place)};
    }
    if (problem == asio::error::access_denied) {
      return {Code::kDenied, fmt::format("not allowed to listen on {}: give a port above 1023 with --listen", place)};
    }
    return {Code::kInvalid, fmt::format("can not listen on {}: {}", place, problem.message())};
  }

  asio::awaitable<void> Accept() {
    while (!shared_.stopping) {
      error_code problem;
      tcp::socket socket(*shared_.context);
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, problem));
      if (shared_.stopping) co_return;
      if (!problem) {
        Begin(std::move(socket));
        continue;
      }
      // Out of descriptors, most likely: those waiting stay in the queue.
      if (!std::exchange(accept_failed_, true)) LogError("can not accept connections: {}", problem.message());
      accept_pause_.expires_after(std::chrono::milliseconds(100));
      co_await accept_pause_.async_wait(asio::redirect_error(asio::use_awaitable, problem));
    }
  }

  void Begin(tcp::socket socket) {
    const std::size_t open = shared_.connections.size();
    if (open >= shared_.options.max_connections + kMaxTurnedAway) return;
    accept_failed_ = false;
    const bool full = open >= shared_.options.max_connections;
    ServeConnection(shared_, std::move(socket), secure_ ? Transport::kTls : Transport::kPlain,
                    full ? Welcome::kTurnAway : Welcome::kServe);
  }

  HttpServerState shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_pause_{*shared_.context};
  tcp::endpoint endpoint_;
  bool secure_ = false;
  bool accept_failed_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Loop& loop, HttpHandler& handler,
                                                      const HttpServerOptions& options) {
  auto server = std::make_unique<AsioServer>(loop, handler, options);
  TRY(server->Listen());
  server->Run();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace motley::controller
