#include "agent/kinds/ssh_options.h"

#include <algorithm>

#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

constexpr std::uint32_t kDefaultPort = 22;
constexpr std::string_view kAlias = "motley-host";
constexpr std::size_t kKeyLimitBytes = 64 << 10;
constexpr std::string_view kAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::uint32_t PortOf(const v1::SshHost& ssh) { return ssh.port() != 0 ? ssh.port() : kDefaultPort; }

bool ConsistsOf(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return kAlphanumeric.find(c) != std::string_view::npos || more.find(c) != std::string_view::npos;
  });
}

bool IsHostKey(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos || text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
    return false;
  }
  const auto type = text.substr(0, space);
  const auto key = text.substr(space + 1, text.find(' ', space + 1) - space - 1);
  return !type.empty() && kAlphanumeric.find(type.front()) != std::string_view::npos && ConsistsOf(type, "-@.") &&
         key.size() >= 16 && ConsistsOf(key, "+/=");
}

bool Contains(const std::string& words, std::initializer_list<std::string_view> texts) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](std::string_view text) { return words.find(text) != std::string::npos; });
}

// The last line that is neither empty nor about the sharing of connections.
std::string LastLine(const std::string& words) {
  std::string last = "it said nothing";
  for (std::size_t begin = 0; begin < words.size();) {
    const auto end = std::min(words.find('\n', begin), words.size());
    std::string line = words.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty() && line.find("multiplexing") == std::string::npos) last = line.substr(0, 300);
    begin = end + 1;
  }
  return last;
}

}  // namespace

std::string HostText(const v1::Host& host) {
  return "ssh host \"" + host.name() + "\" (" + host.ssh().user() + "@" + host.ssh().address() + ", port " +
         std::to_string(PortOf(host.ssh())) + ")";
}

Result<void> CheckSshHost(const v1::Host& host) {
  const auto& ssh = host.ssh();
  const auto bad = [&host](const std::string& what) { return Error{Code::kInvalid, HostText(host) + ": " + what}; };
  if (host.name().empty() || host.name().size() > 128 || host.name().front() == '.' ||
      !ConsistsOf(host.name(), "._-")) {
    return Error{Code::kInvalid,
                 "\"" + host.name() + "\" can not name an ssh host: use letters, digits, dots and dashes"};
  }
  if (ssh.address().empty() || ssh.address().size() > 255 || ssh.address().front() == '-' ||
      !ConsistsOf(ssh.address(), ".:_-%")) {
    return bad("its address is neither a host name nor an IP address");
  }
  if (ssh.port() > 65535) return bad("a port is a number from 1 to 65535");
  if (ssh.user().empty() || ssh.user().size() > 64 || ssh.user().front() == '-' || !ConsistsOf(ssh.user(), "._-")) {
    return bad("its user is not the name of a user; write the one to log in as");
  }
  if (!IsHostKey(ssh.host_key())) {
    return bad("its host_key is none; write it as known_hosts has it, \"ssh-ed25519 AAAA...\" (ssh-keyscan shows it)");
  }
  if (ssh.private_key().size() > kKeyLimitBytes || ssh.private_key().find("PRIVATE KEY-----") == std::string::npos) {
    return bad("its private_key is no private key in OpenSSH's format; put the whole file into the secret");
  }
  return {};
}

std::string SshFolderName(const v1::Host& host) {
  const auto& ssh = host.ssh();
  const std::string all = ssh.address() + "\n" + std::to_string(PortOf(ssh)) + "\n" + ssh.user() + "\n" +
                          ssh.host_key() + "\n" + ssh.private_key();
  return host.name() + "-" + Sha256(all).substr(7, 12);
}

std::string KnownHostsText(const v1::Host& host) { return std::string(kAlias) + " " + host.ssh().host_key() + "\n"; }

std::string KeyText(const v1::Host& host) {
  std::string text = host.ssh().private_key();
  std::erase(text, '\r');
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

std::vector<std::string> SshArguments(const v1::Host& host, Sharing sharing, const std::vector<std::string>& more) {
  const auto& ssh = host.ssh();
  std::vector<std::string> arguments = {"ssh", "-F", "none", "-a", "-x", "-T"};
  std::vector<std::string> options = {
      "BatchMode=yes",
      "PreferredAuthentications=publickey",
      "PasswordAuthentication=no",
      "KbdInteractiveAuthentication=no",
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      std::string("IdentityFile=./") + kKeyFile,
      "StrictHostKeyChecking=yes",
      std::string("UserKnownHostsFile=./") + kKnownHostsFile,
      "GlobalKnownHostsFile=/dev/null",
      "HostKeyAlias=" + std::string(kAlias),
      "CheckHostIP=no",
      "VerifyHostKeyDNS=no",
      "UpdateHostKeys=no",
      "LogLevel=ERROR",
      // A host that is gone is noticed in 15 s, also by what uses a connection that has stood for long.
      "ConnectTimeout=10",
      "ServerAliveInterval=5",
      "ServerAliveCountMax=3",
  };
  if (sharing == Sharing::kShared) {
    // Relative to the working folder: the path of a Unix socket may have 107 bytes only.
    options.insert(options.end(), {"ClearAllForwardings=yes", "ControlMaster=auto",
                                   std::string("ControlPath=./") + kControlSocket, "ControlPersist=60"});
  } else {
    options.insert(options.end(), {"ControlMaster=no", "ControlPath=none"});
  }
  for (auto& option : options) {
    arguments.push_back("-o");
    arguments.push_back(std::move(option));
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  arguments.insert(arguments.end(), {"-p", std::to_string(PortOf(ssh)), "-l", ssh.user(), "--", ssh.address()});
  return arguments;
}

std::string RemoteCommand(std::size_t script_bytes) {
  // Byte by byte, since what is read too much would be missing for the script. `sh -s` would do the same only with
  // shells that keep to the standard there, which dash and busybox do not.
  return "exec /bin/sh -c 'script=$(dd bs=1 count=" + std::to_string(script_bytes) +
         " 2>/dev/null) && eval \"$script\"'";
}

Error SshFailure(const v1::Host& host, const std::string& words) {
  const auto& ssh = host.ssh();
  const std::string who = HostText(host);
  if (Contains(words, {"Host key verification failed", "HOST IDENTIFICATION HAS CHANGED", "host key is known"})) {
    return {Code::kDenied, who + " has another host key than the pinned one. If it was set up anew, put its new key " +
                               "into host_key (ssh-keyscan -p " + std::to_string(PortOf(ssh)) + " " + ssh.address() +
                               " shows it); else somebody is in between"};
  }
  if (Contains(words, {"invalid format", "error in libcrypto", "incorrect passphrase", "Load key"})) {
    return {Code::kInvalid, who + ": its private_key can not be used; the secret must hold a whole private key in " +
                                "OpenSSH's format, without a passphrase"};
  }
  if (Contains(words, {"Permission denied", "Too many authentication failures"})) {
    return {Code::kDenied, who + " does not accept the private key; add its public half to the authorized_keys of \"" +
                               ssh.user() + "\" there"};
  }
  if (Contains(words, {"no matching host key type", "no matching key exchange", "no matching cipher"})) {
    return {Code::kUnavailable, who + " and this gateway have no algorithm in common: " + LastLine(words)};
  }
  return {Code::kUnavailable, who + " can not be reached: " + LastLine(words)};
}

}  // namespace motley::agent
