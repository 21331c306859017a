#include "controller/api/server_answers.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "controller/api/answer.h"

namespace motley::controller {
namespace {

std::string_view ReasonPhrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  // RFC 9110, section 15, and RFC 6585.
  static constexpr Row kPhrases[] = {
      {200, "OK"},
      {201, "Created"},
      {204, "No Content"},
      {206, "Partial Content"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {409, "Conflict"},
      {413, "Content Too Large"},
      {416, "Range Not Satisfiable"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  for (const Row& row : kPhrases) {
    if (row.status == status) return row.phrase;
  }
  return "Status";
}

}  // namespace

HttpAnswer BodyTooLarge(std::uint64_t limit_bytes, std::optional<std::uint64_t> length_bytes) {
  if (limit_bytes == 0) return ErrorAnswer({Code::kInvalid, "this request takes no body"}, 413);
  const std::string size = length_bytes ? fmt::format("of {} bytes ", *length_bytes) : "";
  return ErrorAnswer(
      {Code::kInvalid, fmt::format("the body {}is larger than the limit of {} bytes", size, limit_bytes)}, 413);
}

HttpAnswer HeadTooLarge(std::uint64_t limit_bytes) {
  return ErrorAnswer({Code::kInvalid, fmt::format("the head of the request is larger than {} bytes", limit_bytes)},
                     431);
}

HttpAnswer NotHttp(const std::string& why) {
  return ErrorAnswer({Code::kInvalid, fmt::format("this is not an HTTP/1.1 request: {}", why)});
}

HttpAnswer OutOfRange(const std::string& range, std::uint64_t size_bytes) {
  HttpAnswer answer = ErrorAnswer(
      {Code::kInvalid, fmt::format("the range \"{}\" is outside of the {} bytes that there are", range, size_bytes)},
      416);
  answer.headers.emplace_back("Accept-Ranges", "bytes");
  answer.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size_bytes));
  return answer;
}

HttpAnswer NoAnswer(std::chrono::milliseconds waited) {
  return ErrorAnswer({Code::kTimeout, fmt::format("the controller had no answer within {} ms: look at the state before "
                                                  "you send the request again",
                                                  waited.count())});
}

HttpAnswer TurnedAway(std::size_t max_connections) {
  HttpAnswer answer = ErrorAnswer(
      {Code::kUnavailable,
       fmt::format("{} connections are open, the most that are served at once: try again later", max_connections)});
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

HttpAnswer Stopping() {
  return ErrorAnswer({Code::kUnavailable, "the controller is stopping: send the request again later"});
}

Error BrokenBody(const std::string& why) { return {Code::kInvalid, fmt::format("the body is broken: {}", why)}; }

std::string FormatHead(const HttpAnswer& answer, std::uint64_t length_bytes, Reuse reuse) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} GMT\r\nServer: motley-controller\r\n",
                  answer.status, ReasonPhrase(answer.status), fmt::gmtime(now));
  if (answer.status != 204) {
    head += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", answer.content_type, length_bytes);
  }
  for (const auto& [name, value] : answer.headers) head += fmt::format("{}: {}\r\n", name, value);
  head += "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";
  if (reuse == Reuse::kClose) head += "Connection: close\r\n";
  return head + "\r\n";
}

}  // namespace motley::controller
