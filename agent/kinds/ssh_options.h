#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley::agent {

// What the ssh client says on ssh's command line, and what it makes of ssh's answers. Pure.

/// Names of the files in the folder of a host.
inline constexpr const char* kKnownHostsFile = "known_hosts";
inline constexpr const char* kKeyFile = "key";
inline constexpr const char* kControlSocket = "c";

/// Whether everything that ssh is told about `host` is what it should be, so that nothing of it can be taken for an
/// option or for another line of a file. Errors: kInvalid.
Result<void> CheckSshHost(const v1::Host& host);

/// Tells hosts apart by all that matters, across applications: "<name>-<12 hexadecimal digits>".
std::string SshFolderName(const v1::Host& host);

/// The content of known_hosts: the pinned key under an alias, so that the form of the address does not matter.
std::string KnownHostsText(const v1::Host& host);
/// The content of the key file: as ssh wants it, with plain line ends and one at the end.
std::string KeyText(const v1::Host& host);

enum class Sharing {
  kShared,  ///< A connection that is there, or a new one that others can use.
  kOwn,     ///< A connection of its own.
};

/// The whole command line up to the command, for a working folder with the files above.
std::vector<std::string> SshArguments(const v1::Host& host, Sharing sharing, const std::vector<std::string>& more);

/// What to have the other machine's login shell do so that /bin/sh runs the first `script_bytes` of its standard input,
/// with the rest left for the script. In words that mean the same to every login shell.
std::string RemoteCommand(std::size_t script_bytes);

/// What ssh's failure (its code 255) means, from what it wrote.
Error SshFailure(const v1::Host& host, const std::string& words);

/// "ssh host "pump" (pi@10.0.0.7, port 22)"
std::string HostText(const v1::Host& host);

}  // namespace motley::agent
