#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/received_file.h"

namespace motley::controller {

/// A request as plain values, so that it can be handed from the server's thread to the loop.
struct HttpRequest {
  std::string method;
  /// Decoded segments of the path: "/v1/gateways/a%20b" is {"v1", "gateways", "a b"}.
  std::vector<std::string> segments;
  /// The path as it came, without the query: for messages.
  std::string path;
  /// Decoded. A name that comes twice keeps its last value.
  std::map<std::string, std::string> query;
  /// Of "Authorization: Bearer <token>"; empty: none.
  std::string bearer_token;
  /// IP address of the caller.
  std::string remote_address;
  std::string body;
  /// Instead of `body`, where the admission asked for a file.
  std::shared_ptr<const ReceivedFile> file;
};

/// A file as the body of an answer. Never changes under its entity tag.
struct FileBody {
  std::string path;
  /// Without quotes.
  std::string entity_tag;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// Beside Content-Type, Content-Length and what the server adds by itself.
  std::vector<std::pair<std::string, std::string>> headers;
  /// Sent instead of `body`, or the part of it that the request's Range asks for.
  std::optional<FileBody> file;
};

/// What may follow the head of a request.
struct Admission {
  /// Given at once, and the body is not read.
  std::optional<HttpAnswer> refusal;
  /// 0: the request takes no body.
  std::uint64_t body_limit_bytes = 0;
  /// The body goes to a temporary file in this folder instead of memory; empty: memory.
  std::string upload_folder;
};

/// Gives the answer to one request; the first call counts, and none is answered for by the server's deadline. Any
/// thread.
using Responder = std::function<void(HttpAnswer)>;

/// Who answers. Loop thread only.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// Decides on the head of a request, before a byte of its body is read.
  virtual Admission Admit(const HttpRequest& head) = 0;
  /// Takes an admitted request with its body. May answer later.
  virtual void Handle(HttpRequest request, Responder respond) = 0;
};

}  // namespace motley::controller
