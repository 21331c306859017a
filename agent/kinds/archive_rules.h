#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "agent/unpack/archive_entry.h"
#include "common/base/result.h"

namespace motley::agent {

/// What an archive may hold, so that all that it unpacks to stays in its folder: plain files, folders, links that lead
/// to something inside, each path once. Pure; feed it every entry in order.
class ArchiveRules {
 public:
  struct Limits {
    std::uint64_t entries = 200'000;
    std::uint64_t bytes = std::uint64_t{16} << 30;
  };
  explicit ArchiveRules(const Limits& limits) : limits_(limits) {}

  /// Whether the next entry is good; makes its path, and a hard link's target, plain.
  /// Errors: kInvalid (a path that is absolute, holds ".." or is not UTF-8; twice the same; a device or pipe;
  /// set-user-id; through a link; a hard link to nothing; beyond the limits).
  Result<void> Admit(ArchiveEntry& entry);

  /// After the last entry: no symbolic link leads out, also not by way of others. Errors: kInvalid.
  Result<void> CheckLinks() const;

 private:
  struct Known {
    ArchiveEntry::Type type;
    std::string target;
  };
  Result<void> AdmitParents(const ArchiveEntry& entry);
  Result<void> CheckLink(const std::string& path, const std::string& target) const;

  Limits limits_;
  std::map<std::string, Known> known_;
  std::uint64_t bytes_ = 0;
};

/// "a/b" of "./a//b/". Errors: kInvalid (absolute, "..", too long, not UTF-8).
Result<std::string> PlainArchivePath(const std::string& path);

}  // namespace motley::agent
