#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/model.pb.h"

namespace motley {

/// An artifact that a file names and that is on the author's disk.
struct LocalArtifact {
  /// As the file calls it.
  std::string name;
  /// Relative to the release or model file.
  std::string file;
  int line = 0;
};

/// A model that was read from a file and can be looked at. It is sound only if it has no problems.
struct ModelFile {
  v1::DeploymentModel model;
  std::vector<LocalArtifact> files;
  /// All that ProblemsOf says about the model, each with "FILE:LINE: " in front.
  std::vector<std::string> problems;
};

/// Digest of a local artifact whose bytes were not looked at.
inline constexpr char kPlaceholderDigest[] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Reads a model file (docs/model.md), strictly. `file_name` is for messages. Pure: opens nothing. Local artifacts that
/// are not in `local` (by LocalArtifact::name) get kPlaceholderDigest: to have the digests, parse once for the list of
/// files, and again with what they hold. Errors: kInvalid, beginning with "FILE:LINE: ".
Result<ModelFile> ParseModelFile(const std::string& file_name, const std::string& text,
                                 const std::map<std::string, v1::ArtifactRef>& local = {});

/// Whether the text of a file has one of the keys that only release files have. False if it can not be read.
bool IsReleaseFile(const std::string& text);

/// The model of one variant of a release file; `variant` may be empty when there is only one. Otherwise as
/// ParseModelFile, but a release file is sound as a whole or an error, so there are no problems.
/// Errors: kInvalid, beginning with "FILE:LINE: " (with one line of text for each problem); kNotFound (no such
/// variant).
Result<ModelFile> RenderVariant(const std::string& file_name, const std::string& text, const std::string& variant,
                                const std::map<std::string, v1::ArtifactRef>& local = {});

/// A model as a model file: ParseModelFile gives the same model back, if the text has at most 1 MiB. The model is
/// sound.
std::string WriteModelFile(const v1::DeploymentModel& model);

}  // namespace motley
