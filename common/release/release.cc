#include "common/release/release.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/model/model.h"
#include "common/model/version.h"
#include "common/release/inputs.h"
#include "common/release/named_version.h"
#include "common/release/open_template.h"
#include "common/release/rules_text.h"
#include "common/release/template.h"
#include "common/release/variant_file.h"
#include "common/release/yaml.h"
#include "common/selector/spelling.h"

namespace motley {
namespace {

constexpr std::int64_t kMaxHours = 24 * 365;
constexpr std::int64_t kMaxPriority = 1000;
constexpr std::int64_t kMaxMovesPerDay = 1'000'000;
// Each variant is a whole model; what is more than this is no file that a person wrote.
constexpr std::size_t kMaxRenderedBytes = 64 * 1024 * 1024;

/// One pass over a release file.
class ReleaseParser {
 public:
  ReleaseParser(const YamlFile& file, const std::string& text, const Library& library)
      : file_(file), library_(library) {
    draft_.release.set_source(text);
  }

  Result<ReleaseDraft> Parse() {
    TRY(file_.EachEntry(file_.root(), "release",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          return TopLevel(key, key_node, value);
                        }));
    v1::Release& release = draft_.release;
    if (release.application().empty()) return file_.At(file_.root(), "application is missing");
    if (release.version().empty()) return file_.At(file_.root(), "version is missing; write one such as 1.0.0");
    if (variants_.empty()) return file_.At(file_.root(), "variants are missing; one without `when` fits every gateway");
    const bool stored = std::any_of(variants_.begin(), variants_.end(),
                                    [](const YAML::Node& variant) { return variant.IsMap() && variant["use"]; });
    if (!template_ && !stored) return file_.At(file_.root(), "template is missing");
    refs_ = artifacts_.Refs({});
    for (const YAML::Node& variant : variants_) TRY(Variant(variant));
    if (!release.fallback().empty() && !variant_names_.contains(release.fallback())) {
      return file_.At(fallback_, "fallback: there is no variant \"" + release.fallback() + "\"" +
                                     DidYouMean(release.fallback(), {variant_names_.begin(), variant_names_.end()}));
    }
    TRY(CheckUsed());
    draft_.files = std::move(artifacts_.files);
    draft_.known = std::move(artifacts_.known);
    return std::move(draft_);
  }

 private:
  Result<void> CheckUsed() {
    if (template_ && !template_used_) {
      return file_.At(template_, "template: no variant here uses it, since stored variants have their own; remove it");
    }
    if (!template_ && !defaults_.nodes.empty()) {
      return file_.At(defaults_.nodes.begin()->second,
                      "parameters: no variant here uses them, since stored variants have their own; remove them");
    }
    return CheckUse(file_, parameter_nodes_, used_, artifacts_, used_artifacts_);
  }

  Result<void> TopLevel(const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
    if (key == "application" || key == "version" || key == "description") return Heading(key, value);
    if (key == "artifacts") {
      TRY_ASSIGN(artifacts_, ReadArtifacts(file_, value));
      return {};
    }
    if (key == "parameters") {
      TRY_ASSIGN(defaults_, FreeParameters(value));
      return {};
    }
    if (key == "template") {
      template_ = value;
      return {};
    }
    if (key == "variants") {
      return file_.EachItem(value, key, [&](const YAML::Node& variant) {
        variants_.push_back(variant);
        return Result<void>();
      });
    }
    if (key == "rules" || key == "joining" || key == "fallback" || key == "moves_per_day" ||
        key == "optimise_every_hours" || key == "priority") {
      return Policy(key, value);
    }
    return file_.UnknownKey(key_node, key, "release",
                            {"application", "version", "description", "artifacts", "parameters", "template", "variants",
                             "rules", "joining", "fallback", "moves_per_day", "optimise_every_hours", "priority"});
  }

  /// Who runs what. What the rules say is checked by those who know variants and gateways.
  Result<void> Policy(const std::string& key, const YAML::Node& value) {
    v1::Release& release = draft_.release;
    if (key == "rules") {
      TRY(file_.EachItem(value, key, [](const YAML::Node&) { return Result<void>(); }));
      release.set_rules(RulesText(value));
      return {};
    }
    TRY_ASSIGN(std::string text, file_.Text(value, key));
    if (key == "joining") {
      if (text == "propose") {
        release.set_joining(v1::JOINING_PROPOSE);
      } else if (text == "approve") {
        release.set_joining(v1::JOINING_APPROVE);
      } else if (text == "ignore") {
        release.set_joining(v1::JOINING_IGNORE);
      } else {
        return file_.At(value, "joining: \"" + text + "\" is not propose, approve or ignore");
      }
    } else if (key == "fallback") {
      fallback_ = value;
      release.set_fallback(std::move(text));
    } else if (key == "moves_per_day") {
      TRY_ASSIGN(const std::int64_t moves, file_.Integer(value, text, key, 0, kMaxMovesPerDay));
      release.set_moves_per_day(static_cast<std::uint32_t>(moves));
    } else if (key == "optimise_every_hours") {
      TRY_ASSIGN(const std::int64_t hours, file_.Integer(value, text, key, 0, kMaxHours));
      release.set_optimise_every_hours(static_cast<std::uint32_t>(hours));
    } else {
      TRY_ASSIGN(const std::int64_t priority, file_.Integer(value, text, key, 1, kMaxPriority));
      release.set_priority(static_cast<std::uint32_t>(priority));
    }
    return {};
  }

  Result<void> Heading(const std::string& key, const YAML::Node& value) {
    v1::Release& release = draft_.release;
    TRY_ASSIGN(std::string text, file_.Text(value, key));
    if (key == "application" && !IsName(text)) {
      return file_.At(value,
                      "application: \"" + text + "\" is not a name; use lower-case letters, digits, '.', '_' and '-'");
    }
    if (key == "version" && !IsVersion(text)) {
      return file_.At(value, "version: \"" + text + "\" is not a semantic version such as 1.0.0 (semver.org)");
    }
    if (key == "application") release.set_application(std::move(text));
    if (key == "version") release.set_version(std::move(text));
    if (key == "description") release.set_description(std::move(text));
    return {};
  }

  Result<ParameterTable> FreeParameters(const YAML::Node& node) {
    TRY_ASSIGN(ParameterTable table, ReadParameters(file_, node));
    TRY(CheckFreeNames(file_, table.nodes));
    return table;
  }

  Result<void> Variant(const YAML::Node& node) {
    VariantEntry entry;
    std::optional<std::string> use;
    std::set<std::string> given;
    TRY(file_.EachEntry(
        node, "variant",
        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
          given.insert(key);
          if (key == "use") {
            TRY_ASSIGN(use, file_.Text(value, key));
            return {};
          }
          TRY_ASSIGN(const bool known, ReadVariantKey(file_, key, value, entry));
          if (known) return {};
          return file_.UnknownKey(key_node, key, "variant", {"name", "use", "when", "prefer", "parameters", "without"});
        }));
    v1::Variant& variant = *draft_.release.add_variants();
    if (use) return StoredVariant(node, *use, given, entry, variant);
    TRY(Named(node, entry, variant));
    if (!template_)
      return file_.At(node, What(variant) + " needs a template; write one at the top, or use: NAME@VERSION");
    template_used_ = true;
    return template_.IsScalar() ? OfStoredTemplate(node, std::move(entry), variant)
                                : OfOwnTemplate(node, entry, variant);
  }

  static std::string What(const v1::Variant& variant) { return "variant \"" + variant.name() + "\""; }

  Result<void> Named(const YAML::Node& node, const VariantEntry& entry, v1::Variant& variant) {
    variant.set_name(entry.name);
    variant.set_when(entry.when);
    variant.set_prefer(entry.prefer);
    if (!IsName(entry.name)) {
      return file_.At(node,
                      What(variant) + ": name is missing or no name; use lower-case letters, digits, '.', '_' and '-'");
    }
    if (!variant_names_.insert(entry.name).second) return file_.At(node, What(variant) + " is there twice");
    return {};
  }

  /// What stands for the parameters of a stored template.
  Filling FillingFor(const v1::Variant& variant) const {
    return {.application = draft_.release.application(),
            .version = draft_.release.version(),
            .variant = variant.name(),
            .parameters = {variant.parameters().begin(), variant.parameters().end()},
            .without = {}};
  }

  Result<void> OfOwnTemplate(const YAML::Node& node, const VariantEntry& entry, v1::Variant& variant) {
    std::map<std::string, std::string> values = entry.parameters.values;
    parameter_nodes_.insert(defaults_.nodes.begin(), defaults_.nodes.end());
    parameter_nodes_.insert(entry.parameters.nodes.begin(), entry.parameters.nodes.end());
    values.insert(defaults_.values.begin(), defaults_.values.end());
    for (const auto& [key, value] : values) (*variant.mutable_parameters())[key] = value;
    values["application"] = draft_.release.application();
    values["version"] = draft_.release.version();
    values["variant"] = variant.name();
    Parameters parameters(std::move(values));
    std::set<std::string> without;
    for (const auto& [name, ignored] : entry.without) without.insert(name);
    TRY(CheckWithout(node, What(variant), without));
    auto result = RenderTemplate(file_, template_, parameters, without);
    if (!result) return InVariant(result.error().message, What(variant));
    Rendered rendered = *std::move(result);
    used_.insert(parameters.used().begin(), parameters.used().end());
    *variant.mutable_model() = rendered.model;
    TRY(CheckGrowth(node, variant));
    return CheckRendered(file_, What(variant), refs_, std::move(rendered));
  }

  /// The release's own artifacts come before those of the template with the same names.
  Result<void> OfStoredTemplate(const YAML::Node& node, VariantEntry entry, v1::Variant& variant) {
    TRY_ASSIGN(const OpenTemplate* open, Opened(template_, template_.Scalar()));
    // A mistake in the release's parameters stands where they stand.
    for (const auto& [name, place] : defaults_.nodes) {
      if (!entry.parameters.values.emplace(name, defaults_.values.at(name)).second) continue;
      entry.parameters.nodes.emplace(name, place);
    }
    TRY(CheckFits(file_, node, entry, *open));
    for (const auto& [key, value] : entry.parameters.values) (*variant.mutable_parameters())[key] = value;
    Filling filling = FillingFor(variant);
    for (const auto& [name, ignored] : entry.without) filling.without.insert(name);
    auto rendered = open->Fill(filling);
    if (!rendered) return InVariant(rendered.error().message, What(variant));
    variant.set_from_template(template_.Scalar());
    *variant.mutable_model() = rendered->model;
    std::map<std::string, v1::ArtifactRef> refs = refs_;
    refs.insert(open->content().artifacts().begin(), open->content().artifacts().end());
    for (v1::Component& component : *variant.mutable_model()->mutable_components()) {
      for (v1::ArtifactRef* artifact : MutableArtifactsOf(component)) {
        if (!refs_.contains(artifact->name()) && refs.contains(artifact->name())) *artifact = refs[artifact->name()];
      }
    }
    TRY(CheckGrowth(node, variant));
    return CheckRendered(open->file(), What(variant), refs, *std::move(rendered));
  }

  /// A stored variant is what it is; the release only says what it is called, and who gets it.
  Result<void> StoredVariant(const YAML::Node& node, const std::string& use, const std::set<std::string>& given,
                             VariantEntry entry, v1::Variant& variant) {
    for (const char* key : {"parameters", "without"}) {
      if (!given.contains(key)) continue;
      return file_.At(node[key],
                      std::string(key) + ": those of variant " + use +
                          " are fixed; push another version of it, or give the variant a name instead of use");
    }
    const auto found = library_.variants.find(use);
    if (found == library_.variants.end()) return NotAtHand(node["use"], "variant", use);
    const v1::TemplateVariant& stored = found->second;
    if (!given.contains("name")) entry.name = stored.name();
    if (!given.contains("when")) entry.when = stored.when();
    if (!given.contains("prefer")) entry.prefer = stored.prefer();
    TRY(Named(node, entry, variant));
    const std::string of = stored.template_() + "@" + stored.template_version();
    TRY_ASSIGN(const OpenTemplate* open, Opened(node["use"], of));
    *variant.mutable_parameters() = stored.parameters();
    Filling filling = FillingFor(variant);
    filling.without = {stored.without().begin(), stored.without().end()};
    auto model = open->Model(filling);
    if (!model) return InVariant(model.error().message, What(variant));
    variant.set_from_template(of);
    variant.set_from_variant(use);
    *variant.mutable_model() = *std::move(model);
    return CheckGrowth(node, variant);
  }

  Result<const OpenTemplate*> Opened(const YAML::Node& node, const std::string& name) {
    if (const auto open = opened_.find(name); open != opened_.end()) return &open->second;
    const auto stored = library_.templates.find(name);
    if (stored == library_.templates.end()) return NotAtHand(node, "template", name);
    TRY_ASSIGN(OpenTemplate open, OpenTemplate::Open(stored->second));
    return &opened_.emplace(name, std::move(open)).first->second;
  }

  Error NotAtHand(const YAML::Node& node, const std::string& what, const std::string& name) const {
    if (auto named = ParseNamedVersion(name); !named) return file_.At(node, what + ": " + named.error().message);
    return file_.At(
        node, what + " " + name + " is kept by a controller, which is not asked here; `motley release render` asks it");
  }

  Result<void> CheckGrowth(const YAML::Node& node, const v1::Variant& variant) {
    rendered_bytes_ += variant.model().ByteSizeLong();
    if (rendered_bytes_ <= kMaxRenderedBytes) return {};
    return file_.At(node, What(variant) + ": the models grow to more than 64 MiB; put long texts into artifacts");
  }

  Result<void> CheckWithout(const YAML::Node& node, const std::string& what, const std::set<std::string>& without) {
    for (const std::string& name : without) {
      const bool known = (template_["hosts"] && template_["hosts"][name]) ||
                         (template_["components"] && template_["components"][name]);
      if (!known) return file_.At(node, what + ": without names \"" + name + "\", which is not in the template");
    }
    return {};
  }

  /// With a digest in the place of each artifact that will get one, the model must be sound.
  Result<void> CheckRendered(const YamlFile& file, const std::string& what,
                             const std::map<std::string, v1::ArtifactRef>& refs, Rendered rendered) {
    auto placed = PlaceArtifacts(file, rendered.lines, refs, rendered.model, used_artifacts_);
    if (!placed) return InVariant(placed.error().message, what);
    std::string text;
    for (const std::string& problem : LocatedProblems(file, rendered)) text += (text.empty() ? "" : "\n") + problem;
    if (text.empty()) return {};
    return InVariant(text, what);
  }

  /// The file and the line stay in front.
  static Error InVariant(const std::string& problem, const std::string& what) {
    return Error{Code::kInvalid, problem + " (" + what + ")"};
  }

  const YamlFile& file_;
  const Library& library_;
  std::map<std::string, OpenTemplate> opened_;
  ReleaseDraft draft_;
  YAML::Node template_{YAML::NodeType::Undefined};
  YAML::Node fallback_;
  std::vector<YAML::Node> variants_;
  ParameterTable defaults_;
  std::map<std::string, YAML::Node> parameter_nodes_;
  ArtifactTable artifacts_;
  std::map<std::string, v1::ArtifactRef> refs_;
  std::set<std::string> variant_names_;
  bool template_used_ = false;
  std::set<std::string> used_;
  std::set<std::string> used_artifacts_;
  std::size_t rendered_bytes_ = 0;
};

}  // namespace

Result<ReleaseDraft> ParseReleaseFile(const std::string& file_name, const std::string& text, const Library& library) {
  TRY_ASSIGN(const YamlFile file, YamlFile::Parse(file_name, text));
  return file.Guarded<ReleaseDraft>([&] { return ReleaseParser(file, text, library).Parse(); });
}

Result<v1::Release> CompleteRelease(const ReleaseDraft& draft, const std::map<std::string, v1::ArtifactRef>& local) {
  v1::Release release = draft.release;
  for (const LocalArtifact& file : draft.files) CHECK(local.contains(file.name));
  std::map<std::string, v1::ArtifactRef> refs = ArtifactTable{draft.files, draft.known, {}}.Refs(local);
  std::set<std::string> listed;
  for (v1::Variant& variant : *release.mutable_variants()) {
    for (v1::Component& component : *variant.mutable_model()->mutable_components()) {
      for (v1::ArtifactRef* artifact : MutableArtifactsOf(component)) {
        // Those of stored templates have their digests.
        if (artifact->digest().empty()) *artifact = refs[artifact->name()];
        if (listed.insert(artifact->digest()).second) *release.add_artifacts() = *artifact;
      }
    }
  }
  TRY(ValidateRelease(release));
  return release;
}

}  // namespace motley
