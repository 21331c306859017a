#pragma once

#include <map>
#include <string>

#include "common/release/library.h"
#include "tools/motley/session.h"

namespace motley::cli {

/// What a release file names, brought from the controller; none is asked where the file names nothing. Errors: kInvalid
/// and those of ControllerApi, with the file and line of what is missing.
Result<Library> FetchLibrary(Session& session, const std::string& path, const std::string& text);

/// A template file that was read, with its local artifacts digested.
struct LoadedTemplate {
  v1::Template content;
  /// Digests to the paths of the local artifacts.
  std::map<std::string, std::string> paths;
};
/// Needs no controller. Errors: those of ParseTemplateFile; for a missing artifact one that begins with "FILE:LINE: ".
Result<LoadedTemplate> LoadTemplate(const std::string& path);

/// A variant with its model, and its template.
struct LoadedVariant {
  v1::TemplateVariant content;
  v1::Template of;
};
/// Reads a variant file and asks the controller for its template. Errors: those of CompleteVariantFile and
/// ControllerApi.
Result<LoadedVariant> LoadVariant(Session& session, const std::string& path);

/// The template of a file, or the stored one that is called so: NAME@VERSION. Where there is such a file, it is meant.
Result<v1::Template> FindTemplate(Session& session, const std::string& file_or_name);
/// The same for variants.
Result<LoadedVariant> FindVariant(Session& session, const std::string& file_or_name);

}  // namespace motley::cli
