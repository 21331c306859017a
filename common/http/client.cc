#include "common/http/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <httplib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "common/files/files.h"
#include "common/http/no_sigpipe.h"
#include "motley/v1/api.pb.h"

namespace motley {
namespace {

using Clock = std::chrono::steady_clock;

// An answer that is kept in memory is never larger; a page of telemetry or a long list of gateways stays far below.
constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;
// Enough for any ErrorReply.
constexpr std::size_t kMaxErrorBytes = 64 * 1024;
constexpr std::size_t kUploadPieceBytes = 256 * 1024;

Code CodeOfStatus(int status) {
  switch (status) {
    case 401:
    case 403:
      return Code::kDenied;
    case 404:
      return Code::kNotFound;
    case 408:
    case 504:
      return Code::kTimeout;
    case 409:
    case 412:
      return Code::kConflict;
    case 422:
      return Code::kCorrupt;
    case 429:
    case 502:
    case 503:
      return Code::kUnavailable;
    default:
      return status < 500 ? Code::kInvalid : Code::kInternal;
  }
}

/// What an error status means: the ErrorReply in `body`, or else the status itself.
Error ErrorOfAnswer(const std::string& base_url, std::string_view method, const std::string& path, int status,
                    const std::string& body) {
  v1::ErrorReply reply;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!body.empty() && google::protobuf::util::JsonStringToMessage(body, &reply, options).ok()) {
    if (const auto code = CodeFromName(reply.code()); code && !reply.message().empty()) return {*code, reply.message()};
  }
  return {CodeOfStatus(status), fmt::format("{} answered {} {} with status {}{}", base_url, method, path, status,
                                            status == 401 ? ": the access token is missing or wrong" : "")};
}

std::optional<std::uint64_t> ToNumber(const std::string& text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoull(text);
}

bool ConsistsOf(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

/// Scheme, host and maybe a port, and a '/' at most after them.
bool IsBaseUrl(std::string_view url) {
  const std::string_view scheme = url.starts_with("https://") ? "https://" : "http://";
  if (!url.starts_with(scheme)) return false;
  url.remove_prefix(scheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const bool literal = url.starts_with('[');
  const auto host_end = literal ? std::min(url.find(']'), url.size() - 1) + 1 : std::min(url.find(':'), url.size());
  const std::string_view host = url.substr(0, host_end);
  const std::string_view port = url.substr(host_end);
  const bool host_fits =
      literal ? host.ends_with(']') && ConsistsOf(host.substr(1, host.size() - 2), "0123456789abcdefABCDEF:")
              : ConsistsOf(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");
  if (!host_fits || port.empty()) return host_fits;
  const auto number = ToNumber(std::string(port.substr(1)));
  return port.front() == ':' && number && *number <= 65535;
}

class HttplibClient final : public HttpClient {
 public:
  HttplibClient(HttpClientOptions options, std::unique_ptr<httplib::Client> client)
      : options_(std::move(options)), client_(std::move(client)) {}

  Result<std::string> Call(std::string_view method, const std::string& path, const std::string& json) override {
    httplib::Request request = MakeRequest(method, path);
    if (!json.empty()) {
      request.headers.emplace("Content-Type", "application/json");
      request.body = json;
    }
    return Exchange(request);
  }

  Result<std::string> Upload(const std::string& path, const std::string& file,
                             const std::function<void(std::uint64_t)>& progress) override {
    UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0) return SystemError("read " + file, errno);
    if (!S_ISREG(info.st_mode)) return Error{Code::kInvalid, fmt::format("{} is not a regular file", file)};

    httplib::Request request = MakeRequest("PUT", path);
    request.headers.emplace("Content-Type", "application/octet-stream");
    request.content_length_ = static_cast<std::size_t>(info.st_size);
    std::optional<Error> failure;
    if (info.st_size > 0) request.content_provider_ = FileProvider(fd.get(), file, progress, failure);
    auto answer = Exchange(request);
    if (failure) return *failure;
    const bool broken_off = last_error_ == httplib::Error::Write || last_error_ == httplib::Error::Canceled;
    if (answer || !broken_off) return answer;
    // The server stopped reading, so it has an answer that could not be heard over the sending. Asking again without
    // the body gets its reason.
    if (auto reason = AskWithoutBody(path, request.content_length_)) return *reason;
    return answer;
  }

  Result<void> Download(const std::string& path, std::uint64_t offset,
                        const std::function<Result<void>(std::string_view)>& sink) override {
    httplib::Request request = MakeRequest("GET", path);
    // A compressed range would not be the range of what is stored.
    request.headers.emplace("Accept-Encoding", "identity");
    if (offset > 0) request.headers.emplace("Range", fmt::format("bytes={}-", offset));
    DownloadState state;
    request.response_handler = [&](const httplib::Response& head) {
      Touch();
      state.status = head.status;
      state.expected = ToNumber(head.get_header_value("Content-Length"));
      if (head.status >= 400) return true;
      state.failure = CheckDownloadHead(head, path, offset);
      return !state.failure;
    };
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      Touch();
      if (state.status >= 400) {
        state.error_body.append(data, std::min(size, kMaxErrorBytes - state.error_body.size()));
        return true;
      }
      state.received += size;
      if (auto taken = sink({data, size}); !taken) {
        state.failure = taken.error();
        return false;
      }
      return true;
    };
    return FinishDownload(path, state, Send(request));
  }

 private:
  struct DownloadState {
    int status = 0;
    std::optional<std::uint64_t> expected;
    std::uint64_t received = 0;
    std::string error_body;
    std::optional<Error> failure;
  };

  static httplib::Request MakeRequest(std::string_view method, const std::string& path) {
    httplib::Request request;
    request.method = std::string(method);
    request.path = path;
    return request;
  }

  void Touch() { last_byte_ = Clock::now(); }

  /// The error of the exchange, if the library had one.
  std::optional<Error> Send(httplib::Request& request) {
    Touch();
    const NoSigpipe quiet;
    const httplib::Result result = client_->send(request);
    last_error_ = result.error();
    last_status_ = result ? result->status : 0;
    if (result) return std::nullopt;
    return TransportError(request);
  }

  Result<std::string> Exchange(httplib::Request& request) {
    std::string body;
    bool too_large = false;
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      Touch();
      too_large = body.size() + size > kMaxAnswerBytes;
      if (!too_large) body.append(data, size);
      return !too_large;
    };
    auto failure = Send(request);
    if (too_large) {
      return Error{Code::kInvalid, fmt::format("the answer of {} to {} {} is larger than {} MiB", options_.base_url,
                                               request.method, request.path, kMaxAnswerBytes / 1024 / 1024)};
    }
    if (failure) return *failure;
    // Not from the response handler: the library does not call it for HEAD.
    if (last_status_ >= 400) return ErrorOfAnswer(options_.base_url, request.method, request.path, last_status_, body);
    return body;
  }

  httplib::ContentProvider FileProvider(int fd, const std::string& file,
                                        const std::function<void(std::uint64_t)>& progress,
                                        std::optional<Error>& failure) {
    return [this, fd, file, &progress, &failure, buffer = std::string(kUploadPieceBytes, '\0')](
               std::size_t offset, std::size_t left, httplib::DataSink& sink) mutable {
      const std::size_t wanted = std::min(left, buffer.size());
      const ssize_t got = pread(fd, buffer.data(), wanted, static_cast<off_t>(offset));
      if (got <= 0) {
        failure = got < 0 ? SystemError("read " + file, errno)
                          : Error{Code::kConflict, fmt::format("{} was cut short while it was sent", file)};
        return false;
      }
      Touch();
      if (!sink.write(buffer.data(), static_cast<std::size_t>(got))) return false;
      Touch();
      if (progress) progress(offset + static_cast<std::size_t>(got));
      return true;
    };
  }

  /// The reason why the server would refuse a body of `size_bytes` at `path`; nothing when it gives none.
  std::optional<Error> AskWithoutBody(const std::string& path, std::size_t size_bytes) {
    httplib::Request request = MakeRequest("PUT", path);
    request.headers.emplace("Content-Type", "application/octet-stream");
    request.headers.emplace("Content-Length", std::to_string(size_bytes));
    request.headers.emplace("Expect", "100-continue");
    // The way to keep the library from announcing an empty body.
    request.is_chunked_content_provider_ = true;
    request.content_provider_ = [](std::size_t, std::size_t, httplib::DataSink& sink) {
      sink.done();
      return true;
    };
    // Where it would take the body now, it waits for it: not for long.
    client_->set_read_timeout(std::chrono::seconds(2));
    auto answer = Exchange(request);
    client_->set_read_timeout(options_.idle_timeout);
    // The connection is out of step: the server may still expect the body.
    client_->stop();
    if (answer || last_error_ != httplib::Error::Success) return std::nullopt;
    return answer.error();
  }

  std::optional<Error> CheckDownloadHead(const httplib::Response& head, const std::string& path,
                                         std::uint64_t offset) const {
    if (head.status == 206) {
      const std::string range = head.get_header_value("Content-Range");
      if (range.starts_with(fmt::format("bytes {}-", offset))) return std::nullopt;
      return Error{Code::kCorrupt, fmt::format("{} sent the range \"{}\" of {}, not from byte {} on", options_.base_url,
                                               range, path, offset)};
    }
    if (head.status == 200 && offset == 0) return std::nullopt;
    return Error{Code::kCorrupt,
                 fmt::format("{} answered a request for {} from byte {} on with status {}: start over from byte 0",
                             options_.base_url, path, offset, head.status)};
  }

  Result<void> FinishDownload(const std::string& path, const DownloadState& state,
                              const std::optional<Error>& failure) const {
    if (state.failure) return *state.failure;
    if (state.status >= 400) return ErrorOfAnswer(options_.base_url, "GET", path, state.status, state.error_body);
    if (failure && (state.status == 0 || failure->code == Code::kTimeout)) return *failure;
    if (failure || (state.expected && *state.expected != state.received)) {
      return Error{Code::kCorrupt,
                   fmt::format("{} from {} ended after {} of {} bytes", path, options_.base_url, state.received,
                               state.expected ? std::to_string(*state.expected) : std::string("an unknown number of"))};
    }
    return {};
  }

  Error TransportError(const httplib::Request& request) const {
    const std::string& url = options_.base_url;
    switch (last_error_) {
      case httplib::Error::Connection:
        return {Code::kUnavailable, fmt::format("no connection to {}: is the controller running there?", url)};
      case httplib::Error::ConnectionTimeout:
        return {Code::kUnavailable,
                fmt::format("no connection to {} within {} ms", url, options_.connect_timeout.count())};
      case httplib::Error::SSLConnection:
        return {Code::kUnavailable, fmt::format("{} does not speak TLS: is it an http:// address?", url)};
      case httplib::Error::SSLServerVerification:
      case httplib::Error::SSLLoadingCerts:
        return {Code::kUnavailable, fmt::format("the certificate of {} is not vouched for by {}", url,
                                                options_.ca_file.empty()
                                                    ? std::string("the system's authorities: name its authority's file")
                                                    : options_.ca_file)};
      default:
        break;
    }
    if (Clock::now() - last_byte_ >= options_.idle_timeout) {
      return {Code::kTimeout, fmt::format("no answer from {} to {} {} within {} ms", url, request.method, request.path,
                                          options_.idle_timeout.count())};
    }
    return {Code::kUnavailable, fmt::format("{} closed the connection during {} {} ({})", url, request.method,
                                            request.path, httplib::to_string(last_error_))};
  }

  HttpClientOptions options_;
  std::unique_ptr<httplib::Client> client_;
  httplib::Error last_error_ = httplib::Error::Success;
  int last_status_ = 0;
  Clock::time_point last_byte_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::Create(HttpClientOptions options) {
  if (!IsBaseUrl(options.base_url)) {
    return Error{Code::kInvalid, fmt::format("\"{}\" is not an address that can be called: write http://HOST:PORT or "
                                             "https://HOST:PORT",
                                             options.base_url)};
  }
  if (options.base_url.ends_with('/')) options.base_url.pop_back();
  const bool secure = options.base_url.starts_with("https:");
  if (!secure && !options.ca_file.empty()) {
    return Error{Code::kInvalid, fmt::format("a file of authorities ({}) is of use with https:// only, not with {}",
                                             options.ca_file, options.base_url)};
  }
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    return Error{Code::kInvalid, SystemError("read the file of authorities " + options.ca_file, errno).message};
  }
  if (options.bearer_token.find_first_of("\r\n \t") != std::string::npos) {
    return Error{Code::kInvalid,
                 fmt::format("the access token for {} holds a space or a line break", options.base_url)};
  }
  std::unique_ptr<httplib::Client> client;
  try {
    client = std::make_unique<httplib::Client>(options.base_url);
  } catch (const std::exception& problem) {
    return Error{Code::kInvalid, fmt::format("\"{}\" can not be called: {}", options.base_url, problem.what())};
  }
  if (!client->is_valid()) {
    return Error{Code::kInvalid, fmt::format("\"{}\" can not be called: TLS could not be set up", options.base_url)};
  }
  client->set_keep_alive(true);
  client->set_tcp_nodelay(true);
  // The caller has escaped the path.
  client->set_url_encode(false);
  client->set_connection_timeout(options.connect_timeout);
  client->set_read_timeout(options.idle_timeout);
  client->set_write_timeout(options.idle_timeout);
  if (!options.bearer_token.empty()) client->set_bearer_token_auth(options.bearer_token);
  if (!options.ca_file.empty()) client->set_ca_cert_path(options.ca_file);
  return std::unique_ptr<HttpClient>(std::make_unique<HttplibClient>(std::move(options), std::move(client)));
}

std::string UrlEscape(std::string_view text) {
  constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string escaped;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

}  // namespace motley
