#include "tools/boards/control_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace motley::boards {
namespace {

constexpr std::size_t kMaxDatagram = 8192;

Result<sockaddr_un> AddressOf(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    return Error{Code::kInvalid, fmt::format("control socket \"{}\": the path has {} characters, at most {} fit; use a "
                                             "folder with a shorter name",
                                             path.string(), path.native().size(), sizeof address.sun_path - 1)};
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

Error Failed(const std::filesystem::path& path) {
  return Error{Code::kUnavailable, fmt::format("control socket \"{}\": {}", path.string(), std::strerror(errno))};
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::Listen(const std::filesystem::path& path) {
  TRY_ASSIGN(const sockaddr_un address, AddressOf(path));
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Failed(path);
  unlink(path.c_str());
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    Error error = Failed(path);
    close(fd);
    return error;
  }
  return std::unique_ptr<ControlSocket>(new ControlSocket(fd, path));
}

ControlSocket::~ControlSocket() {
  unlink(path_.c_str());
  close(fd_);
}

std::optional<ControlSocket::Request> ControlSocket::Receive() {
  char text[kMaxDatagram];
  sockaddr_un sender{};
  socklen_t sender_size = sizeof sender;
  const ssize_t size = recvfrom(fd_, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&sender), &sender_size);
  if (size < 0) return std::nullopt;
  return Request{std::string(text, static_cast<std::size_t>(size)),
                 std::string(reinterpret_cast<const char*>(&sender), sender_size)};
}

void ControlSocket::Reply(const Request& request, std::string_view text) {
  if (request.sender.size() <= sizeof(sa_family_t)) return;
  sockaddr_un sender{};
  std::memcpy(&sender, request.sender.data(), request.sender.size());
  sendto(fd_, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&sender),
         static_cast<socklen_t>(request.sender.size()));
}

Result<std::string> ControlSocket::Ask(const std::filesystem::path& path, std::string_view text) {
  TRY_ASSIGN(const sockaddr_un address, AddressOf(path));
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Failed(path);
  sockaddr_un own{};
  own.sun_family = AF_UNIX;
  bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof(sa_family_t));  // the kernel picks an abstract name
  const timeval patience{2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), sizeof address) <
      0) {
    close(fd);
    return Error{Code::kNotFound, fmt::format("control socket \"{}\": nobody listens ({}); is the board plugged in?",
                                              path.string(), std::strerror(errno))};
  }
  char answer[kMaxDatagram];
  ssize_t size;
  do {
    size = recv(fd, answer, sizeof answer, 0);
  } while (size < 0 && errno == EINTR);
  close(fd);
  if (size < 0) {
    return Error{Code::kTimeout, fmt::format("control socket \"{}\": no answer to \"{}\" in 2 s", path.string(), text)};
  }
  return std::string(answer, static_cast<std::size_t>(size));
}

}  // namespace motley::boards
