#include "common/release/release.h"

#include <set>

#include "common/model/model.h"
#include "common/model/version.h"
#include "common/release/template.h"
#include "common/release/yaml.h"
#include "common/selector/selector.h"

namespace motley {
namespace {

constexpr std::string_view kPlaceholderDigest =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";
constexpr std::int64_t kMaxPreference = 1'000'000;

std::string BaseName(const std::string& file) {
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? file : file.substr(slash + 1);
}

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
    for (const YAML::Node& variant : variants_) TRY(Variant(variant));
    TRY(CheckUse());
    return std::move(draft_);
  }

 private:
  Result<void> TopLevel(const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
    v1::Release& release = draft_.release;
    if (key == "application" || key == "version" || key == "description") {
      TRY_ASSIGN(std::string text, file_.Text(value, key));
      if (key == "application" && !IsName(text)) {
        return file_.At(
            value, "application: \"" + text + "\" is not a name; use lower-case letters, digits, '.', '_' and '-'");
      }
      if (key == "version" && !IsVersion(text)) {
        return file_.At(value, "version: \"" + text + "\" is not a semantic version such as 1.0.0 (semver.org)");
      }
      if (key == "application") release.set_application(std::move(text));
      if (key == "version") release.set_version(std::move(text));
      if (key == "description") release.set_description(std::move(text));
      return {};
    }
    if (key == "artifacts") return Artifacts(value);
    if (key == "parameters") return ReadParameters(value, "parameters", defaults_);
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
    return file_.UnknownKey(
        key_node, key, "release",
        {"application", "version", "description", "artifacts", "parameters", "template", "variants"});
  }

  Result<void> Artifacts(const YAML::Node& node) {
    return file_.EachEntry(node, "artifacts",
                           [&](const std::string& name, const YAML::Node& key_node, const YAML::Node& value) {
                             return OneArtifact(name, key_node, value);
                           });
  }

  Result<void> OneArtifact(const std::string& name, const YAML::Node& name_node, const YAML::Node& node) {
    const std::string what = "artifact \"" + name + "\"";
    std::string path;
    v1::ArtifactRef ref;
    TRY(file_.EachEntry(
        node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
          if (key != "file" && key != "digest" && key != "size_bytes" && key != "name") {
            return file_.UnknownKey(key_node, key, what, {"file", "digest", "size_bytes", "name"});
          }
          TRY_ASSIGN(const std::string text, file_.Text(value, what + ": " + key));
          if (key == "file") path = text;
          if (key == "name") ref.set_name(text);
          if (key == "digest") ref.set_digest(text);
          if (key == "size_bytes") {
            TRY_ASSIGN(const std::int64_t size, file_.Integer(value, text, what + ": size_bytes", 0, INT64_MAX));
            ref.set_size_bytes(static_cast<std::uint64_t>(size));
          }
          return {};
        }));
    artifact_lines_[name] = name_node.Mark().line + 1;
    if (!path.empty()) {
      if (!ref.digest().empty()) return file_.At(node, what + " has a file and a digest; keep one");
      draft_.files.push_back({name, path, name_node.Mark().line + 1});
      return {};
    }
    if (!IsDigestText(ref.digest())) {
      return file_.At(node,
                      what + " needs file: PATH, or digest: sha256:HEX and size_bytes: N of one in the catalogue");
    }
    if (ref.name().empty()) ref.set_name(name);
    draft_.known[name] = ref;
    return {};
  }

  static bool IsDigestText(const std::string& text) {
    return text.size() == kPlaceholderDigest.size() && text.starts_with("sha256:") &&
           text.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
  }

  Result<void> ReadParameters(const YAML::Node& node, const std::string& what,
                              std::map<std::string, std::string>& parameters) {
    return file_.EachEntry(
        node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
          if (key == "application" || key == "version" || key == "variant") {
            return file_.At(key_node,
                            what + ": \"" + key + "\" has its value from the release itself; choose another name");
          }
          TRY_ASSIGN(parameters[key], file_.Text(value, what + "." + key));
          parameter_nodes_.emplace(key, key_node);
          return {};
        });
  }

  Result<void> Variant(const YAML::Node& node) {
    v1::Variant& variant = *draft_.release.add_variants();
    std::map<std::string, std::string> own;
    std::set<std::string> without;
    TRY(file_.EachEntry(node, "variant",
                        [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
                          return VariantKey(key, key_node, value, variant, own, without);
                        }));
    const std::string what = "variant \"" + variant.name() + "\"";
    if (!IsName(variant.name())) {
      return file_.At(node, what + ": name is missing or no name; use lower-case letters, digits, '.', '_' and '-'");
    }
    if (!variant_names_.insert(variant.name()).second) return file_.At(node, what + " is there twice");

    std::map<std::string, std::string> values = defaults_;
    for (const auto& [key, value] : own) values[key] = value;
    for (const auto& [key, value] : values) (*variant.mutable_parameters())[key] = value;
    values["application"] = draft_.release.application();
    values["version"] = draft_.release.version();
    values["variant"] = variant.name();
    Parameters parameters(std::move(values));
    TRY(CheckWithout(node, what, without));
    TRY_ASSIGN(*variant.mutable_model(), RenderTemplate(file_, template_, parameters, without).While(what));
    used_.insert(parameters.used().begin(), parameters.used().end());
    return CheckRendered(node, what, variant.model());
  }

  Result<void> VariantKey(const std::string& key, const YAML::Node& key_node, const YAML::Node& value,
                          v1::Variant& variant, std::map<std::string, std::string>& own,
                          std::set<std::string>& without) {
    if (key == "parameters") return ReadParameters(value, "parameters", own);
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
  Result<void> CheckRendered(const YAML::Node& node, const std::string& what, v1::DeploymentModel model) {
    for (v1::Component& component : *model.mutable_components()) {
      for (v1::ArtifactRef* artifact : MutableArtifactsOf(component)) {
        if (!artifact_lines_.contains(artifact->name())) {
          return file_.At(node, what + ": component \"" + component.name() + "\" wants artifact \"" + artifact->name() +
                                    "\", which is not under artifacts");
        }
        used_artifacts_.insert(artifact->name());
        artifact->set_digest(std::string(kPlaceholderDigest));
      }
    }
    if (auto sound = CheckModel(model); !sound) return file_.At(node, what + ": " + sound.error().message);
    return {};
  }

  Result<void> CheckUse() {
    for (const auto& [name, key_node] : parameter_nodes_) {
      if (!used_.contains(name)) {
        return file_.At(key_node, "parameter \"" + name + "\" is not used in the template; remove it, or write ${" +
                                      name + "} there");
      }
    }
    for (const auto& [name, line] : artifact_lines_) {
      if (!used_artifacts_.contains(name)) {
        return file_.At(file_.root()["artifacts"][name],
                        "artifact \"" + name + "\" is not used in the template; remove it");
      }
    }
    return {};
  }

  const YamlFile& file_;
  ReleaseDraft draft_;
  YAML::Node template_{YAML::NodeType::Undefined};
  std::vector<YAML::Node> variants_;
  std::map<std::string, std::string> defaults_;
  std::map<std::string, YAML::Node> parameter_nodes_;
  std::map<std::string, int> artifact_lines_;
  std::set<std::string> variant_names_;
  std::set<std::string> used_;
  std::set<std::string> used_artifacts_;
};

}  // namespace

Result<ReleaseDraft> ParseReleaseFile(const std::string& file_name, const std::string& text) {
  TRY_ASSIGN(const YamlFile file, YamlFile::Parse(file_name, text));
  try {
    return ReleaseParser(file, text).Parse();
  } catch (const YAML::Exception& error) {
    return Error{Code::kInvalid, file_name + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg};
  }
}

Result<v1::Release> CompleteRelease(const ReleaseDraft& draft, const std::map<std::string, v1::ArtifactRef>& local) {
  v1::Release release = draft.release;
  std::map<std::string, v1::ArtifactRef> refs = draft.known;
  for (const LocalArtifact& file : draft.files) {
    const auto found = local.find(file.name);
    CHECK(found != local.end());
    refs[file.name] = found->second;
    refs[file.name].set_name(BaseName(file.file));
  }
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
