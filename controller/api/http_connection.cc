#include "controller/api/http_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

// Boost 1.74's awaitable.hpp uses std::exchange without including <utility>.
#include <utility>
//
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <limits>
#include <type_traits>
#include <variant>

#include "common/files/files.h"
#include "common/log/log.h"
#include "controller/api/answer.h"
#include "controller/api/server_answers.h"
#include "controller/api/target.h"

namespace motley::controller {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
template <typename T>
using Task = asio::awaitable<T>;

constexpr std::uint32_t kMaxHeadBytes = 16 * 1024;
constexpr std::size_t kReceivePieceBytes = 64 * 1024;
constexpr std::size_t kSendPieceBytes = 256 * 1024;
// A caller that gets its refusal while it still sends must be read on for a while: closing at once resets the
// connection, and the reset overtakes the answer.
constexpr std::uint64_t kMaxDrainBytes = 4 * 1024 * 1024;
constexpr std::chrono::seconds kMaxDrainTime{2};
/// Completes with an error code instead of an exception.
auto Into(error_code& problem) { return asio::redirect_error(asio::use_awaitable, problem); }

/// A question to the loop that a connection waits for. Server's thread only.
struct Question {
  Question(asio::io_context& context, std::chrono::milliseconds timeout) : done(context, timeout) {}
  /// Cancelled when the answer is there.
  asio::steady_timer done;
  std::variant<std::monostate, HttpAnswer, Admission> answer;

  void Answer(std::variant<std::monostate, HttpAnswer, Admission> given) {
    if (answer.index() != 0) return;
    answer = std::move(given);
    done.cancel();
  }
};

std::string BearerToken(beast::string_view header) {
  constexpr beast::string_view kScheme = "bearer ";
  if (header.size() < kScheme.size() || !beast::iequals(header.substr(0, kScheme.size()), kScheme)) return {};
  return std::string(header.substr(kScheme.size()));
}

/// The parser's own complaints; all other errors mean that there is nobody to talk to.
bool IsParseError(error_code problem) {
  return problem.category() == http::make_error_code(http::error::bad_method).category() &&
         problem != http::error::end_of_stream && problem != http::error::partial_message;
}

/// One connection: requests are read, answered and written one after another.
template <typename Stream>
class StreamConnection final : public HttpConnection {
  static constexpr bool kTls = !std::is_same_v<Stream, beast::tcp_stream>;

 public:
  StreamConnection(HttpServerState& shared, Stream stream) : shared_(shared), stream_(std::move(stream)) {
    shared_.connections.insert(this);
    error_code ignored;
    const auto remote = Tcp().socket().remote_endpoint(ignored);
    if (!ignored) remote_address_ = remote.address().to_string();
  }

  ~StreamConnection() override {
    shared_.connections.erase(this);
    if (shared_.stopping && shared_.connections.empty()) shared_.stop_deadline.cancel();
  }
  StreamConnection(const StreamConnection&) = delete;
  StreamConnection& operator=(const StreamConnection&) = delete;

  void WindDown() override {
    // Whatever is still to come would be refused: only answers are worth waiting for.
    if (receiving_) Tcp().cancel();
    if (question_) question_->Answer(Stopping());
  }

  void Abort() override {
    Tcp().close();
    if (question_) question_->Answer(Stopping());
  }

  Task<void> Serve(Welcome welcome) {
    error_code problem;
    if constexpr (kTls) {
      Tcp().expires_after(shared_.options.head_timeout);
      receiving_ = true;
      co_await stream_.async_handshake(asio::ssl::stream_base::server, Into(problem));
      receiving_ = false;
      if (problem) co_return;
    }
    while (co_await ServeOne(welcome)) continue;
  }

 private:
  using Parser = http::request_parser<http::buffer_body>;

  beast::tcp_stream& Tcp() { return beast::get_lowest_layer(stream_); }

  /// Serves the next request. False: the connection is done.
  Task<bool> ServeOne(Welcome welcome) {
    if (!co_await WaitForRequest()) co_return false;
    head_only_ = false;
    Parser parser;
    parser.header_limit(kMaxHeadBytes);
    // Until the handler has seen the head, nobody knows how much is too much.
    // (Beast 1.74 takes boost::none for a limit of 0.)
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    error_code problem;
    Tcp().expires_after(shared_.options.head_timeout);
    receiving_ = true;
    co_await http::async_read_header(stream_, buffer_, parser, Into(problem));
    receiving_ = false;
    if (problem) co_return co_await RefuseHead(problem);

    head_only_ = parser.get().method() == http::verb::head;
    keep_ = parser.keep_alive() && welcome == Welcome::kServe;
    if (welcome == Welcome::kTurnAway) {
      HttpAnswer refusal = TurnedAway(shared_.options.max_connections);
      co_return co_await Refuse(std::move(refusal));
    }
    HttpRequest request;
    if (auto taken = TakeHead(parser, request); !taken) {
      HttpAnswer refusal = ErrorAnswer(taken.error());
      co_return co_await Refuse(std::move(refusal));
    }
    const bool has_body = !parser.is_done();
    auto decision = co_await AskLoop(request, has_body ? Step::kAdmit : Step::kAdmitAndHandle);
    if (auto* admission = std::get_if<Admission>(&decision)) {
      auto refusal = co_await ReceiveBody(parser, *admission, request);
      if (broken_) co_return false;
      if (refusal) co_return co_await Refuse(*std::move(refusal));
      decision = co_await AskLoop(request, Step::kHandle);
    } else if (has_body) {
      co_return co_await Refuse(std::get<HttpAnswer>(std::move(decision)));
    }
    const std::string range(parser.get()[http::field::range]);
    const std::string if_range(parser.get()[http::field::if_range]);
    co_return co_await Send(std::get<HttpAnswer>(std::move(decision)), range, if_range);
  }

  /// Until the first byte of a request is there.
  Task<bool> WaitForRequest() {
    if (shared_.stopping) co_return false;
    if (buffer_.size() > 0) co_return true;
    error_code problem;
    receiving_ = true;
    Tcp().expires_after(shared_.options.idle_timeout);
    const std::size_t size = co_await stream_.async_read_some(buffer_.prepare(4096), Into(problem));
    receiving_ = false;
    buffer_.commit(size);
    co_return !problem;
  }

  Task<bool> RefuseHead(error_code problem) {
    if (problem == http::error::header_limit || problem == http::error::buffer_overflow) {
      HttpAnswer refusal = HeadTooLarge(kMaxHeadBytes);
      co_return co_await Refuse(std::move(refusal));
    }
    if (!IsParseError(problem)) co_return false;
    HttpAnswer refusal = NotHttp(problem.message());
    co_return co_await Refuse(std::move(refusal));
  }

  Result<void> TakeHead(const Parser& parser, HttpRequest& request) {
    const auto& head = parser.get();
    TRY_ASSIGN(auto target, ParseTarget(std::string(head.target())));
    request.method = std::string(head.method_string());
    request.path = std::move(target.path);
    request.segments = std::move(target.segments);
    request.query = std::move(target.query);
    request.bearer_token = BearerToken(head[http::field::authorization]);
    request.remote_address = remote_address_;
    return {};
  }

  enum class Step { kAdmit, kAdmitAndHandle, kHandle };
  using Decision = std::variant<HttpAnswer, Admission>;

  /// Takes `request` to the loop and waits for what it says. Step kHandle takes it away.
  Task<Decision> AskLoop(HttpRequest& request, Step step) {
    if (shared_.stopping) co_return Stopping();
    auto question = std::make_shared<Question>(*shared_.context, shared_.options.answer_timeout);
    question_ = question;
    // What the loop's tasks take along are values and things that outlive the loop, not this connection.
    auto tell = [context = shared_.context, question](auto given) {
      asio::post(*context, [question, given = std::move(given)]() mutable { question->Answer(std::move(given)); });
    };
    shared_.loop.Post([&handler = shared_.handler, tell, step,
                       request = step == Step::kHandle ? std::move(request) : request]() mutable {
      if (step != Step::kHandle) {
        Admission admission = handler.Admit(request);
        if (admission.refusal) return tell(*std::move(admission.refusal));
        if (step == Step::kAdmit || !admission.upload_folder.empty()) return tell(std::move(admission));
      }
      handler.Handle(std::move(request), [tell](HttpAnswer answer) { tell(std::move(answer)); });
    });
    error_code ignored;
    co_await question->done.async_wait(Into(ignored));
    question_ = nullptr;
    if (auto* answer = std::get_if<HttpAnswer>(&question->answer)) co_return std::move(*answer);
    if (auto* admission = std::get_if<Admission>(&question->answer)) co_return std::move(*admission);
    // Whatever comes now is too late.
    question->Answer(HttpAnswer());
    co_return NoAnswer(shared_.options.answer_timeout);
  }

  /// Reads the body into `request`. What to answer instead of going on; `broken_` when there is nobody to answer.
  Task<std::optional<HttpAnswer>> ReceiveBody(Parser& parser, const Admission& admission, HttpRequest& request) {
    const std::uint64_t limit = admission.body_limit_bytes;
    if (const auto length = parser.content_length(); length && *length > limit) co_return BodyTooLarge(limit, *length);
    std::optional<FileReceiver> receiver;
    if (!admission.upload_folder.empty()) {
      auto begun = FileReceiver::Begin(admission.upload_folder);
      if (!begun) co_return ErrorAnswer(begun.error());
      receiver.emplace(*std::move(begun));
    }
    if (!parser.is_done() && beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      co_await Write(asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25));
    }
    std::string piece(parser.is_done() ? 0 : kReceivePieceBytes, '\0');
    std::uint64_t received = 0;
    while (!broken_ && !parser.is_done()) {
      const auto got = co_await ReadPiece(parser, piece);
      if (!got) co_return ErrorAnswer(got.error());
      if (shared_.stopping) co_return Stopping();
      received += *got;
      if (received > limit) co_return BodyTooLarge(limit, std::nullopt);
      const std::string_view bytes(piece.data(), *got);
      if (!receiver) {
        request.body += bytes;
      } else if (auto written = receiver->Write(bytes); !written) {
        co_return ErrorAnswer(written.error());
      }
    }
    if (broken_ || !receiver) co_return std::nullopt;
    auto file = receiver->Finish();
    if (!file) co_return ErrorAnswer(file.error());
    request.file = *std::move(file);
    co_return std::nullopt;
  }

  /// Fills `piece` as far as the body goes. Errors: kInvalid (the body is not HTTP).
  Task<Result<std::size_t>> ReadPiece(Parser& parser, std::string& piece) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    body.more = true;
    error_code problem;
    Tcp().expires_after(shared_.options.transfer_timeout);
    receiving_ = true;
    co_await http::async_read(stream_, buffer_, parser, Into(problem));
    receiving_ = false;
    const std::size_t got = piece.size() - body.size;
    if (!problem || problem == http::error::need_buffer) co_return got;
    if (IsParseError(problem)) co_return BrokenBody(problem.message());
    broken_ = !shared_.stopping;
    co_return got;
  }

  /// Answers a request whose rest is not read, and closes so that the answer arrives. Always false.
  Task<bool> Refuse(HttpAnswer answer) {
    keep_ = false;
    co_await Send(std::move(answer), {}, {});
    if (broken_) co_return false;
    error_code problem;
    Tcp().expires_after(kMaxDrainTime);
    if constexpr (kTls) {
      co_await stream_.async_shutdown(Into(problem));
    }
    // What the caller still sends is not wanted: it is read below TLS, if there is any.
    Tcp().socket().shutdown(tcp::socket::shutdown_send, problem);
    std::string piece(kReceivePieceBytes, '\0');
    for (std::uint64_t drained = 0; !problem && drained < kMaxDrainBytes;) {
      drained += co_await Tcp().async_read_some(asio::buffer(piece), Into(problem));
    }
    co_return false;
  }

  /// True: the connection may be used again.
  Task<bool> Send(HttpAnswer answer, std::string range, std::string if_range) {
    if (shared_.stopping) keep_ = false;
    if (answer.file) co_return co_await SendFile(std::move(answer), range, if_range);
    const std::string head = FormatHead(answer, answer.body.size(), keep_ ? Reuse::kKeep : Reuse::kClose);
    std::string_view rest = answer.body;
    if (head_only_) rest = {};
    std::string_view first = rest.substr(0, kSendPieceBytes);
    co_await Write(std::array{asio::buffer(head), asio::buffer(first.data(), first.size())});
    for (rest.remove_prefix(first.size()); !broken_ && !rest.empty(); rest.remove_prefix(first.size())) {
      first = rest.substr(0, kSendPieceBytes);
      co_await Write(asio::buffer(first.data(), first.size()));
    }
    co_return keep_ && !broken_;
  }

  Task<bool> SendFile(HttpAnswer answer, std::string range, std::string if_range) {
    const FileBody body = *std::exchange(answer.file, std::nullopt);
    UniqueFd fd(open(body.path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!fd || fstat(fd.get(), &info) != 0) {
      HttpAnswer failure = ErrorAnswer(SystemError("read " + body.path, errno));
      co_return co_await Send(std::move(failure), {}, {});
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    const std::string tag = fmt::format("\"{}\"", body.entity_tag);
    // Another entity tag than ours: the caller has part of something else.
    const auto choice = !if_range.empty() && if_range != tag ? RangeChoice() : ParseRange(range, size);
    answer.headers.emplace_back("Accept-Ranges", "bytes");
    if (choice.kind == RangeKind::kUnsatisfiable) {
      HttpAnswer refusal = OutOfRange(range, size);
      co_return co_await Send(std::move(refusal), {}, {});
    }
    answer.headers.emplace_back("ETag", tag);
    std::uint64_t begin = 0;
    std::uint64_t end = size;
    if (choice.kind == RangeKind::kPart) {
      begin = choice.range.first;
      end = choice.range.last + 1;
      answer.status = 206;
      answer.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", begin, end - 1, size));
    }
    const std::string head = FormatHead(answer, end - begin, keep_ ? Reuse::kKeep : Reuse::kClose);
    co_await Write(asio::buffer(head));
    if (!head_only_ && !broken_) co_await SendBytes(fd.get(), begin, end, body.path);
    co_return keep_ && !broken_;
  }

  Task<void> SendBytes(int fd, std::uint64_t begin, std::uint64_t end, const std::string& path) {
    std::string piece(std::min<std::uint64_t>(kSendPieceBytes, end - begin), '\0');
    while (begin < end && !broken_) {
      const ssize_t got = pread(fd, piece.data(), std::min<std::uint64_t>(piece.size(), end - begin), begin);
      if (got <= 0) {
        // The length is promised: only closing can say that it does not hold.
        LogError("{} ends at byte {} or can not be read: the download is cut off", path, begin);
        broken_ = true;
        co_return;
      }
      co_await Write(asio::buffer(piece.data(), static_cast<std::size_t>(got)));
      begin += static_cast<std::uint64_t>(got);
    }
  }

  template <typename Buffers>
  Task<void> Write(Buffers buffers) {
    error_code problem;
    Tcp().expires_after(shared_.options.transfer_timeout);
    co_await asio::async_write(stream_, buffers, Into(problem));
    if (problem) broken_ = true;
  }

  HttpServerState& shared_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::string remote_address_;
  std::shared_ptr<Question> question_;
  /// What is waited for are bytes of a request.
  bool receiving_ = false;
  bool head_only_ = false;
  bool keep_ = true;
  bool broken_ = false;
};

/// The connection lives in this frame.
template <typename Stream>
Task<void> ServeToEnd(std::unique_ptr<StreamConnection<Stream>> connection, Welcome welcome) {
  co_await connection->Serve(welcome);
}

template <typename Stream>
void Spawn(HttpServerState& state, Stream stream, Welcome welcome) {
  auto connection = std::make_unique<StreamConnection<Stream>>(state, std::move(stream));
  asio::co_spawn(*state.context, ServeToEnd(std::move(connection), welcome), LogEscaped);
}

}  // namespace

void ServeConnection(HttpServerState& state, tcp::socket socket, Transport transport, Welcome welcome) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  beast::tcp_stream stream(std::move(socket));
  if (transport == Transport::kTls) {
    Spawn(state, beast::ssl_stream<beast::tcp_stream>(std::move(stream), state.tls), welcome);
  } else {
    Spawn(state, std::move(stream), welcome);
  }
}

void LogEscaped(std::exception_ptr escaped) {
  if (!escaped) return;
  try {
    std::rethrow_exception(escaped);
  } catch (const std::exception& problem) {
    LogError("a connection of the HTTP server ended by: {}", problem.what());
  }
}

}  // namespace motley::controller
