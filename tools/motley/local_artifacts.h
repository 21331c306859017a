#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/release/model_file.h"
#include "tools/motley/session.h"

namespace motley::cli {

/// The artifacts on disk that a file names.
struct LocalFiles {
  /// By the names that they have in the file.
  std::map<std::string, v1::ArtifactRef> artifacts;
  /// Digests to paths.
  std::map<std::string, std::string> paths;
};

/// Digests the artifacts of the file at `path`, whose paths are relative to it. Errors: those of Describe, beginning
/// with "FILE:LINE: ".
Result<LocalFiles> DescribeLocal(const std::string& path, const std::vector<LocalArtifact>& files);

/// Uploads what the catalogue lacks; `paths` has digests to the paths of files.
Result<void> UploadMissing(Session& session, const std::map<std::string, v1::ArtifactRef>& artifacts,
                           const std::map<std::string, std::string>& paths);

}  // namespace motley::cli
