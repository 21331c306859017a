#include "common/release/model_file.h"

#include "common/release/inputs.h"
#include "common/release/release.h"

namespace motley {
namespace {

constexpr char kSections[] = "hosts, components, links, artifacts and parameters";

Result<ModelFile> ParseModel(const YamlFile& file, const std::map<std::string, v1::ArtifactRef>& local) {
  for (const char* key : {"application", "template", "variants"}) {
    if (file.root()[key]) {
      return file.At(file.root()[key], std::string("\"") + key + "\" belongs to a release file; a model file has " +
                                           kSections + ", or name the variant that is meant");
    }
  }
  ArtifactTable artifacts;
  if (const YAML::Node node = file.root()["artifacts"]) {
    TRY_ASSIGN(artifacts, ReadArtifacts(file, node));
  }
  ParameterTable given;
  if (const YAML::Node node = file.root()["parameters"]) {
    TRY_ASSIGN(given, ReadParameters(file, node));
  }
  Parameters parameters(given.values);
  TRY_ASSIGN(Rendered rendered, RenderModel(file, parameters));
  std::set<std::string> used;
  TRY(PlaceArtifacts(file, rendered.lines, artifacts.Refs(local), rendered.model, used));
  TRY(CheckUse(file, given.nodes, parameters.used(), artifacts, used));
  ModelFile result;
  result.problems = LocatedProblems(file, rendered);
  result.model = std::move(rendered.model);
  result.files = std::move(artifacts.files);
  return result;
}

}  // namespace

Result<ModelFile> ParseModelFile(const std::string& file_name, const std::string& text,
                                 const std::map<std::string, v1::ArtifactRef>& local) {
  TRY_ASSIGN(const YamlFile file, YamlFile::Parse(file_name, text));
  return file.Guarded<ModelFile>([&] { return ParseModel(file, local); });
}

bool IsReleaseFile(const std::string& text) {
  const auto file = YamlFile::Parse("", text);
  return file && (file->root()["application"] || file->root()["variants"]);
}

Result<ModelFile> RenderVariant(const std::string& file_name, const std::string& text, const std::string& variant,
                                const std::map<std::string, v1::ArtifactRef>& local) {
  TRY_ASSIGN(ReleaseDraft draft, ParseReleaseFile(file_name, text));
  ModelFile result;
  result.files = draft.files;
  std::map<std::string, v1::ArtifactRef> refs = local;
  for (const LocalArtifact& file : draft.files) {
    if (!refs.contains(file.name)) refs[file.name].set_digest(kPlaceholderDigest);
  }
  TRY_ASSIGN(v1::Release release, CompleteRelease(draft, refs));
  std::string names;
  for (v1::Variant& candidate : *release.mutable_variants()) {
    if (candidate.name() == variant || (variant.empty() && release.variants_size() == 1)) {
      result.model = std::move(*candidate.mutable_model());
      return result;
    }
    names += (names.empty() ? "" : ", ") + candidate.name();
  }
  if (variant.empty()) return Error{Code::kInvalid, file_name + ":1: has several variants; name one of " + names};
  return Error{Code::kNotFound, file_name + ":1: has no variant \"" + variant + "\"; it has " + names};
}

}  // namespace motley
