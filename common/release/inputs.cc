#include "common/release/inputs.h"

#include "common/crypto/digest.h"
#include "common/model/model.h"

namespace motley {
namespace {

std::string BaseName(const std::string& file) {
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? file : file.substr(slash + 1);
}

Result<void> ReadArtifact(const YamlFile& file, const std::string& name, const YAML::Node& name_node,
                          const YAML::Node& node, ArtifactTable& table) {
  const std::string what = "artifact \"" + name + "\"";
  std::string path;
  bool named = false;
  v1::ArtifactRef ref;
  TRY(file.EachEntry(
      node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
        if (key != "file" && key != "digest" && key != "size_bytes" && key != "name") {
          return file.UnknownKey(key_node, key, what, {"file", "digest", "size_bytes", "name"});
        }
        TRY_ASSIGN(const std::string text, file.Text(value, what + ": " + key));
        if (key == "file") path = text;
        if (key == "name") ref.set_name(text);
        if (key == "name") named = true;
        if (key == "digest") ref.set_digest(text);
        if (key == "size_bytes") {
          TRY_ASSIGN(const std::int64_t size, file.Integer(value, text, what + ": size_bytes", 0, INT64_MAX));
          ref.set_size_bytes(static_cast<std::uint64_t>(size));
        }
        return {};
      }));
  table.nodes.emplace(name, name_node);
  if (!path.empty()) {
    if (!ref.digest().empty()) return file.At(node, what + " has a file and a digest; keep one");
    table.files.push_back({name, path, name_node.Mark().line + 1});
    return {};
  }
  if (!IsDigest(ref.digest())) {
    return file.At(node, what + " needs file: PATH, or digest: sha256:HEX and size_bytes: N of one in the catalogue");
  }
  if (!named) ref.set_name(name);
  table.known[name] = std::move(ref);
  return {};
}

/// `component "web"` of a problem that begins with it.
std::string PlaceOf(const std::string& problem) {
  const auto open = problem.find('"');
  const auto close = open == std::string::npos ? open : problem.find("\" ", open + 1);
  return close == std::string::npos ? "" : problem.substr(0, close + 1);
}

}  // namespace

std::map<std::string, v1::ArtifactRef> ArtifactTable::Refs(const std::map<std::string, v1::ArtifactRef>& local) const {
  std::map<std::string, v1::ArtifactRef> refs = known;
  for (const LocalArtifact& artifact : files) {
    v1::ArtifactRef& ref = refs[artifact.name];
    if (const auto found = local.find(artifact.name); found != local.end()) {
      ref = found->second;
    } else {
      ref.set_digest(kPlaceholderDigest);
    }
    ref.set_name(BaseName(artifact.file));
  }
  return refs;
}

Result<ArtifactTable> ReadArtifacts(const YamlFile& file, const YAML::Node& node) {
  ArtifactTable table;
  TRY(file.EachEntry(node, "artifacts",
                     [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) {
                       return ReadArtifact(file, name, name_node, value, table);
                     }));
  return table;
}

Result<ParameterTable> ReadParameters(const YamlFile& file, const YAML::Node& node) {
  ParameterTable table;
  TRY(file.EachEntry(node, "parameters",
                     [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
                       if (key.starts_with("secret.")) {
                         return file.At(key_node, "parameters: \"" + key +
                                                      "\": secrets have their values from the controller, by " +
                                                      "`motley secret set`; choose another name");
                       }
                       TRY_ASSIGN(table.values[key], file.Text(value, "parameters." + key));
                       table.nodes.emplace(key, key_node);
                       return {};
                     }));
  return table;
}

Result<void> PlaceArtifacts(const YamlFile& file, const std::map<std::string, int>& lines,
                            const std::map<std::string, v1::ArtifactRef>& refs, v1::DeploymentModel& model,
                            std::set<std::string>& used) {
  for (v1::Component& component : *model.mutable_components()) {
    for (v1::ArtifactRef* artifact : MutableArtifactsOf(component)) {
      const auto ref = refs.find(artifact->name());
      if (ref == refs.end()) {
        const std::string place = "component \"" + component.name() + "\"";
        const auto line = lines.find(place);
        return file.AtLine(line == lines.end() ? 1 : line->second,
                           place + " wants artifact \"" + artifact->name() + "\", which is not under artifacts");
      }
      used.insert(ref->first);
      *artifact = ref->second;
    }
  }
  return {};
}

std::vector<std::string> LocatedProblems(const YamlFile& file, const Rendered& rendered) {
  std::vector<std::string> problems = ProblemsOf(rendered.model);
  for (std::string& problem : problems) {
    const auto line = rendered.lines.find(PlaceOf(problem));
    problem = file.AtLine(line == rendered.lines.end() ? 1 : line->second, problem).message;
  }
  return problems;
}

Result<void> CheckUse(const YamlFile& file, const std::map<std::string, YAML::Node>& parameters,
                      const std::set<std::string>& used_parameters, const ArtifactTable& artifacts,
                      const std::set<std::string>& used_artifacts) {
  for (const auto& [name, node] : parameters) {
    if (!used_parameters.contains(name)) {
      return file.At(
          node, "parameter \"" + name + "\" is not used in the template; remove it, or write ${" + name + "} there");
    }
  }
  for (const auto& [name, node] : artifacts.nodes) {
    if (!used_artifacts.contains(name)) {
      return file.At(node, "artifact \"" + name + "\" is not used in the template; remove it");
    }
  }
  return {};
}

}  // namespace motley
