#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "common/files/files.h"

namespace motley::tests {

/// Answers each connection on loopback with the same bytes, after it has read something. While `silent`, it takes
/// connections and says nothing.
class SmallServer {
 public:
  explicit SmallServer(std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
      : answer_(std::move(answer)), fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    CHECK(bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(fd_.get(), 100) == 0);
    CHECK(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~SmallServer() {
    ending_ = true;
    thread_.join();
  }

  std::uint32_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  std::atomic<bool> silent = false;
  std::atomic<bool> failing = false;
  std::atomic<int> asked = 0;

 private:
  void Serve() {
    // Those that got no answer stay open.
    std::vector<UniqueFd> waiting;
    while (!ending_) {
      pollfd polled{fd_.get(), POLLIN, 0};
      if (poll(&polled, 1, 10) != 1) continue;
      UniqueFd peer(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ++asked;
      if (silent) {
        waiting.push_back(std::move(peer));
        continue;
      }
      char buffer[4096];
      pollfd reading{peer.get(), POLLIN, 0};
      if (poll(&reading, 1, 2000) != 1 || read(peer.get(), buffer, sizeof buffer) <= 0) continue;
      const std::string answer = failing ? "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n" : answer_;
      send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }

  const std::string answer_;
  UniqueFd fd_;
  std::uint32_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace motley::tests
