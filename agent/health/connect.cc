#include "agent/health/connect.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "common/files/files.h"

namespace motley::agent {
namespace {

using Clock = std::chrono::steady_clock;

// 0, or the errno of the failure.
int Connect(const addrinfo& target, Clock::time_point deadline) {
  const UniqueFd fd(socket(target.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  if (connect(fd.get(), target.ai_addr, target.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd polled{fd.get(), POLLOUT, 0};
  if (poll(&polled, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) != 1) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Result<void> TryToConnect(const std::string& address, std::uint32_t port, std::chrono::milliseconds timeout) {
  const std::string place = "port " + std::to_string(port) + " of " + address;
  const auto deadline = Clock::now() + timeout;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) return Error{Code::kUnavailable, place + ": its address is not known: " + gai_strerror(failed)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> targets(found, freeaddrinfo);
  int error = ETIMEDOUT;
  for (const addrinfo* target = found; target != nullptr && Clock::now() < deadline; target = target->ai_next) {
    error = Connect(*target, deadline);
    if (error == 0) return {};
  }
  if (error != ETIMEDOUT) return Error{Code::kUnavailable, place + " takes no connection: " + std::strerror(error)};
  return Error{Code::kTimeout, place + " did not answer within " + std::to_string(timeout.count()) + " ms"};
}

}  // namespace motley::agent
