#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/loop/loop.h"
#include "controller/api/exchange.h"

namespace motley::controller {

struct HttpServerOptions {
  /// An IP address, or "localhost". Any but loopback needs TLS.
  std::string address = "127.0.0.1";
  /// 0: the kernel gives one.
  std::uint16_t port = 0;
  /// PEM files, both or none. With them the server speaks TLS 1.2 and up, and nothing else.
  std::string certificate_file;
  std::string key_file;
  /// Those above are told to come back later.
  std::size_t max_connections = 1000;
  /// For the head of a request, from its first byte on, and for the TLS handshake.
  std::chrono::milliseconds head_timeout{10000};
  /// For each 64 KiB of a body that is received, and each 256 KiB that is sent.
  std::chrono::milliseconds transfer_timeout{30000};
  /// Between two requests of a connection.
  std::chrono::milliseconds idle_timeout{60000};
  /// For the handler's answer; then the caller gets status 504.
  std::chrono::milliseconds answer_timeout{30000};
};

/// An HTTP/1.1 server on one thread of its own, where bytes are moved; what they mean is decided by a handler on the
/// loop.
///
/// Heads are limited to 16 KiB, bodies as the handler admits. Bodies that go to files are never held in memory. Files
/// are sent with ranges (RFC 9110, section 14).
class HttpServer {
 public:
  /// Listens at once; answers while the loop runs. `loop` and `handler` outlive the loop's last run and this object.
  /// Errors: kInvalid (address, TLS files, no TLS where it is needed), kConflict (port in use), kDenied (port).
  static Result<std::unique_ptr<HttpServer>> Start(Loop& loop, HttpHandler& handler, const HttpServerOptions& options);
  /// As Stop without patience.
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  /// "http://127.0.0.1:8470".
  virtual std::string url() const = 0;

  /// Accepts nothing more, answers 503 to those who wait for the loop or still send a body, lets what is being sent end
  /// within `patience`, and ends the thread. Blocks; without such answers only as long as a refused caller goes on
  /// sending, 2 s at most.
  virtual void Stop(std::chrono::milliseconds patience) = 0;
};

}  // namespace motley::controller
