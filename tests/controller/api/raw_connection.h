#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/files/files.h"

namespace motley::controller {

/// A TCP connection to a local server, for requests that no decent client sends. Each read waits at most 10 s.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << strerror(errno);
  }

  /// False: the server does not take it any more.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// All until the server closes.
  std::string ReadToEnd() {
    while (Receive()) continue;
    return std::exchange(received_, {});
  }

  /// Up to and with `mark`, or whatever came before the server closed.
  std::string ReadUntil(std::string_view mark) {
    while (received_.find(mark) == std::string::npos && Receive()) continue;
    const auto end = received_.find(mark);
    const std::string text = received_.substr(0, end == std::string::npos ? end : end + mark.size());
    received_.erase(0, text.size());
    return text;
  }

  /// One answer with a Content-Length: head and body.
  std::string ReadAnswer() {
    std::string answer = ReadUntil("\r\n\r\n");
    const auto at = answer.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(answer.substr(at + 16));
    while (received_.size() < length && Receive()) continue;
    answer += received_.substr(0, length);
    received_.erase(0, length);
    return answer;
  }

  void Close() { fd_ = UniqueFd(); }

 private:
  bool Receive() {
    char buffer[65536];
    const ssize_t size = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (size > 0) received_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }

  UniqueFd fd_;
  std::string received_;
};

}  // namespace motley::controller
