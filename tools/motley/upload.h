#pragma once

#include <string>

#include "tools/motley/session.h"

namespace motley::cli {

/// Digest and size of the file at `path`, with `name` or the file's own name. Errors: as Sha256File, kInvalid (no
/// regular file).
Result<v1::ArtifactRef> Describe(const std::string& path, const std::string& name);

enum class Uploaded { kNew, kAlreadyThere };

/// Brings the file into the catalogue unless it is there, with a progress line.
Result<Uploaded> UploadArtifact(Session& session, const v1::ArtifactRef& artifact, const std::string& path);

}  // namespace motley::cli
