#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace motley {

/// Where a controller is and who is asking.
struct HttpClientOptions {
  /// "http://host:port" or "https://host:port".
  std::string base_url;
  /// Sent as "Authorization: Bearer <token>"; empty: none.
  std::string bearer_token;
  /// PEM file of the authorities that may vouch for the server; empty: the system's. Only for https.
  std::string ca_file;
  std::chrono::milliseconds connect_timeout{5000};
  /// Without a byte for so long a call fails.
  std::chrono::milliseconds idle_timeout{30000};
};

/// A blocking HTTP/1.1 client for the controller's interface. One thread at a time; keeps its connection alive.
///
/// Errors of all calls: kUnavailable (no connection; the message names the address), kTimeout, and for an error status
/// the code and message of the ErrorReply in the body, or those of the status where the body is none.
class HttpClient {
 public:
  /// Errors: kInvalid (not a URL that this client can call).
  static Result<std::unique_ptr<HttpClient>> Create(HttpClientOptions options);
  virtual ~HttpClient() = default;

  /// `path` starts with '/' and holds the query, escaped. `json` may be empty. The body of the answer.
  virtual Result<std::string> Call(std::string_view method, const std::string& path, const std::string& json) = 0;

  /// PUTs the bytes of a file without holding them in memory; `progress` is called with the bytes sent so far.
  virtual Result<std::string> Upload(const std::string& path, const std::string& file,
                                     const std::function<void(std::uint64_t)>& progress) = 0;

  /// GETs from byte `offset` on. `sink` takes each piece and may end the call by an error, which is returned.
  /// Errors beside the general ones: kCorrupt (the server ignored the range, or the body ended early).
  virtual Result<void> Download(const std::string& path, std::uint64_t offset,
                                const std::function<Result<void>(std::string_view)>& sink) = 0;
};

/// Percent-encodes one path segment or query value (RFC 3986: all but unreserved characters).
std::string UrlEscape(std::string_view text);

}  // namespace motley
