#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/exec/command.h"
#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley::agent {

/// `value` as one word of a POSIX shell, whatever it holds: in single quotes. It has no NUL.
std::string ShellQuote(std::string_view value);

/// The program and its arguments that read a script of this text: as the kernel does it, but without executing the
/// file, which may lie where nothing may be executed. /bin/sh for a text that names none.
std::vector<std::string> InterpreterOf(const std::string& text);

/// What is to be done on another machine.
struct SshCommand {
  /// For its /bin/sh; in memory only, so that secrets in it are seen in no list of processes.
  std::string script;
  /// What the script finds on its standard input.
  std::string input;
  /// A local file, which comes after `input`; empty: none.
  std::string input_file;
  /// For all of it, connecting included. The connection may be cut before; what runs there then goes on.
  std::chrono::milliseconds deadline{30'000};
  /// As of Command.
  std::uint64_t output_limit_bytes = 1 << 20;
};

/// A Unix socket of another machine, here. Ends with this object.
class SshForward {
 public:
  virtual ~SshForward() = default;
  /// Path of the local socket, short enough for a sockaddr_un; only the agent's user can open it.
  virtual const std::string& socket() const = 0;
  /// Whether the connection still stands. A forward that has fallen does not come back: make another. Any thread.
  virtual bool Alive() const = 0;
};

/// Reaches the ssh hosts of a model by the OpenSSH client: the pinned host key or none, the model's private key or
/// none, no agent, no password, nobody's configuration, nothing forwarded but what is asked for. Calls for one host
/// share a connection, which stays for a minute after the last.
///
/// Folder `<folder>/<name>-<digest>` for each host, mode 0700, with the known host key, the private key and the socket
/// of the shared connection. It can be deleted at any time and is made anew. A value; any thread. Calls block: workers
/// only.
class SshClient {
 public:
  /// `folder` is absolute and need not exist.
  explicit SshClient(std::string folder) : folder_(std::move(folder)) {}

  /// Whether `host`, an ssh host with its secrets filled in, can be reached at all. Touches nothing.
  /// Errors: kInvalid.
  static Result<void> Check(const v1::Host& host);

  /// Runs a script there. Another exit code than 0 is no error; scripts do not end with 255, which is ssh's own.
  /// Errors: kInvalid (the host's address, user or keys make no sense), kDenied (another host key than the pinned one;
  /// the private key is refused), kUnavailable (no connection), kTimeout, kNotFound (no OpenSSH client here).
  Result<CommandEnd> Run(const v1::Host& host, const SshCommand& command) const;

  /// Makes the Unix socket `remote_socket` of the host one of this machine. Whether somebody listens there shows when
  /// it is connected to. Errors: as Run.
  Result<std::unique_ptr<SshForward>> Forward(const v1::Host& host, const std::string& remote_socket,
                                              std::chrono::milliseconds deadline) const;

  /// Deletes what is kept for hosts that were not used for `age`: the keys of hosts that are in no model any more.
  void Tidy(std::chrono::seconds age) const;

 private:
  /// The folder of a host, with its files.
  Result<std::string> Prepare(const v1::Host& host) const;

  std::string folder_;
};

}  // namespace motley::agent
