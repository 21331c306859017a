#include "tools/motley/library_source.h"

#include <fmt/format.h>

#include <filesystem>

#include "common/files/files.h"
#include "common/release/named_version.h"
#include "tools/motley/local_artifacts.h"

namespace motley::cli {
namespace {

// As much as readers of YAML take.
constexpr std::uint64_t kMaxFileBytes = 1024 * 1024;

Result<v1::Template> Fetch(Session& session, const std::string& name, const std::string& version) {
  TRY_ASSIGN(ControllerApi * api, session.Api());
  return api->GetTemplate(name, version);
}

/// Whether a file is meant. Errors: kInvalid (it is neither a file nor NAME@VERSION).
Result<bool> IsFile(const std::string& file_or_name) {
  std::error_code ignored;
  if (std::filesystem::exists(file_or_name, ignored)) return true;
  if (auto named = ParseNamedVersion(file_or_name); !named) {
    return Error{Code::kInvalid, fmt::format("there is no file {}, and as the name of a stored one {}", file_or_name,
                                             named.error().message)};
  }
  return false;
}

}  // namespace

Result<Library> FetchLibrary(Session& session, const std::string& path, const std::string& text) {
  Library library;
  TRY_ASSIGN(const LibraryEntries entries, EntriesOfRelease(path, text));
  const auto add_template = [&](const std::string& name) -> Result<void> {
    if (library.templates.contains(name)) return {};
    TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(name));
    TRY_ASSIGN(library.templates[name], Fetch(session, named.name, named.version));
    return {};
  };
  for (const LibraryEntry& entry : entries.templates) {
    TRY(add_template(entry.name).While(fmt::format("{}:{}", path, entry.line)));
  }
  for (const LibraryEntry& entry : entries.variants) {
    const std::string place = fmt::format("{}:{}", path, entry.line);
    if (library.variants.contains(entry.name)) continue;
    TRY_ASSIGN(ControllerApi * api, session.Api());
    TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(entry.name).While(place));
    TRY_ASSIGN(const v1::TemplateVariant variant, api->GetVariant(named.name, named.version).While(place));
    TRY(add_template(variant.template_() + "@" + variant.template_version()).While(place));
    library.variants[entry.name] = variant;
  }
  return library;
}

Result<LoadedTemplate> LoadTemplate(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxFileBytes));
  TRY_ASSIGN(const TemplateDraft draft, ParseTemplateFile(path, text));
  TRY_ASSIGN(LocalFiles local, DescribeLocal(path, draft.files));
  return LoadedTemplate{CompleteTemplate(draft, local.artifacts), std::move(local.paths)};
}

Result<LoadedVariant> LoadVariant(Session& session, const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxFileBytes));
  TRY_ASSIGN(const v1::TemplateVariant said, ParseVariantFile(path, text));
  TRY_ASSIGN(v1::Template of, Fetch(session, said.template_(), said.template_version()).While(path + ": template"));
  TRY_ASSIGN(v1::TemplateVariant content, CompleteVariantFile(path, text, of));
  return LoadedVariant{std::move(content), std::move(of)};
}

Result<v1::Template> FindTemplate(Session& session, const std::string& file_or_name) {
  TRY_ASSIGN(const bool is_file, IsFile(file_or_name));
  if (is_file) {
    TRY_ASSIGN(LoadedTemplate loaded, LoadTemplate(file_or_name));
    return std::move(loaded.content);
  }
  TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(file_or_name));
  return Fetch(session, named.name, named.version);
}

Result<LoadedVariant> FindVariant(Session& session, const std::string& file_or_name) {
  TRY_ASSIGN(const bool is_file, IsFile(file_or_name));
  if (is_file) return LoadVariant(session, file_or_name);
  TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(file_or_name));
  TRY_ASSIGN(ControllerApi * api, session.Api());
  TRY_ASSIGN(v1::TemplateVariant content, api->GetVariant(named.name, named.version));
  TRY_ASSIGN(v1::Template of, Fetch(session, content.template_(), content.template_version()));
  return LoadedVariant{std::move(content), std::move(of)};
}

}  // namespace motley::cli
