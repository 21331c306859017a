#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// What a folder takes on the disk.
struct TreeSize {
  std::uint64_t bytes = 0;
  /// It was not counted to its end, since there is more than was asked for.
  bool partial = false;
};

/// Adds up all that is in `folder`, of which a file counts at least one block of 512 bytes. Stops as soon as it has
/// found more than `enough_bytes`, or `enough_entries` files and folders. What comes or goes meanwhile may be counted
/// or not; links are not followed. Any thread; blocking, as all of these.
TreeSize MeasureTree(const std::string& folder, std::uint64_t enough_bytes, std::uint64_t enough_entries);

/// Gives `folder` and all in it that belongs to `from` to another user and group; the rest is left as it is, such as
/// files of others that are hard links. Nothing else may be writing there. Errors: as SystemError, kInvalid (deeper
/// than 200 folders).
Result<void> GiveTree(const std::string& folder, uid_t from, uid_t to, gid_t group);

/// Deletes `path` and all that is in it; fine if it is not there. Folders that their owner has closed to himself, as
/// some programs leave them, are opened. Errors: as SystemError.
Result<void> RemoveTree(const std::string& path);

}  // namespace motley::agent
