#pragma once

#include <optional>
#include <string>

#include "agent/kinds/archive_record.pb.h"
#include "common/base/result.h"

namespace motley::agent {

/// How a folder is compared with its manifest.
enum class ManifestCheck {
  kCheap,  ///< Reads only files of the right size whose time differs.
  kDeep,   ///< Reads every file: after a power failure a right time proves nothing.
};

/// What of `folder` is not as `manifest` says, as a sentence that names the first files: "b.txt was edited, and 3
/// more"; nothing if all is. A file that was only touched is as it should be; its new time is noted in `manifest`.
/// Blocks. Errors: as SystemError.
Result<std::optional<std::string>> FindDrift(const std::string& folder, ManifestCheck check, ArchiveManifest* manifest);

/// The entry of what is at `path`, of which `name` is what the manifest calls it; `digest` is of a file's content.
/// Errors: as SystemError, kInvalid (neither file, folder nor link).
Result<ArchiveManifest::Entry> ManifestEntry(const std::string& path, const std::string& name,
                                             const std::string& digest);

}  // namespace motley::agent
