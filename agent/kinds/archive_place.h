#pragma once

#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// The names about one folder that a component has. All in one folder, so that they can be renamed into one another.
struct ArchivePlace {
  explicit ArchivePlace(const std::string& path);

  std::string path;
  /// What is being unpacked; after a power failure perhaps what was at `path`.
  std::string fresh;
  /// What was at `path` at the last commit.
  std::string old;
};

/// How a folder takes the place of another.
enum class SwapWay {
  kExchange,    ///< In one step, so that there is always one of them.
  kTwoRenames,  ///< Where the file system can not do that: between the two nothing is there, and the old one is kept.
};

/// Whether anything is at `path`; a link to nothing counts.
bool IsThere(const std::string& path);

/// Puts `from`, which is `fresh` or `old`, where `path` is. What was at `path` becomes `old`, unless that is there
/// already or is `from` itself: then it stays under the name `fresh`, to be deleted. Durable when it returns; cut off
/// anywhere, `path` or `old` has what was there. kExchange becomes kTwoRenames where it must.
/// Errors: as SystemError, kConflict (`path` is a mount point).
Result<void> SwapIn(const ArchivePlace& place, const std::string& from, SwapWay way);

/// Takes away what is at `path`: it becomes `old`, unless that is there already. Fine if nothing is there.
Result<void> TakeOut(const ArchivePlace& place);

/// Whether a folder may be put there as far as its name goes: absolute, plain, not the root, neither in
/// `state_folder` nor above it. Errors: kInvalid.
Result<void> CheckArchivePath(const std::string& path, const std::string& state_folder);

/// Whether one of the two paths is the other or leads into it.
bool Overlap(const std::string& a, const std::string& b);

}  // namespace motley::agent
