#include "agent/kinds/docker_engine.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>

#include "common/files/files.h"
#include "common/http/client.h"
#include "common/http/no_sigpipe.h"

namespace motley::agent {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kConnectPatience{2'000};
// An engine under load takes seconds to create a container from a large image on a slow card.
constexpr seconds kAnswerPatience{60};
// The same for an image: a registry that is silent for longer is not coming back.
constexpr seconds kTransferPatience{120};
constexpr seconds kTransferDeadline{15 * 60};
constexpr seconds kStopDeadline{10 * 60};
// 16 MiB hold the list of some 10,000 containers.
constexpr std::size_t kMaxAnswerBytes = 16 << 20;
constexpr std::size_t kPieceBytes = 256 * 1024;
// It is running, or stopped, as asked for.
constexpr int kNotModified = 304;

constexpr std::array<const char*, 3> kUsualSockets = {"/run/docker.sock", "/var/run/docker.sock",
                                                      "/run/podman/podman.sock"};

constexpr std::string_view kWayOut =
    "start the engine (systemctl start docker, or podman.socket), or set the socket of the container engine's host";

Error NobodyThere(const std::string& socket) {
  return {Code::kUnavailable, "no container engine answers at " + socket + "; " + std::string(kWayOut)};
}

std::string ContainerPath(const std::string& container, std::string_view action) {
  return "/containers/" + UrlEscape(container) + std::string(action);
}

}  // namespace

struct DockerEngine::Call {
  std::string method;
  /// With the query, escaped.
  std::string path;
  std::string body;
  /// A file that is the body.
  std::string file;
  milliseconds patience = kAnswerPatience;
  milliseconds deadline = kAnswerPatience;
  /// Takes the body of a good answer in pieces; unset: it is collected.
  std::function<Result<void>(std::string_view)> sink;
};

struct DockerEngine::Answer {
  int status = 0;
  std::string body;
};

/// The one place that knows the HTTP library.
class DockerEngine::Transport {
 public:
  explicit Transport(const std::string& socket) : socket_(socket), client_(socket, 80) {
    client_.set_address_family(AF_UNIX);
    client_.set_url_encode(false);
    client_.set_keep_alive(true);
    client_.set_connection_timeout(kConnectPatience);
    client_.set_write_timeout(kAnswerPatience);
    client_.set_socket_options([](int fd) { fcntl(fd, F_SETFD, FD_CLOEXEC); });
    // The library would send the socket's path, which is no name of a host: Go's servers refuse that.
    client_.set_default_headers({{"Host", "localhost"}});
  }

  Result<Answer> Send(const Call& call) {
    try {
      return Exchange(call);
    } catch (const std::exception& fault) {
      return Error{Code::kInternal, "talk to the container engine at " + socket_ + ": " + fault.what()};
    }
  }

 private:
  Result<Answer> Exchange(const Call& call) {
    const auto until = Clock::now() + call.deadline;
    Answer answer;
    std::optional<Error> failure;
    httplib::Request request;
    request.method = call.method;
    request.path = call.path;
    if (!call.body.empty()) {
      request.body = call.body;
      request.headers.emplace("Content-Type", "application/json");
    }
    UniqueFd file;
    if (!call.file.empty()) {
      TRY_ASSIGN(file, AddFile(call, until, &request, &failure));
    }
    request.response_handler = [&](const httplib::Response& head) {
      answer.status = head.status;
      // It has no body, for which the library would wait.
      return head.status != kNotModified;
    };
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      if (auto taken = Take(call, until, {data, size}, &answer); !taken) failure = taken.error();
      return !failure;
    };
    client_.set_read_timeout(call.patience);
    const NoSigpipe quiet;
    const httplib::Result result = client_.send(request);
    if (failure) return *failure;
    if (answer.status == kNotModified) return answer;
    if (result) {
      answer.status = result->status;
      return answer;
    }
    return Fault(call, result.error(), until);
  }

  Result<void> Take(const Call& call, Clock::time_point until, std::string_view piece, Answer* answer) {
    if (Clock::now() > until) return TooLate(call);
    if (call.sink && answer->status < 400) return call.sink(piece);
    if (answer->body.size() + piece.size() > kMaxAnswerBytes) {
      return Error{Code::kCorrupt, "the container engine's answer to " + call.path + " is larger than 16 MiB"};
    }
    answer->body += piece;
    return {};
  }

  static Result<UniqueFd> AddFile(const Call& call, Clock::time_point until, httplib::Request* request,
                                  std::optional<Error>* failure) {
    UniqueFd file(open(call.file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file || fstat(file.get(), &info) != 0) return SystemError("read " + call.file, errno);
    request->headers.emplace("Content-Type", "application/x-tar");
    request->content_length_ = static_cast<std::size_t>(info.st_size);
    request->content_provider_ = [fd = file.get(), &call, until, failure, buffer = std::string(kPieceBytes, '\0')](
                                     std::size_t offset, std::size_t left, httplib::DataSink& sink) mutable {
      const ssize_t got = pread(fd, buffer.data(), std::min(left, buffer.size()), static_cast<off_t>(offset));
      if (got < 0) *failure = SystemError("read " + call.file, errno);
      if (got == 0) *failure = Error{Code::kCorrupt, call.file + " was cut short while it was sent"};
      if (got > 0 && Clock::now() > until) *failure = TooLate(call);
      return !*failure && sink.write(buffer.data(), static_cast<std::size_t>(got));
    };
    return file;
  }

  static Error TooLate(const Call& call) {
    const auto patience = std::chrono::duration_cast<seconds>(call.deadline);
    return {Code::kTimeout, "the container engine did not finish " + call.method + " " + call.path + " within " +
                                std::to_string(patience.count()) + " s; see its log"};
  }

  Error Fault(const Call& call, httplib::Error fault, Clock::time_point until) const {
    if (fault == httplib::Error::Connection) {
      const auto listening = CheckEngineSocket(socket_);
      return listening ? NobodyThere(socket_) : listening.error();
    }
    const bool silent = fault == httplib::Error::Read && Clock::now() + milliseconds(100) > until;
    if (silent) return TooLate(call);
    return {Code::kUnavailable, "the container engine at " + socket_ + " broke off " + call.method + " " + call.path +
                                    " (" + httplib::to_string(fault) + "); see its log"};
  }

  const std::string socket_;
  httplib::Client client_;
};

DockerEngine::DockerEngine(const std::string& socket) : transport_(std::make_unique<Transport>(socket)) {}
DockerEngine::~DockerEngine() = default;
DockerEngine::DockerEngine(DockerEngine&&) noexcept = default;

Result<DockerEngine::Answer> DockerEngine::SendAny(Call call) { return transport_->Send(call); }

Result<DockerEngine::Answer> DockerEngine::Send(Call call) {
  TRY_ASSIGN(Answer answer, SendAny(std::move(call)));
  if (answer.status >= 400) return ErrorOfAnswer(answer.status, answer.body);
  return answer;
}

Result<EngineVersion> DockerEngine::Version() {
  if (version_) return *version_;
  TRY_ASSIGN(const Answer answer, Send({.method = "GET", .path = "/version"}));
  TRY_ASSIGN(version_, ParseVersion(answer.body));
  return *version_;
}

Result<bool> DockerEngine::IsPodman() {
  TRY_ASSIGN(const EngineVersion version, Version());
  return version.type == EngineVersion::Type::kPodman;
}

Result<std::optional<std::string>> DockerEngine::FindImage(const std::string& reference) {
  // The name's slashes are part of the path in this call.
  std::string escaped = UrlEscape(reference);
  for (auto slash = escaped.find("%2F"); slash != std::string::npos; slash = escaped.find("%2F")) {
    escaped.replace(slash, 3, "/");
  }
  TRY_ASSIGN(const Answer answer, SendAny({.method = "GET", .path = "/images/" + escaped + "/json"}));
  if (answer.status == 404) return std::optional<std::string>();
  if (answer.status >= 400) return ErrorOfAnswer(answer.status, answer.body);
  TRY_ASSIGN(std::string id, ParseId(answer.body));
  return std::optional<std::string>(std::move(id));
}

Result<std::set<std::string>> DockerEngine::ImageIds() {
  TRY_ASSIGN(const Answer answer, Send({.method = "GET", .path = "/images/json"}));
  return ParseImageIds(answer.body);
}

Result<void> DockerEngine::Pull(const std::string& reference) {
  const ImageName image = SplitReference(reference);
  ProgressReader progress;
  Call call{.method = "POST",
            .path = "/images/create?fromImage=" + UrlEscape(image.name) + "&tag=" + UrlEscape(image.tag),
            .patience = kTransferPatience,
            .deadline = kTransferDeadline,
            .sink = [&progress](std::string_view piece) { return progress.Add(piece); }};
  TRY(Send(std::move(call)));
  return progress.Finish();
}

Result<std::vector<std::string>> DockerEngine::Load(const std::string& file) {
  ProgressReader progress;
  Call call{.method = "POST",
            .path = "/images/load",
            .file = file,
            .patience = kTransferDeadline,
            .deadline = kTransferDeadline,
            .sink = [&progress](std::string_view piece) { return progress.Add(piece); }};
  TRY(Send(std::move(call)));
  TRY(progress.Finish());
  return progress.loaded();
}

Result<void> DockerEngine::RemoveImage(const std::string& id) {
  TRY_ASSIGN(const Answer answer, SendAny({.method = "DELETE", .path = "/images/" + UrlEscape(id)}));
  if (answer.status >= 400 && answer.status != 404) return ErrorOfAnswer(answer.status, answer.body);
  return {};
}

Result<std::string> DockerEngine::Create(const std::string& name, const std::string& body) {
  TRY_ASSIGN(const Answer answer,
             Send({.method = "POST", .path = "/containers/create?name=" + UrlEscape(name), .body = body}));
  return ParseId(answer.body);
}

Result<std::optional<ContainerDetails>> DockerEngine::Inspect(const std::string& container, Size size) {
  const std::string_view action = size == Size::kMeasure ? "/json?size=true" : "/json";
  TRY_ASSIGN(const Answer answer, SendAny({.method = "GET", .path = ContainerPath(container, action)}));
  if (answer.status == 404) return std::optional<ContainerDetails>();
  if (answer.status >= 400) return ErrorOfAnswer(answer.status, answer.body);
  TRY_ASSIGN(ContainerDetails details, ParseContainer(answer.body));
  return std::optional<ContainerDetails>(std::move(details));
}

Result<std::vector<ContainerSummary>> DockerEngine::List(const std::map<std::string, std::string>& labels) {
  const std::string filters = labels.empty() ? "" : "&filters=" + UrlEscape(LabelFilter(labels));
  TRY_ASSIGN(const Answer answer, Send({.method = "GET", .path = "/containers/json?all=true" + filters}));
  return ParseContainers(answer.body);
}

Result<void> DockerEngine::Start(const std::string& container) {
  TRY(Send({.method = "POST", .path = ContainerPath(container, "/start")}));
  return {};
}

Result<void> DockerEngine::Stop(const std::string& container) {
  // Without a time of ours, it is that of the container.
  TRY(Send({.method = "POST",
            .path = ContainerPath(container, "/stop"),
            .patience = kStopDeadline,
            .deadline = kStopDeadline}));
  return {};
}

Result<void> DockerEngine::Unpause(const std::string& container) {
  TRY(Send({.method = "POST", .path = ContainerPath(container, "/unpause")}));
  return {};
}

Result<void> DockerEngine::Rename(const std::string& container, const std::string& name) {
  TRY(Send({.method = "POST", .path = ContainerPath(container, "/rename?name=" + UrlEscape(name))}));
  return {};
}

Result<void> DockerEngine::Remove(const std::string& container) {
  TRY_ASSIGN(const Answer answer,
             SendAny({.method = "DELETE", .path = ContainerPath(container, "?force=true&v=true")}));
  if (answer.status >= 400 && answer.status != 404) return ErrorOfAnswer(answer.status, answer.body);
  return {};
}

Result<void> DockerEngine::SetRestartPolicy(const std::string& container, const std::string& policy) {
  TRY_ASSIGN(const bool podman, IsPodman());
  if (podman) return {};
  TRY(Send({.method = "POST", .path = ContainerPath(container, "/update"), .body = RestartPolicyUpdate(policy)}));
  return {};
}

Result<bool> DockerEngine::RunHealthCheck(const std::string& container) {
  TRY_ASSIGN(const bool podman, IsPodman());
  if (!podman) return false;
  const std::string path = "/v4.0.0/libpod/containers/" + UrlEscape(container) + "/healthcheck";
  TRY_ASSIGN(const Answer answer, SendAny({.method = "GET", .path = path}));
  // A container that has just ended is answered with 409, and told by Inspect.
  if (answer.status >= 400 && answer.status != 409) return ErrorOfAnswer(answer.status, answer.body);
  return true;
}

Result<std::vector<std::string>> DockerEngine::LastLogLines(const std::string& container, std::size_t lines) {
  const std::string query = "/logs?stdout=true&stderr=true&tail=" + std::to_string(lines);
  TRY_ASSIGN(const Answer answer, Send({.method = "GET", .path = ContainerPath(container, query)}));
  return ParseLogLines(answer.body);
}

Result<std::string> EngineName(const std::string& socket) {
  DockerEngine engine(socket);
  TRY_ASSIGN(const EngineVersion version, engine.Version());
  return version.Name();
}

std::string UsualEngineSocket() {
  for (const char* path : kUsualSockets) {
    struct stat info {};
    if (stat(path, &info) == 0 && S_ISSOCK(info.st_mode)) return path;
  }
  return "";
}

Result<void> CheckEngineSocket(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() >= sizeof address.sun_path) {
    return Error{Code::kInvalid, "\"" + socket_path +
                                     "\" can not be the socket of a container engine: give a path of 1 to " +
                                     std::to_string(sizeof address.sun_path - 1) + " bytes"};
  }
  socket_path.copy(address.sun_path, socket_path.size());
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return SystemError("make a socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  const int fault = errno;
  // Somebody listens and has many callers.
  if (fault == EAGAIN) return {};
  if (fault == ENOENT) {
    return Error{Code::kUnavailable, "there is no container engine's socket at " + socket_path +
                                         "; install docker.io or podman and " + std::string(kWayOut)};
  }
  if (fault == EACCES || fault == EPERM) return SystemError("connect to the container engine at " + socket_path, fault);
  return NobodyThere(socket_path);
}

}  // namespace motley::agent
