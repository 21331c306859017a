#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/release/library.h"
#include "common/release/model_file.h"
#include "motley/v1/release.pb.h"

namespace motley {

/// A release file that was read and holds together, but whose local artifacts have no digests yet.
struct ReleaseDraft {
  v1::Release release;
  std::vector<LocalArtifact> files;
  /// The artifacts that the file names by digest.
  std::map<std::string, v1::ArtifactRef> known;
};

/// Reads a release file (docs/release-file.md), strictly. `file_name` is for messages; `library` has what the file
/// names (EntriesOfRelease), and the templates of the variants among it. Pure: opens nothing. Errors: kInvalid,
/// beginning with "FILE:LINE: "; of an unsound model, one line of text for each problem.
Result<ReleaseDraft> ParseReleaseFile(const std::string& file_name, const std::string& text,
                                      const Library& library = {});

/// Puts digests in the place of names. `local` has each of `draft.files` by its name.
Result<v1::Release> CompleteRelease(const ReleaseDraft& draft, const std::map<std::string, v1::ArtifactRef>& local);

/// Everything that must hold for a release by itself, whoever made it: names, version, selectors, models, and that each
/// artifact that a model uses is listed. Errors: kInvalid.
Result<void> ValidateRelease(const v1::Release& release);

}  // namespace motley
