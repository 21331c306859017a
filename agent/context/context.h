#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/fleet.pb.h"

namespace motley::agent {

/// Where the facts come from; tests put other files and names here.
struct ContextSources {
  /// In front of /etc and /proc; empty for the machine's own.
  std::string root;
  /// The agent's state folder, or the nearest folder above it that exists: its file system is the gateway's disk.
  std::string state_folder;
};

/// Facts that are set by hand and hide what was found. Unset: as found.
struct ContextOverrides {
  std::optional<std::string> arch;
  std::optional<std::string> os;
  std::optional<std::string> os_version;
  std::optional<std::uint64_t> memory_mb;
  std::optional<std::uint64_t> disk_mb;
  std::optional<std::uint32_t> cpus;
  std::optional<std::string> hostname;
};

/// Reads one "key=value", as in "memory_mb=512", into `overrides`.
/// Errors: kInvalid (no such key, no number).
Result<void> ParseContextOverride(std::string_view text, ContextOverrides* overrides);

/// What this gateway is, without its boards. A fact that can not be found out stays empty or 0.
v1::Context DiscoverContext(const ContextSources& sources, const ContextOverrides& overrides);

/// Debian's name of an architecture from uname's: "amd64" for "x86_64". `is_64_bit` is that of this program: a 32-bit
/// system on a 64-bit kernel runs 32-bit programs. A name that is not known is given back.
std::string DebianArch(std::string_view machine, bool is_64_bit);

/// The value of `key` in the text of an os-release file, without quotes; empty if there is none.
/// Source: os-release(5).
std::string OsReleaseValue(std::string_view text, std::string_view key);

/// The value of `key`, "MemTotal" say, in the text of /proc/meminfo, in bytes.
std::optional<std::uint64_t> MemInfoBytes(std::string_view text, std::string_view key);

}  // namespace motley::agent
