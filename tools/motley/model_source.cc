#include "tools/motley/model_source.h"

#include <fmt/format.h>

#include <filesystem>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/release/model_file.h"
#include "common/release/release.h"
#include "tools/motley/upload.h"

namespace motley::cli {
namespace {

/// As much as the import reads; the readers of YAML take less, and say so.
constexpr std::uint64_t kMaxFileBytes = 8 * 1024 * 1024;

Error Joined(const std::string& path, const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += fmt::format("{}{}{}", text.empty() ? "" : "\n", path, problem);
  return Error{Code::kInvalid, std::move(text)};
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end != 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string PathOf(const ModelText& source, const LocalArtifact& artifact) {
  return (std::filesystem::path(source.path).parent_path() / artifact.file).string();
}

Result<ModelFile> Parse(const ModelText& source, const std::string& variant,
                        const std::map<std::string, v1::ArtifactRef>& local) {
  return source.format == ModelFormat::kRelease ? RenderVariant(source.path, source.text, variant, local)
                                                : ParseModelFile(source.path, source.text, local);
}

Result<LoadedModel> LoadYaml(const ModelText& source, const std::string& variant) {
  TRY_ASSIGN(ModelFile file, Parse(source, variant, {}));
  if (!file.problems.empty()) return Joined("", file.problems);
  if (file.files.empty()) return LoadedModel{std::move(file.model), {}};
  std::map<std::string, v1::ArtifactRef> local;
  for (const LocalArtifact& artifact : file.files) {
    const std::string place = fmt::format("{}:{}: artifact \"{}\"", source.path, artifact.line, artifact.name);
    TRY_ASSIGN(local[artifact.name], Describe(PathOf(source, artifact), "").While(place));
  }
  TRY_ASSIGN(file, Parse(source, variant, local));
  return LoadedModel{std::move(file.model), {}};
}

Result<LoadedModel> LoadGenesis(const ModelText& source) {
  GenesisImport import = ImportGenesis(source.text);
  if (!import.valid) return Joined(source.path + ": ", import.errors);
  LoadedModel loaded{std::move(import.model), {}};
  for (const auto& [name, value] : import.secrets) loaded.secret_versions[name] = Sha256(value);
  return loaded;
}

void FindMissing(const ModelText& source, const std::vector<LocalArtifact>& files, std::vector<std::string>& problems) {
  for (const LocalArtifact& artifact : files) {
    std::error_code error;
    if (std::filesystem::is_regular_file(PathOf(source, artifact), error)) continue;
    problems.push_back(fmt::format("{}:{}: artifact \"{}\": there is no file {}; its path is relative to this file",
                                   source.path, artifact.line, artifact.name, PathOf(source, artifact)));
  }
}

}  // namespace

Result<ModelText> ReadModelText(const std::string& path) {
  ModelText source{path, "", ModelFormat::kModel};
  TRY_ASSIGN(source.text, ReadFile(path, kMaxFileBytes));
  if (LooksLikeGenesis(source.text)) {
    source.format = ModelFormat::kGenesis;
  } else if (IsReleaseFile(source.text)) {
    source.format = ModelFormat::kRelease;
  }
  return source;
}

Result<LoadedModel> LoadModel(const std::string& path, const std::string& variant) {
  TRY_ASSIGN(const ModelText source, ReadModelText(path));
  if (!variant.empty() && source.format != ModelFormat::kRelease) {
    return Error{Code::kInvalid, fmt::format("{}: is no release file, so it has no variant \"{}\"; leave out --variant",
                                             path, variant)};
  }
  return source.format == ModelFormat::kGenesis ? LoadGenesis(source) : LoadYaml(source, variant);
}

Result<ModelVerdict> ValidateFile(const std::string& path) {
  TRY_ASSIGN(const ModelText source, ReadModelText(path));
  ModelVerdict verdict;
  if (source.format == ModelFormat::kGenesis) {
    const GenesisImport import = ImportGenesis(source.text);
    for (const std::string& error : import.errors) verdict.problems.push_back(path + ": " + error);
    for (const std::string& warning : import.warnings) verdict.warnings.push_back(path + ": " + warning);
  } else if (source.format == ModelFormat::kRelease) {
    const auto draft = ParseReleaseFile(path, source.text);
    if (!draft) verdict.problems = Lines(draft.error().message);
    if (draft) FindMissing(source, draft->files, verdict.problems);
  } else {
    const auto file = ParseModelFile(path, source.text);
    if (!file) verdict.problems = Lines(file.error().message);
    if (file) verdict.problems = file->problems;
    if (file) FindMissing(source, file->files, verdict.problems);
  }
  return verdict;
}

}  // namespace motley::cli
