#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <memory>
#include <set>
#include <utility>

#include "common/loop/loop.h"
#include "controller/api/exchange.h"
#include "controller/api/http_server.h"

namespace motley::controller {

/// One open connection. Server's thread only.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  /// Ends it once the answer that is under way is sent.
  virtual void WindDown() = 0;
  /// Ends it at once.
  virtual void Abort() = 0;
};

/// What connections need of their server. Server's thread only, but for `context`, which any thread may post to.
struct HttpServerState {
  HttpServerState(Loop& its_loop, HttpHandler& its_handler, HttpServerOptions its_options)
      : loop(its_loop), handler(its_handler), options(std::move(its_options)) {}

  Loop& loop;
  HttpHandler& handler;
  const HttpServerOptions options;
  // Shared with responders, which may come after the server's end.
  std::shared_ptr<boost::asio::io_context> context = std::make_shared<boost::asio::io_context>(1);
  boost::asio::ssl::context tls{boost::asio::ssl::context::tls_server};
  bool stopping = false;
  std::set<HttpConnection*> connections;
  /// Cancelled when the last connection ends.
  boost::asio::steady_timer stop_deadline{*context};
};

enum class Transport { kPlain, kTls };
enum class Welcome { kServe, kTurnAway };

/// Serves what comes over `socket` until it ends: over TLS or not, with real answers or only told to come back later.
void ServeConnection(HttpServerState& state, boost::asio::ip::tcp::socket socket, Transport transport, Welcome welcome);

/// What becomes of an exception that a library threw on the server's thread: a log line.
void LogEscaped(std::exception_ptr escaped);

}  // namespace motley::controller
