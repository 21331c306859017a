#include "tools/swarm/control.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace motley::swarm {
namespace {

constexpr std::size_t kMaxLine = 64 * 1024;
constexpr timeval kPatience{10, 0};
/// Stands behind each answer, so that one with several lines has an end.
constexpr std::string_view kEnd = "\n.\n";
constexpr std::string_view kErrorMark = "error: ";

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{Code::kInvalid,
                 fmt::format("control socket \"{}\": a path has 1 to {} characters; use a folder with a "
                             "shorter name",
                             path, sizeof address.sun_path - 1)};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

Result<UniqueFd> Connect(const std::string& path) {
  TRY_ASSIGN(const sockaddr_un address, AddressOf(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return SystemError("control socket " + path, errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{Code::kNotFound, fmt::format("control socket \"{}\": no swarm listens there ({}); start one with "
                                              "--control {}",
                                              path, std::strerror(errno), path)};
  }
  return fd;
}

/// False: nobody reads there any more.
bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool CanBeWatched(int fd) {
  struct stat kind {};
  return fstat(fd, &kind) == 0 && (S_ISFIFO(kind.st_mode) || S_ISSOCK(kind.st_mode) || isatty(fd) == 1);
}

}  // namespace

Control::Control(Loop& loop, std::string path, Handler handler)
    : loop_(loop), path_(std::move(path)), handler_(std::move(handler)) {}

Result<std::unique_ptr<Control>> Control::Create(Loop& loop, std::string path, Handler handler) {
  std::unique_ptr<Control> control(new Control(loop, std::move(path), std::move(handler)));
  control->ReadStandardInput();
  if (control->path_.empty()) return control;
  TRY_ASSIGN(const sockaddr_un address, AddressOf(control->path_));
  if (Connect(control->path_)) {
    return Error{Code::kConflict, "control socket " + control->path_ + ": another swarm listens there"};
  }
  unlink(control->path_.c_str());
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener || bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener.get(), 16) != 0) {
    return SystemError("control socket " + control->path_, errno);
  }
  control->listener_ = std::move(listener);
  control->accepting_ = loop.WatchReadable(control->listener_.get(), [self = control.get()] { self->Accept(); });
  return control;
}

Control::~Control() {
  if (listener_) unlink(path_.c_str());
}

void Control::ReadStandardInput() {
  // What epoll does not take, a file or /dev/null, gives no orders.
  if (CanBeWatched(STDIN_FILENO)) Add(UniqueFd(), STDIN_FILENO, STDOUT_FILENO);
}

void Control::Accept() {
  UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) return;
  // A peer that does not read its answers must not hold the loop.
  const timeval patience{0, 100'000};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int number = fd.get();
  Add(std::move(fd), number, number);
}

void Control::Add(UniqueFd owned, int in, int out) {
  Peer& peer = peers_[in];
  peer.owned = std::move(owned);
  peer.in = in;
  peer.out = out;
  peer.watch = loop_.WatchReadable(in, [this, in] { Read(in); });
}

void Control::Read(int in) {
  Peer& peer = peers_.at(in);
  char piece[4096];
  const ssize_t size = read(in, piece, sizeof piece);
  bool open = size > 0 || (size < 0 && errno == EINTR);
  if (size > 0) peer.text.append(piece, static_cast<std::size_t>(size));
  for (auto end = peer.text.find('\n'); open && end != std::string::npos; end = peer.text.find('\n')) {
    const std::string answer = handler_(peer.text.substr(0, end));
    peer.text.erase(0, end + 1);
    open = WriteAll(peer.out, peer.owned ? answer + std::string(kEnd) : answer + "\n");
  }
  if (open && peer.text.size() <= kMaxLine) return;
  ending_[in] = loop_.After(std::chrono::milliseconds(0), [this, in] {
    peers_.erase(in);
    ending_.extract(in);
  });
  peer.watch.Reset();
}

Result<std::string> Tell(const std::string& path, const std::string& line) {
  TRY_ASSIGN(const UniqueFd fd, Connect(path));
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  if (!WriteAll(fd.get(), line + "\n")) return SystemError("control socket " + path, errno);
  std::string answer;
  while (!answer.ends_with(kEnd)) {
    char piece[4096];
    const ssize_t size = read(fd.get(), piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Error{Code::kTimeout, fmt::format("control socket \"{}\": no answer to \"{}\"", path, line)};
    answer.append(piece, static_cast<std::size_t>(size));
  }
  answer.resize(answer.size() - kEnd.size());
  if (answer.starts_with(kErrorMark)) return Error{Code::kInvalid, answer.substr(kErrorMark.size())};
  return answer;
}

}  // namespace motley::swarm
