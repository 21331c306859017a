#include "common/release/library.h"

#include "common/crypto/digest.h"
#include "common/release/open_template.h"
#include "common/release/variant_file.h"

namespace motley {
namespace {

Error OtherThanSource(const std::string& what, const std::string& pushed, const std::string& source) {
  return Error{Code::kInvalid, what + " \"" + pushed + "\" is not what the source says, \"" + source + "\""};
}

}  // namespace

Result<TemplateDraft> ParseTemplateFile(const std::string& file_name, const std::string& text) {
  TRY_ASSIGN(const OpenTemplate open, OpenTemplate::Parse(file_name, text, {}));
  return TemplateDraft{open.content(), open.artifacts().files};
}

v1::Template CompleteTemplate(const TemplateDraft& draft, const std::map<std::string, v1::ArtifactRef>& local) {
  v1::Template complete = draft.content;
  for (const LocalArtifact& file : draft.files) {
    const auto known = local.find(file.name);
    CHECK(known != local.end());
    (*complete.mutable_artifacts())[file.name] = known->second;
  }
  return complete;
}

Result<v1::Template> ValidateTemplate(const v1::Template& pushed) {
  const std::string what = "template " + pushed.name() + "@" + pushed.version();
  TRY_ASSIGN(const OpenTemplate open, OpenTemplate::Open(pushed));
  const v1::Template& content = open.content();
  if (content.name() != pushed.name()) return OtherThanSource(what + ": name", pushed.name(), content.name());
  if (content.version() != pushed.version()) {
    return OtherThanSource(what + ": version", pushed.version(), content.version());
  }
  for (const auto& [name, ref] : pushed.artifacts()) {
    if (!content.artifacts().contains(name)) {
      return Error{Code::kInvalid, what + ": the source has no artifact \"" + name + "\"; leave it out"};
    }
  }
  for (const auto& [name, ref] : content.artifacts()) {
    if (ref.digest() == kPlaceholderDigest || !IsDigest(ref.digest())) {
      return Error{Code::kInvalid, what + ": artifact \"" + name +
                                       "\" has no digest; send what it is under artifacts, as `motley template push` "
                                       "does"};
    }
  }
  return content;
}

Result<std::vector<v1::DeploymentModel>> FillTemplate(const v1::Template& stored, std::span<const Filling> fillings) {
  TRY_ASSIGN(const OpenTemplate open, OpenTemplate::Open(stored));
  std::vector<v1::DeploymentModel> models;
  for (const Filling& filling : fillings) {
    TRY_ASSIGN(v1::DeploymentModel model, open.Model(filling));
    models.push_back(std::move(model));
  }
  return models;
}

Filling FillingOf(const v1::TemplateVariant& variant) {
  return {.application = variant.template_(),
          .version = variant.version(),
          .variant = variant.name(),
          .parameters = {variant.parameters().begin(), variant.parameters().end()},
          .without = {variant.without().begin(), variant.without().end()}};
}

Result<v1::TemplateVariant> ParseVariantFile(const std::string& file_name, const std::string& text) {
  TRY_ASSIGN(VariantFile file, VariantFile::Parse(file_name, text));
  return file.content();
}

Result<v1::TemplateVariant> CompleteVariantFile(const std::string& file_name, const std::string& text,
                                                const v1::Template& stored) {
  TRY_ASSIGN(const VariantFile file, VariantFile::Parse(file_name, text));
  TRY_ASSIGN(const OpenTemplate open, OpenTemplate::Open(stored));
  return file.Complete(open);
}

Result<v1::TemplateVariant> ValidateVariant(const v1::TemplateVariant& pushed, const v1::Template& stored) {
  const std::string what = "variant " + pushed.name() + "@" + pushed.version();
  TRY_ASSIGN(v1::TemplateVariant variant, CompleteVariantFile(what, pushed.source(), stored));
  if (variant.name() != pushed.name()) return OtherThanSource(what + ": name", pushed.name(), variant.name());
  if (variant.version() != pushed.version()) {
    return OtherThanSource(what + ": version", pushed.version(), variant.version());
  }
  return variant;
}

}  // namespace motley
