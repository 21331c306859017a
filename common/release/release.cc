#include "common/release/release.h"

#include <set>

#include "common/model/model.h"
#include "common/model/version.h"
#include "common/release/inputs.h"
#include "common/release/rules_text.h"
#include "common/release/template.h"
#include "common/release/yaml.h"
#include "common/selector/selector.h"
#include "common/selector/spelling.h"

namespace motley {
namespace {

constexpr std::int64_t kMaxPreference = 1'000'000;
constexpr std::int64_t kMaxPriority = 1000;
constexpr std::int64_t kMaxMovesPerDay = 1'000'000;
// Each variant is a whole model; what is more than this is no file that a person wrote.
constexpr std::size_t kMaxRenderedBytes = 64 * 1024 * 1024;

/// One pass over a release file.
class ReleaseParser {
 public:
  ReleaseParser(const YamlFile& file, const std::string& text) : file_(file) { draft_.release.set_source(text); }

  Result<ReleaseDraft> Parse() {
    TRY(file_.EachEntry(file_.root(), "release",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          return TopLevel(key, key_node, value);
                        }));
    v1::Release& release = draft_.release;
    if (release.application().empty()) return file_.At(file_.root(), "application is missing");
    if (release.version().empty()) return file_.At(file_.root(), "version is missing; write one such as 1.0.0");
    if (!template_) return file_.At(file_.root(), "template is missing");
    if (variants_.empty()) return file_.At(file_.root(), "variants are missing; one without `when` fits every gateway");
    refs_ = artifacts_.Refs({});
    for (const YAML::Node& variant : variants_) TRY(Variant(variant));
    if (!release.fallback().empty() && !variant_names_.contains(release.fallback())) {
      return file_.At(fallback_, "fallback: there is no variant \"" + release.fallback() + "\"" +
                                     DidYouMean(release.fallback(), {variant_names_.begin(), variant_names_.end()}));
    }
    TRY(CheckUse(file_, parameter_nodes_, used_, artifacts_, used_artifacts_));
    draft_.files = std::move(artifacts_.files);
    draft_.known = std::move(artifacts_.known);
    return std::move(draft_);
  }

 private:
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
    if (key == "rules" || key == "joining" || key == "fallback" || key == "moves_per_day" || key == "priority") {
      return Policy(key, value);
    }
    return file_.UnknownKey(key_node, key, "release",
                            {"application", "version", "description", "artifacts", "parameters", "template", "variants",
                             "rules", "joining", "fallback", "moves_per_day", "priority"});
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

  /// Parameters whose names the release does not take for itself.
  Result<std::map<std::string, std::string>> FreeParameters(const YAML::Node& node) {
    TRY_ASSIGN(ParameterTable table, ReadParameters(file_, node));
    for (const auto& [name, key_node] : table.nodes) {
      if (name == "application" || name == "version" || name == "variant") {
        return file_.At(key_node,
                        "parameters: \"" + name + "\" has its value from the release itself; choose another name");
      }
    }
    parameter_nodes_.merge(table.nodes);
    return std::move(table.values);
  }

  Result<void> Variant(const YAML::Node& node) {
    v1::Variant& variant = *draft_.release.add_variants();
    std::map<std::string, std::string> values;
    std::set<std::string> without;
    TRY(file_.EachEntry(node, "variant",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          return VariantKey(key, key_node, value, variant, values, without);
                        }));
    const std::string what = "variant \"" + variant.name() + "\"";
    if (!IsName(variant.name())) {
      return file_.At(node, what + ": name is missing or no name; use lower-case letters, digits, '.', '_' and '-'");
    }
    if (!variant_names_.insert(variant.name()).second) return file_.At(node, what + " is there twice");

    values.insert(defaults_.begin(), defaults_.end());
    for (const auto& [key, value] : values) (*variant.mutable_parameters())[key] = value;
    values["application"] = draft_.release.application();
    values["version"] = draft_.release.version();
    values["variant"] = variant.name();
    Parameters parameters(std::move(values));
    TRY(CheckWithout(node, what, without));
    auto result = RenderTemplate(file_, template_, parameters, without);
    if (!result) return InVariant(result.error().message, what);
    Rendered rendered = *std::move(result);
    used_.insert(parameters.used().begin(), parameters.used().end());
    *variant.mutable_model() = rendered.model;
    rendered_bytes_ += rendered.model.ByteSizeLong();
    if (rendered_bytes_ > kMaxRenderedBytes) {
      return file_.At(node, what + ": the models grow to more than 64 MiB; put long texts into artifacts");
    }
    return CheckRendered(what, std::move(rendered));
  }

  Result<void> VariantKey(const std::string& key, const YAML::Node& key_node, const YAML::Node& value,
                          v1::Variant& variant, std::map<std::string, std::string>& values,
                          std::set<std::string>& without) {
    if (key == "parameters") {
      TRY_ASSIGN(values, FreeParameters(value));
      return {};
    }
    if (key == "without") {
      return file_.EachItem(value, key, [&](const YAML::Node& item) -> Result<void> {
        TRY_ASSIGN(std::string name, file_.Text(item, key));
        without.insert(std::move(name));
        return {};
      });
    }
    if (key != "name" && key != "when" && key != "prefer") {
      return file_.UnknownKey(key_node, key, "variant", {"name", "when", "prefer", "parameters", "without"});
    }
    TRY_ASSIGN(std::string text, file_.Text(value, key));
    if (key == "prefer") {
      TRY_ASSIGN(const std::int64_t prefer, file_.Integer(value, text, key, -kMaxPreference, kMaxPreference));
      variant.set_prefer(static_cast<std::int32_t>(prefer));
    } else if (key == "when") {
      if (auto selector = Selector::Parse(text); !selector) return file_.At(value, "when: " + selector.error().message);
      variant.set_when(std::move(text));
    } else {
      variant.set_name(std::move(text));
    }
    return {};
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
  Result<void> CheckRendered(const std::string& what, Rendered rendered) {
    auto placed = PlaceArtifacts(file_, rendered.lines, refs_, rendered.model, used_artifacts_);
    if (!placed) return InVariant(placed.error().message, what);
    std::string text;
    for (const std::string& problem : LocatedProblems(file_, rendered)) text += (text.empty() ? "" : "\n") + problem;
    if (text.empty()) return {};
    return InVariant(text, what);
  }

  /// The file and the line stay in front.
  static Error InVariant(const std::string& problem, const std::string& what) {
    return Error{Code::kInvalid, problem + " (" + what + ")"};
  }

  const YamlFile& file_;
  ReleaseDraft draft_;
  YAML::Node template_{YAML::NodeType::Undefined};
  YAML::Node fallback_;
  std::vector<YAML::Node> variants_;
  std::map<std::string, std::string> defaults_;
  std::map<std::string, YAML::Node> parameter_nodes_;
  ArtifactTable artifacts_;
  std::map<std::string, v1::ArtifactRef> refs_;
  std::set<std::string> variant_names_;
  std::set<std::string> used_;
  std::set<std::string> used_artifacts_;
  std::size_t rendered_bytes_ = 0;
};

}  // namespace

Result<ReleaseDraft> ParseReleaseFile(const std::string& file_name, const std::string& text) {
  TRY_ASSIGN(const YamlFile file, YamlFile::Parse(file_name, text));
  return file.Guarded<ReleaseDraft>([&] { return ReleaseParser(file, text).Parse(); });
}

Result<v1::Release> CompleteRelease(const ReleaseDraft& draft, const std::map<std::string, v1::ArtifactRef>& local) {
  v1::Release release = draft.release;
  for (const LocalArtifact& file : draft.files) CHECK(local.contains(file.name));
  std::map<std::string, v1::ArtifactRef> refs = ArtifactTable{draft.files, draft.known, {}}.Refs(local);
  std::set<std::string> listed;
  for (v1::Variant& variant : *release.mutable_variants()) {
    for (v1::Component& component : *variant.mutable_model()->mutable_components()) {
      for (v1::ArtifactRef* artifact : MutableArtifactsOf(component)) {
        *artifact = refs[artifact->name()];
        if (listed.insert(artifact->digest()).second) *release.add_artifacts() = *artifact;
      }
    }
  }
  TRY(ValidateRelease(release));
  return release;
}

}  // namespace motley
