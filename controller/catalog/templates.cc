// Catalog: templates and variants.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "common/log/log.h"
#include "common/release/library.h"
#include "common/release/named_version.h"
#include "common/selector/spelling.h"
#include "controller/catalog/catalog.h"
#include "controller/catalog/content_digest.h"
#include "controller/catalog/stable_bytes.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

// As much as YAML files may have.
constexpr std::size_t kMaxSourceBytes = 1024 * 1024;
// What stands in a message of a source that differs.
constexpr std::size_t kMaxLineInMessage = 120;

template <typename Message>
std::string NameOf(const char* what, const Message& message) {
  return std::string(what) + " " + message.name() + "@" + message.version();
}

/// Before its name is said, stored or looked for.
template <typename Message>
Result<void> CheckPushed(const char* what, const Message& pushed) {
  TRY(ParseNamedVersion(pushed.name().substr(0, 100) + "@" + pushed.version().substr(0, 100)).While(what));
  if (pushed.source().size() <= kMaxSourceBytes) return {};
  return Error{Code::kInvalid, NameOf(what, pushed) + ": source of " + std::to_string(pushed.source().size()) +
                                   " bytes is over the limit of 1 MiB; put long texts into artifacts"};
}

/// Takes the first line off `rest`.
std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

/// Where two files differ first, or empty.
std::string SourceDifference(std::string_view stored, std::string_view pushed) {
  if (stored == pushed) return "";
  int number = 1;
  while (true) {
    const std::string_view there = TakeLine(stored);
    const std::string_view here = TakeLine(pushed);
    if (there != here || stored.empty() || pushed.empty()) {
      if (there == here) ++number;
      const auto quoted = [&](std::string_view line, std::string_view other) {
        const std::string_view shown = there == here ? other : line;
        return "\"" + std::string(shown.substr(0, kMaxLineInMessage)) + "\"";
      };
      return "line " + std::to_string(number) + " is " + quoted(there, TakeLine(stored)) + " there and " +
             quoted(here, TakeLine(pushed)) + " here";
    }
    ++number;
  }
}

std::string ArtifactDifference(const v1::Template& stored, const v1::Template& pushed) {
  for (const auto& [name, ref] : pushed.artifacts()) {
    const auto found = stored.artifacts().find(name);
    if (found != stored.artifacts().end() && found->second.digest() != ref.digest()) {
      return "artifact \"" + name + "\" is " + found->second.digest() + " there and " + ref.digest() + " here";
    }
  }
  return "";
}

Error Differs(const std::string& what, const std::string& difference) {
  return Error{Code::kConflict, what + " exists with other content: " + difference + "; choose another version"};
}

/// What there is instead of what was asked for.
template <typename Messages>
Error Missing(const std::string& what, const std::string& name, const std::string& version, const Messages& messages) {
  std::string versions;
  std::vector<std::string_view> names;
  for (const auto& message : messages) {
    names.push_back(message.name());
    if (message.name() == name) versions += (versions.empty() ? "" : ", ") + message.version();
  }
  std::string problem = "there is no " + what + " " + name + "@" + version;
  if (!versions.empty()) {
    problem += "; of " + name + " there is " + versions;
  } else {
    problem += DidYouMean(name, names) + "; see `motley " + what + " list`";
  }
  return Error{Code::kNotFound, std::move(problem)};
}

}  // namespace

Result<v1::Template> Catalog::PushTemplate(const v1::Template& pushed) {
  TRY(CheckPushed("template", pushed));
  const std::string what = NameOf("template", pushed);
  TRY_ASSIGN(v1::Template content, ValidateTemplate(pushed));
  TRY_ASSIGN(const auto present, store_.templates().FindTemplate(pushed.name(), pushed.version()));
  if (present) {
    std::string difference = SourceDifference(present->source(), content.source());
    if (difference.empty()) difference = ArtifactDifference(*present, content);
    return difference.empty() ? Result<v1::Template>(*present) : Differs(what, difference);
  }
  TRY(CheckDeleted("template", pushed.name(), pushed.version(), ContentDigestOf(content)));
  for (const auto& [name, ref] : content.artifacts()) TRY(CheckArtifact(ref, "template").While(what));
  *content.mutable_created_at() = FromMicros(WallMicros(loop_));
  TRY(store_.templates().InsertTemplate(content));
  LogInfo("{} is stored", what);
  return content;
}

Result<v1::TemplateList> Catalog::Templates() const { return store_.templates().ListTemplates(); }

Result<v1::Template> Catalog::Template(const std::string& name, const std::string& version) const {
  TRY_ASSIGN(auto found, store_.templates().FindTemplate(name, version));
  if (found) return *std::move(found);
  TRY_ASSIGN(const v1::TemplateList list, Templates());
  return Missing("template", name, version, list.templates());
}

Result<v1::TemplateVariant> Catalog::PushVariant(const v1::TemplateVariant& pushed) {
  TRY(CheckPushed("variant", pushed));
  const std::string what = NameOf("variant", pushed);
  TRY_ASSIGN(const v1::TemplateVariant said, ParseVariantFile(what, pushed.source()));
  TRY_ASSIGN(const v1::Template stored, Template(said.template_(), said.template_version()).While(what));
  TRY_ASSIGN(v1::TemplateVariant content, ValidateVariant(pushed, stored));
  TRY_ASSIGN(const auto present, store_.templates().FindVariant(pushed.name(), pushed.version()));
  if (present) {
    const std::string difference = SourceDifference(present->source(), content.source());
    return difference.empty() ? Result<v1::TemplateVariant>(*present) : Differs(what, difference);
  }
  TRY(CheckDeleted("variant", pushed.name(), pushed.version(), ContentDigestOf(content)));
  *content.mutable_created_at() = FromMicros(WallMicros(loop_));
  TRY(store_.templates().InsertVariant(content));
  LogInfo("{} is stored", what);
  return content;
}

Result<v1::TemplateVariantList> Catalog::Variants() const { return store_.templates().ListVariants(); }

Result<v1::TemplateVariant> Catalog::Variant(const std::string& name, const std::string& version) const {
  TRY_ASSIGN(auto found, store_.templates().FindVariant(name, version));
  if (found) return *std::move(found);
  TRY_ASSIGN(const v1::TemplateVariantList list, Variants());
  return Missing("variant", name, version, list.variants());
}

Result<void> Catalog::CheckOrigins(const v1::Release& release) const {
  std::map<std::string, v1::Template> templates;
  std::map<std::string, std::vector<Filling>> fillings;
  std::map<std::string, std::vector<const v1::Variant*>> filled;
  for (const v1::Variant& variant : release.variants()) {
    const std::string place = "variant \"" + variant.name() + "\"";
    if (variant.from_template().empty() && variant.from_variant().empty()) continue;
    TRY_ASSIGN(const NamedVersion of, ParseNamedVersion(variant.from_template()).While(place + ": from_template"));
    if (!templates.contains(of.Text())) {
      TRY_ASSIGN(templates[of.Text()], Template(of.name, of.version).While(place));
    }
    if (variant.from_variant().empty()) continue;
    TRY_ASSIGN(const NamedVersion named, ParseNamedVersion(variant.from_variant()).While(place + ": from_variant"));
    TRY_ASSIGN(const v1::TemplateVariant stored, Variant(named.name, named.version).While(place));
    if (stored.template_() + "@" + stored.template_version() != of.Text()) {
      return Error{Code::kInvalid, place + ": " + named.Text() + " is not a variant of template " + of.Text()};
    }
    Filling filling = FillingOf(stored);
    filling.application = release.application();
    filling.version = release.version();
    filling.variant = variant.name();
    fillings[of.Text()].push_back(std::move(filling));
    filled[of.Text()].push_back(&variant);
  }
  for (const auto& [of, values] : fillings) {
    TRY_ASSIGN(const auto models, FillTemplate(templates[of], values));
    for (std::size_t i = 0; i < models.size(); ++i) {
      const v1::Variant& variant = *filled[of][i];
      if (StableBytes(models[i]) == StableBytes(variant.model())) continue;
      return Error{Code::kInvalid, "variant \"" + variant.name() + "\" has another model than " +
                                       variant.from_variant() + " makes; push the release file again"};
    }
  }
  return {};
}

}  // namespace motley::controller
