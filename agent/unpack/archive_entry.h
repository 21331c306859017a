#pragma once

#include <cstdint>
#include <string>

namespace motley::agent {

/// The header of one thing in an archive.
struct ArchiveEntry {
  enum class Type { kFile, kFolder, kLink, kHardLink, kDevice, kPipe, kOther };
  /// As it stands there, until ArchiveRules has made it plain: "a/b", empty for the folder itself.
  std::string path;
  Type type = Type::kOther;
  /// At most 07777.
  unsigned mode = 0;
  std::uint64_t size_bytes = 0;
  /// Since 1970-01-01 UTC.
  std::int64_t modified_ns = 0;
  /// Of links: where they lead to.
  std::string target;
};

}  // namespace motley::agent
