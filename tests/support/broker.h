#pragma once

#include <memory>
#include <string>

#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::tests {

/// A real Mosquitto on a port of its own on loopback.
class Broker {
 public:
  /// `address` is where it listens; a test in a network namespace gives one that is there. `settings` are further lines
  /// of its configuration.
  explicit Broker(std::string address = "127.0.0.1", std::string settings = "");

  /// Starts it again on the same port; nothing is kept from before. Returns when it accepts connections.
  void Start();
  void Stop();
  std::string url() const { return "mqtt://" + address_ + ":" + std::to_string(port_); }
  int port() const { return port_; }
  pid_t pid() const { return program_->pid(); }

 private:
  TemporaryFolder folder_;
  const std::string address_;
  int port_;
  std::unique_ptr<Program> program_;
};

}  // namespace motley::tests
