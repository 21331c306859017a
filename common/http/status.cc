#include "common/http/status.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>

#include "common/http/no_sigpipe.h"

namespace motley {
namespace {

using Clock = std::chrono::steady_clock;

struct Url {
  std::string base;
  std::string path;
};

Result<Url> Split(const std::string& url) {
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  const auto bad = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  if (scheme == 0 || url.size() == scheme || std::any_of(url.begin(), url.end(), bad)) {
    return Error{Code::kInvalid, fmt::format("\"{}\" can not be called: write http://HOST:PORT/PATH, with what is "
                                             "special in a path as %20 and so on",
                                             url)};
  }
  const auto path = url.find_first_of("/?#", scheme);
  Url parts{url.substr(0, path), path == std::string::npos ? "/" : url.substr(path, url.find('#', path) - path)};
  if (!parts.path.starts_with('/')) parts.path = "/" + parts.path;
  return parts;
}

Error Failure(const std::string& url, httplib::Error error, std::chrono::milliseconds timeout, bool late) {
  if (late || error == httplib::Error::ConnectionTimeout) {
    return {Code::kTimeout, fmt::format("{} did not answer within {} ms", url, timeout.count())};
  }
  if (error == httplib::Error::Connection) return {Code::kUnavailable, fmt::format("{} takes no connection", url)};
  return {Code::kUnavailable, fmt::format("{} does not answer in HTTP ({})", url, httplib::to_string(error))};
}

}  // namespace

Result<int> AskForStatus(const std::string& url, std::chrono::milliseconds timeout) {
  TRY_ASSIGN(const Url parts, Split(url));
  const auto begun = Clock::now();
  try {
    httplib::Client client(parts.base);
    if (!client.is_valid())
      return Error{Code::kInvalid, fmt::format("\"{}\" can not be called: it names no host", url)};
    client.set_url_encode(false);
    client.set_connection_timeout(timeout);
    client.set_read_timeout(timeout);
    client.set_write_timeout(timeout);
    client.enable_server_certificate_verification(false);
    httplib::Request request;
    request.method = "GET";
    request.path = parts.path;
    request.headers.emplace("Connection", "close");
    int status = 0;
    request.response_handler = [&status](const httplib::Response& head) {
      status = head.status;
      return false;
    };
    const NoSigpipe quiet;
    const httplib::Result result = client.send(request);
    if (result) status = result->status;
    const bool late = Clock::now() - begun >= timeout;
    if (status != 0 && !late) return status;
    return Failure(url, result.error(), timeout, late);
  } catch (const std::exception& problem) {
    return Error{Code::kInvalid, fmt::format("\"{}\" can not be called: {}", url, problem.what())};
  }
}

}  // namespace motley
