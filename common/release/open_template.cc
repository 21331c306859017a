#include "common/release/open_template.h"

#include "common/model/model.h"
#include "common/model/version.h"
#include "common/selector/spelling.h"

namespace motley {

Result<OpenTemplate> OpenTemplate::Parse(const std::string& file_name, const std::string& text,
                                         const std::map<std::string, v1::ArtifactRef>& local) {
  TRY_ASSIGN(YamlFile file, YamlFile::Parse(file_name, text));
  OpenTemplate open(std::move(file));
  TRY(open.file_.Guarded<void>([&] { return open.Read(text, local); }));
  return open;
}

Result<OpenTemplate> OpenTemplate::Open(const v1::Template& stored) {
  return Parse("template " + stored.name() + "@" + stored.version(), stored.source(),
               {stored.artifacts().begin(), stored.artifacts().end()});
}

Result<void> OpenTemplate::Read(const std::string& text, const std::map<std::string, v1::ArtifactRef>& local) {
  TRY(file_.EachEntry(
      file_.root(), "template file",
      [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
        if (key == "name" || key == "version" || key == "description") return Heading(key, value);
        if (key == "artifacts") {
          TRY_ASSIGN(artifacts_, ReadArtifacts(file_, value));
        } else if (key == "parameters") {
          TRY_ASSIGN(declared_, ReadDeclarations(file_, value));
        } else if (key == "template") {
          if (value.IsScalar()) {
            return file_.At(value,
                            "template: expected hosts, components and links; a file that names a template is a "
                            "variant file: `motley variant push`");
          }
          node_ = value;
        } else {
          return file_.UnknownKey(key_node, key, "template file",
                                  {"name", "version", "description", "parameters", "artifacts", "template"});
        }
        return {};
      }));
  if (content_.name().empty()) return file_.At(file_.root(), "name is missing");
  if (content_.version().empty()) return file_.At(file_.root(), "version is missing; write one such as 1.0.0");
  if (!node_) return file_.At(file_.root(), "template is missing");
  content_.set_source(text);
  for (const auto& [name, parameter] : declared_.by_name) *content_.add_parameters() = parameter;
  for (const auto& [name, ref] : artifacts_.Refs(local)) (*content_.mutable_artifacts())[name] = ref;
  return CheckItself();
}

Result<void> OpenTemplate::Heading(const std::string& key, const YAML::Node& value) {
  TRY_ASSIGN(std::string text, file_.Text(value, key));
  if (key == "name" && !IsName(text)) {
    return file_.At(value, "name: \"" + text + "\" is not a name; use lower-case letters, digits, '.', '_' and '-'");
  }
  if (key == "version" && !IsVersion(text)) {
    return file_.At(value, "version: \"" + text + "\" is not a semantic version such as 1.0.0 (semver.org)");
  }
  if (key == "name") content_.set_name(std::move(text));
  if (key == "version") content_.set_version(std::move(text));
  if (key == "description") content_.set_description(std::move(text));
  return {};
}

Result<void> OpenTemplate::CheckItself() const {
  std::map<std::string, std::string> values{
      {"application", content_.name()}, {"version", content_.version()}, {"variant", content_.name()}};
  for (const auto& [name, parameter] : declared_.by_name) values[name] = parameter.value();
  Parameters parameters(std::move(values));
  TRY_ASSIGN(Rendered rendered, RenderTemplate(file_, node_, parameters, {}));
  std::set<std::string> used;
  const std::map<std::string, v1::ArtifactRef> refs(content_.artifacts().begin(), content_.artifacts().end());
  TRY(PlaceArtifacts(file_, rendered.lines, refs, rendered.model, used));
  std::string text;
  for (const std::string& problem : LocatedProblems(file_, rendered)) text += (text.empty() ? "" : "\n") + problem;
  if (!text.empty()) return Error{Code::kInvalid, std::move(text)};
  // Which artifact is used may depend on parameters.
  return CheckUse(file_, declared_.nodes, parameters.used(), declared_.nodes.empty() ? artifacts_ : ArtifactTable{},
                  used);
}

Result<void> OpenTemplate::CheckParameter(const std::string& name, const std::string& value) const {
  if (const auto found = declared_.by_name.find(name); found != declared_.by_name.end()) {
    return CheckParameterValue(found->second, value).While(Name());
  }
  std::vector<std::string_view> known;
  for (const auto& [other, ignored] : declared_.by_name) known.push_back(other);
  std::string problem = Name() + " has no parameter \"" + name + "\"" + DidYouMean(name, known);
  if (NearestWord(name, known).empty()) {
    problem += known.empty() ? "; it has none" : "; it has";
    for (std::size_t i = 0; i < known.size(); ++i) problem += (i == 0 ? " " : ", ") + std::string(known[i]);
  }
  return Error{Code::kInvalid, std::move(problem)};
}

Result<void> OpenTemplate::CheckComplete(const std::map<std::string, std::string>& given) const {
  for (const auto& [name, parameter] : declared_.by_name) {
    if (!parameter.mandatory() || given.contains(name)) continue;
    return Error{Code::kInvalid, "parameter \"" + name + "\" has no value, and " + Name() +
                                     " has no default for it; give it one, such as \"" + parameter.value() + "\""};
  }
  return {};
}

std::set<std::string> OpenTemplate::Places() const {
  std::set<std::string> places;
  for (const char* section : {"hosts", "components"}) {
    const YAML::Node entries = node_[section];
    for (const auto& entry : entries) places.insert(entry.first.Scalar());
  }
  return places;
}

Result<void> OpenTemplate::CheckWithout(const std::string& name) const {
  const std::set<std::string> places = Places();
  if (places.contains(name)) return {};
  return Error{Code::kInvalid, "without names \"" + name + "\", which is not in " + Name() +
                                   DidYouMean(name, {places.begin(), places.end()})};
}

Result<Rendered> OpenTemplate::Fill(const Filling& filling) const {
  for (const auto& [name, value] : filling.parameters) TRY(CheckParameter(name, value));
  TRY(CheckComplete(filling.parameters));
  std::map<std::string, std::string> values = filling.parameters;
  for (const auto& [name, parameter] : declared_.by_name) values.emplace(name, parameter.value());
  values["application"] = filling.application;
  values["version"] = filling.version;
  values["variant"] = filling.variant;
  Parameters parameters(std::move(values));
  return file_.Guarded<Rendered>([&]() -> Result<Rendered> {
    for (const std::string& name : filling.without) TRY(CheckWithout(name));
    return RenderTemplate(file_, node_, parameters, filling.without);
  });
}

Result<v1::DeploymentModel> OpenTemplate::Model(const Filling& filling) const {
  TRY_ASSIGN(Rendered rendered, Fill(filling));
  const std::map<std::string, v1::ArtifactRef> refs(content_.artifacts().begin(), content_.artifacts().end());
  std::set<std::string> used;
  TRY(PlaceArtifacts(file_, rendered.lines, refs, rendered.model, used));
  std::string text;
  for (const std::string& problem : LocatedProblems(file_, rendered)) text += (text.empty() ? "" : "\n") + problem;
  if (!text.empty()) return Error{Code::kInvalid, std::move(text)};
  return std::move(rendered.model);
}

}  // namespace motley
