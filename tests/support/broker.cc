#include "tests/support/broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "common/base/result.h"
#include "tests/support/wait.h"

namespace motley::tests {
namespace {

bool Accepts(const std::string& address, int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  const bool accepted = connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  close(fd);
  return accepted;
}

}  // namespace

Broker::Broker(std::string address, std::string settings) : address_(std::move(address)), port_(FreePort()) {
  std::ofstream(folder_ / "mosquitto.conf") << "listener " << port_ << " " << address_ << "\n"
                                            << "allow_anonymous true\n"
                                            // Its defaults drop messages that it has acknowledged.
                                            << "max_inflight_messages 2000\nmax_queued_messages 0\n"
                                            << settings << "\n";
  Start();
}

void Broker::Start() {
  // Debian keeps it where only root's PATH leads.
  program_ = Program::Start({{"/usr/sbin/mosquitto", "-c", folder_ / "mosquitto.conf"}, {}, folder_ / "log"});
  CHECK(WaitFor([this] { return Accepts(address_, port_); }));
}

void Broker::Stop() {
  program_->Signal(SIGTERM);
  CHECK(program_->Wait());
}

}  // namespace motley::tests
