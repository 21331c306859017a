#include "common/release/variant_file.h"

#include "common/model/model.h"
#include "common/model/version.h"
#include "common/release/named_version.h"
#include "common/selector/selector.h"

namespace motley {
namespace {

constexpr std::int64_t kMaxPreference = 1'000'000;

}  // namespace

Result<bool> ReadVariantKey(const YamlFile& file, const std::string& key, const YAML::Node& value,
                            VariantEntry& entry) {
  if (key == "parameters") {
    TRY_ASSIGN(entry.parameters, ReadParameters(file, value));
    TRY(CheckFreeNames(file, entry.parameters.nodes));
    return true;
  }
  if (key == "without") {
    TRY(file.EachItem(value, key, [&](const YAML::Node& item) -> Result<void> {
      TRY_ASSIGN(const std::string name, file.Text(item, key));
      entry.without.emplace(name, item);
      return {};
    }));
    return true;
  }
  if (key != "name" && key != "when" && key != "prefer") return false;
  TRY_ASSIGN(std::string text, file.Text(value, key));
  if (key == "prefer") {
    TRY_ASSIGN(const std::int64_t prefer, file.Integer(value, text, key, -kMaxPreference, kMaxPreference));
    entry.prefer = static_cast<std::int32_t>(prefer);
  } else if (key == "when") {
    if (auto selector = Selector::Parse(text); !selector) return file.At(value, "when: " + selector.error().message);
    entry.when = std::move(text);
  } else {
    entry.name = std::move(text);
  }
  return true;
}

Result<void> CheckFits(const YamlFile& file, const YAML::Node& node, const VariantEntry& entry,
                       const OpenTemplate& open) {
  const std::string what = "variant \"" + entry.name + "\": ";
  for (const auto& [name, value] : entry.parameters.values) {
    const auto place = entry.parameters.nodes.find(name);
    if (auto good = open.CheckParameter(name, value); !good) {
      return file.At(place == entry.parameters.nodes.end() ? node : place->second, what + good.error().message);
    }
  }
  for (const auto& [name, place] : entry.without) {
    if (auto good = open.CheckWithout(name); !good) return file.At(place, what + good.error().message);
  }
  if (auto good = open.CheckComplete(entry.parameters.values); !good) {
    return file.At(node, what + good.error().message);
  }
  return {};
}

Result<VariantFile> VariantFile::Parse(const std::string& file_name, const std::string& text) {
  TRY_ASSIGN(YamlFile yaml, YamlFile::Parse(file_name, text));
  VariantFile file(std::move(yaml));
  TRY(file.file_.Guarded<void>([&] { return file.Read(text); }));
  return file;
}

Result<void> VariantFile::Read(const std::string& text) {
  TRY(file_.EachEntry(file_.root(), "variant file",
                      [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
                        if (key == "version" || key == "description" || key == "template") return Heading(key, value);
                        TRY_ASSIGN(const bool known, ReadVariantKey(file_, key, value, entry_));
                        if (known) return {};
                        return file_.UnknownKey(
                            key_node, key, "variant file",
                            {"name", "version", "description", "template", "when", "prefer", "parameters", "without"});
                      }));
  const std::string what = "variant \"" + entry_.name + "\"";
  if (!IsName(entry_.name)) {
    return file_.At(file_.root()["name"] ? file_.root()["name"] : file_.root(),
                    what + ": name is missing or no name; use lower-case letters, digits, '.', '_' and '-'");
  }
  if (content_.version().empty()) {
    return file_.At(file_.root(), what + ": version is missing; write one such as 1.0.0");
  }
  if (content_.template_().empty()) {
    return file_.At(file_.root(), what + ": template is missing; name a stored one, as in template: blinky@1.0.0");
  }
  content_.set_name(entry_.name);
  content_.set_source(text);
  content_.set_when(entry_.when);
  content_.set_prefer(entry_.prefer);
  content_.mutable_parameters()->insert(entry_.parameters.values.begin(), entry_.parameters.values.end());
  for (const auto& [name, ignored] : entry_.without) content_.add_without(name);
  return {};
}

Result<void> VariantFile::Heading(const std::string& key, const YAML::Node& value) {
  if (key == "template" && value.IsMap()) {
    return file_.At(value,
                    "template: name a stored one, as in template: blinky@1.0.0; a file that holds a template is "
                    "for `motley template push`");
  }
  TRY_ASSIGN(std::string text, file_.Text(value, key));
  if (key == "version" && !IsVersion(text)) {
    return file_.At(value, "version: \"" + text + "\" is not a semantic version such as 1.0.0 (semver.org)");
  }
  if (key == "version") content_.set_version(text);
  if (key == "description") content_.set_description(text);
  if (key == "template") {
    auto named = ParseNamedVersion(text);
    if (!named) return file_.At(value, "template: " + named.error().message);
    content_.set_template_(named->name);
    content_.set_template_version(named->version);
  }
  return {};
}

Result<v1::TemplateVariant> VariantFile::Complete(const OpenTemplate& open) const {
  const NamedVersion wanted{content_.template_(), content_.template_version()};
  const NamedVersion given{open.content().name(), open.content().version()};
  if (wanted.Text() != given.Text()) {
    return file_.At(file_.root()["template"], "template: is " + wanted.Text() + ", and " + given.Text() + " was given");
  }
  TRY(file_.Guarded<void>([&] { return CheckFits(file_, file_.root(), entry_, open); }));
  v1::TemplateVariant complete = content_;
  auto model = open.Model(FillingOf(content_));
  if (!model) return Error{Code::kInvalid, model.error().message + " (variant \"" + content_.name() + "\")"};
  *complete.mutable_model() = *std::move(model);
  return complete;
}

}  // namespace motley
