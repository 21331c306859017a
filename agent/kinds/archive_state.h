#pragma once

#include <optional>
#include <string>

#include "agent/kinds/archive_record.pb.h"
#include "common/base/result.h"

namespace motley::agent {

/// What is written down about the folders of one archive component. A value; blocks.
class ArchiveState {
 public:
  /// `folder` is <state>/archives/<application>/<component>. Errors: as SystemError, kCorrupt.
  static Result<ArchiveState> Load(const std::string& folder);

  const ArchiveRecord& record() const { return record_; }
  ArchiveRecord::Place::State StateOf(const std::string& path) const;
  /// Whether the component has anything anywhere.
  bool HasAny() const;
  /// Whether what is at `path` is the component's. Errors: as Manifest and FindDrift.
  Result<bool> Owns(const std::string& path) const;

  /// Writes down durably, if it is new, how it stands with a path. The archive is left as it is where `archive_digest`
  /// is empty.
  Result<void> Note(const std::string& path, ArchiveRecord::Place::State state, const std::string& archive_digest);

  /// Of the archive with this digest; nothing if it was never unpacked. Errors: as SystemError, kCorrupt.
  Result<std::optional<ArchiveManifest>> Manifest(const std::string& digest) const;
  Result<void> SaveManifest(const std::string& digest, const ArchiveManifest& manifest) const;

  /// Forgets the places that are gone, and every manifest but the last archive's; deletes the folder when nothing is
  /// left.
  Result<void> Tidy();

 private:
  explicit ArchiveState(std::string folder) : folder_(std::move(folder)) {}
  Result<void> Save() const;
  std::string ManifestPath(const std::string& digest) const;

  std::string folder_;
  ArchiveRecord record_;
};

}  // namespace motley::agent
