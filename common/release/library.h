#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/release/model_file.h"
#include "motley/v1/release.pb.h"

namespace motley {

/// A template file that was read and holds together, but whose local artifacts have no digests yet.
struct TemplateDraft {
  v1::Template content;
  std::vector<LocalArtifact> files;
};

/// Reads a template file (docs/templates.md), strictly. `file_name` is for messages. Pure: opens nothing. Errors:
/// kInvalid, beginning with "FILE:LINE: "; of an unsound model, one line of text for each problem.
Result<TemplateDraft> ParseTemplateFile(const std::string& file_name, const std::string& text);

/// Puts digests in the place of names. `local` has each of `draft.files` by its name.
v1::Template CompleteTemplate(const TemplateDraft& draft, const std::map<std::string, v1::ArtifactRef>& local);

/// Everything that must hold for a template by itself, whoever pushed it, read anew from its source. Errors: kInvalid.
Result<v1::Template> ValidateTemplate(const v1::Template& pushed);

/// What stands for the parameters of a template.
struct Filling {
  std::string application;
  std::string version;
  std::string variant;
  /// For others, the template's defaults count.
  std::map<std::string, std::string> parameters;
  /// Hosts and components that are left out.
  std::set<std::string> without;
};

/// The models that a template and what is filled in make. Errors: kInvalid, with the place in the template where it is
/// about the template; of an unsound model, one line of text for each problem.
Result<std::vector<v1::DeploymentModel>> FillTemplate(const v1::Template& stored, std::span<const Filling> fillings);

/// Of a variant, as if it were the only one of an application; the template's name stands for that.
Filling FillingOf(const v1::TemplateVariant& variant);

/// Reads a variant file (docs/templates.md), strictly; whether it fits its template is not looked at. Errors: kInvalid,
/// beginning with "FILE:LINE: ".
Result<v1::TemplateVariant> ParseVariantFile(const std::string& file_name, const std::string& text);

/// As ParseVariantFile; and it is checked against its template, and has its model. Errors: kInvalid.
Result<v1::TemplateVariant> CompleteVariantFile(const std::string& file_name, const std::string& text,
                                                const v1::Template& stored);

/// Everything that must hold for a variant, whoever pushed it, read anew from its source. Errors: kInvalid.
Result<v1::TemplateVariant> ValidateVariant(const v1::TemplateVariant& pushed, const v1::Template& stored);

/// Stored templates and variants by NAME@VERSION: what a release file may name.
struct Library {
  std::map<std::string, v1::Template> templates;
  std::map<std::string, v1::TemplateVariant> variants;
};

/// A stored template or variant that a file names.
struct LibraryEntry {
  /// NAME@VERSION.
  std::string name;
  int line = 0;
};

/// What a release file names; a variant brings its template with it. Errors: kInvalid, beginning with "FILE:LINE: ".
struct LibraryEntries {
  std::vector<LibraryEntry> templates;
  std::vector<LibraryEntry> variants;
};
Result<LibraryEntries> EntriesOfRelease(const std::string& file_name, const std::string& text);

}  // namespace motley
