#pragma once

#include <memory>
#include <string>

#include "motley/v1/model.pb.h"
#include "tests/support/folder.h"
#include "tests/support/program.h"

namespace motley::tests {

/// A real sshd on loopback, on a port from the kernel, with keys and a home folder of its own. Root only.
class SshServer {
 public:
  /// What its sessions find as /bin/sh and in their PATH.
  enum class Userland { kDebian, kBusybox };

  /// Starts it; it accepts connections when this returns.
  explicit SshServer(Userland userland = Userland::kDebian);
  ~SshServer();

  /// As a model has it, with the right keys.
  v1::Host host() const;
  /// Of nobody here: a host key, and a private key that is not authorized.
  std::string foreign_host_key() const;
  std::string foreign_private_key() const;

  /// The home folder of its sessions.
  std::string home() const { return folder_ / "home"; }
  /// Ends it with all connections, at once; what sessions have left running goes on.
  void Kill();
  /// Starts it again on the same port.
  void Start();
  /// Stops it so that connections stand and nobody answers.
  void Freeze();

  /// Connections that were made, from its log.
  int connections() const;
  std::string log() const { return program_->Output(); }

 private:
  std::string MakeKey(const std::string& name) const;

  TemporaryFolder folder_;
  const Userland userland_;
  const int port_;
  std::unique_ptr<Program> program_;
  std::size_t log_begin_ = 0;
};

}  // namespace motley::tests
