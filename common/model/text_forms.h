#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace motley {

// What texts in models must look like. Pure.

/// Absolute, without ".", "..", double slashes, a slash at the end and NUL, at most 4,095 bytes; not "/" itself.
bool IsNormalisedPath(std::string_view path);

/// Host name or IP address that no program takes for an option.
bool IsAddress(std::string_view text);

/// IPv4 or IPv6, by its letters.
bool IsIpAddress(std::string_view text);

/// Name of a Unix user. Source: useradd(8), and upper case and dots, which other tools allow.
bool IsUserName(std::string_view text);

/// Name of a Unix user or group, or the number of one: up to 4294967294, since the kernel takes the next for "none".
bool IsAccount(std::string_view text);

/// "http" or "https" with a host and, if any, a port from 1 to 65535; no spaces or control characters.
bool IsHttpUrl(std::string_view text);

/// Type and key as in known_hosts, one after the other: "ssh-ed25519 AAAA...". Source: sshd(8), RFC 4253 section 6.6.
bool IsHostKey(std::string_view text);

/// Exactly one reference to a secret: "${secret.NAME}".
bool IsSecretReference(std::string_view text);

/// The first "${secret." in `text` that no secret's name and "}" follow, with what does (cut short).
std::optional<std::string> FindBadSecretReference(std::string_view text);

/// Source: Debian Policy, sections 5.6.1 and 5.6.12.
bool IsPackageName(std::string_view text);
bool IsPackageVersion(std::string_view text);

/// A file name that stays in its folder. Empty is fine.
bool IsFileName(std::string_view text);

bool HasControlOrSpace(std::string_view text);

}  // namespace motley
