#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// Artifacts in a folder, by digest: `<folder>/<64 hex digits>`, whole and verified; `….part` while they come.
/// What is there is never changed. Calls for different digests may come from different threads.
class ArtifactStore {
 public:
  /// Makes the folder if it is missing.
  static Result<ArtifactStore> Open(const std::string& folder);

  /// Where the artifact is, or will be.
  std::string PathOf(const std::string& digest) const;
  std::string PartOf(const std::string& digest) const { return PathOf(digest) + ".part"; }
  bool Has(const std::string& digest) const;

  /// Takes the finished part file for `digest`. A part with another digest is deleted, since no byte of it can be
  /// trusted. Errors: kCorrupt, and those of the file system.
  Result<void> Accept(const std::string& digest) const;

  /// Deletes everything else, parts included.
  void KeepOnly(const std::set<std::string>& digests) const;

  /// Errors: kUnavailable when `size_bytes` more do not fit on the disk with 1 MiB to spare.
  Result<void> CheckRoom(std::uint64_t size_bytes) const;

 private:
  explicit ArtifactStore(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace motley::agent
