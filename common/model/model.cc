#include "common/model/model.h"

#include <array>
#include <map>
#include <set>

#include "common/crypto/digest.h"

namespace motley {
namespace {

constexpr std::size_t kMaxNameBytes = 63;
constexpr std::uint32_t kMaxMode = 07777;
constexpr int kMaxComponents = 1000;
/// In the order of the oneof, whose numbers follow one another.
constexpr std::array<std::string_view, 8> kKinds{"process",   "file",    "script",  "firmware",
                                                 "container", "archive", "package", "plugin"};
static_assert(v1::Component::kPlugin - v1::Component::kProcess + 1 == kKinds.size());

constexpr std::string_view kGateway = "gateway";

constexpr std::string_view kNameRule =
    "is not a name; use lower-case letters, digits, '.', '_' and '-', at most 63, beginning with a letter or digit";

bool IsNormalisedPath(const std::string& path) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return false;
  for (const char* wrong : {"//", "/./", "/../"}) {
    if ((path + "/").find(wrong) != std::string::npos) return false;
  }
  return path.find('\0') == std::string::npos;
}

/// Collects the problems of one model.
class Inspector {
 public:
  explicit Inspector(const v1::DeploymentModel& model) : model_(model) {}

  std::vector<std::string> Inspect() {
    if (model_.components_size() > kMaxComponents) {
      Add("the model", "has " + std::to_string(model_.components_size()) + " components; at most " +
                           std::to_string(kMaxComponents) + " are possible");
      return std::move(problems_);
    }
    for (const v1::Host& host : model_.hosts()) InspectHost(host);
    for (int i = 0; i < model_.components_size(); ++i) {
      const v1::Component& component = model_.components(i);
      if (!components_.emplace(component.name(), i).second) {
        Add(Place(component), "is there twice; give one of them another name");
      }
    }
    for (const v1::Component& component : model_.components()) InspectComponent(component);
    InspectCycles();
    return std::move(problems_);
  }

 private:
  static std::string Place(const v1::Component& component) { return "component \"" + component.name() + "\""; }

  void Add(const std::string& place, const std::string& problem) { problems_.push_back(place + " " + problem); }

  void InspectHost(const v1::Host& host) {
    const std::string place = "host \"" + host.name() + "\"";
    if (!IsName(host.name())) Add(place, std::string(kNameRule));
    if (host.name() == kGateway) Add(place, "is the gateway itself and needs no entry; choose another name");
    if (!hosts_.emplace(host.name(), &host).second) Add(place, "is there twice; give one of them another name");
    if (host.host_case() == v1::Host::HOST_NOT_SET) Add(place, "has no type; write mcu: BOARD");
    if (host.has_mcu() && host.mcu().board().empty()) Add(place, "names no type of board; write mcu: uno");
  }

  void InspectComponent(const v1::Component& component) {
    const std::string place = Place(component);
    if (!IsName(component.name())) Add(place, std::string(kNameRule));
    InspectHosting(component, place);
    for (const std::string& name : component.depends_on()) {
      if (!components_.contains(name)) Add(place, "depends on \"" + name + "\", which is not in the model");
    }
    switch (component.kind_case()) {
      case v1::Component::kProcess:
        return InspectProcess(component.process(), place);
      case v1::Component::kFile:
        return InspectFile(component.file(), place);
      case v1::Component::kScript:
        return InspectScript(component.script(), place);
      case v1::Component::kFirmware:
        return InspectFirmware(component, place);
      case v1::Component::kContainer:
      case v1::Component::kArchive:
      case v1::Component::kPackage:
      case v1::Component::kPlugin:
        return;
      case v1::Component::KIND_NOT_SET:
        Add(place, "has no kind that this version knows; use process, file, script or firmware");
    }
  }

  void InspectHosting(const v1::Component& component, const std::string& place) {
    const bool on_gateway = component.host().empty() || component.host() == kGateway;
    const auto host = hosts_.find(component.host());
    if (!on_gateway && host == hosts_.end()) {
      return Add(place, "is on host \"" + component.host() + "\", which is not in the model");
    }
    if (component.has_firmware() && (on_gateway || !host->second->has_mcu())) {
      Add(place, "is firmware and needs a host of type mcu");
    }
    if (!component.has_firmware() && !on_gateway) {
      Add(place, "can not run on host \"" + component.host() + "\": only firmware runs on an mcu");
    }
  }

  void InspectArtifact(const v1::ArtifactRef& artifact, const std::string& place) {
    if (!IsDigest(artifact.digest())) {
      Add(place, "names an artifact by \"" + artifact.digest() + "\", which is not sha256: and 64 hexadecimal digits");
    }
  }

  void InspectProcess(const v1::ProcessSpec& process, const std::string& place) {
    if (process.has_artifact()) {
      InspectArtifact(process.artifact(), place);
    } else if (process.command_size() == 0 || process.command(0).empty()) {
      Add(place, "has neither an artifact nor a command");
    }
    InspectEnvironment(process.environment(), place);
  }

  void InspectEnvironment(const google::protobuf::Map<std::string, std::string>& environment,
                          const std::string& place) {
    for (const auto& [name, value] : environment) {
      if (name.empty() || name.find_first_of(std::string("=\0", 2)) != std::string::npos) {
        Add(place, "has an environment variable named \"" + name + "\"; a name is not empty and has no '='");
      }
    }
  }

  void InspectFile(const v1::FileSpec& file, const std::string& place) {
    if (!IsNormalisedPath(file.path())) {
      Add(place, "has the path \"" + file.path() + "\"; use an absolute one without \".\", \"..\" and double slashes");
    } else if (!paths_.insert(file.path()).second) {
      Add(place, "wants the file " + file.path() + ", as another component does; give one of them another path");
    }
    if (file.mode() > kMaxMode) Add(place, "has a mode above 07777");
    if (file.has_artifact()) InspectArtifact(file.artifact(), place);
    if (file.source_case() == v1::FileSpec::SOURCE_NOT_SET) Add(place, "has neither content nor an artifact");
  }

  void InspectScript(const v1::ScriptSpec& script, const std::string& place) {
    if (script.has_artifact()) InspectArtifact(script.artifact(), place);
    if (!script.has_artifact() && script.apply().empty()) Add(place, "has neither a script nor an artifact");
    InspectEnvironment(script.environment(), place);
  }

  void InspectFirmware(const v1::Component& component, const std::string& place) {
    InspectArtifact(component.firmware().image(), place);
    if (component.firmware().version().empty()) {
      Add(place, "has no version; give the one that the board says in its hello line");
    }
    if (const auto [owner, fresh] = boards_.emplace(component.host(), component.name()); !fresh) {
      Add(place, "is on host \"" + component.host() + "\", as \"" + owner->second + "\" is; a board runs one firmware");
    }
  }

  void InspectCycles() {
    std::map<std::string, int> unmet;
    for (const v1::Component& component : model_.components()) {
      unmet[component.name()] = 0;
      for (const std::string& name : component.depends_on()) unmet[component.name()] += components_.contains(name);
    }
    bool progress = true;
    while (progress) {
      progress = false;
      for (const v1::Component& done : model_.components()) {
        const auto found = unmet.find(done.name());
        if (found == unmet.end() || found->second != 0) continue;
        unmet.erase(found);
        progress = true;
        for (const v1::Component& other : model_.components()) {
          for (const std::string& name : other.depends_on()) {
            if (name == done.name() && unmet.contains(other.name())) --unmet[other.name()];
          }
        }
      }
    }
    std::string cycle;
    for (const auto& [name, count] : unmet) cycle += (cycle.empty() ? "" : ", ") + name;
    if (!cycle.empty()) Add("the model", "has components that wait for one another: " + cycle);
  }

  const v1::DeploymentModel& model_;
  std::map<std::string, const v1::Host*> hosts_;
  std::map<std::string, int> components_;
  std::set<std::string> paths_;
  std::map<std::string, std::string> boards_;
  std::vector<std::string> problems_;
};

}  // namespace

bool IsName(std::string_view text) {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view kRest = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= kMaxNameBytes && kFirst.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of(kRest) == std::string_view::npos;
}

std::vector<std::string> ProblemsOf(const v1::DeploymentModel& model) { return Inspector(model).Inspect(); }

Result<void> CheckModel(const v1::DeploymentModel& model) {
  const std::vector<std::string> problems = ProblemsOf(model);
  if (problems.empty()) return {};
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "; ") + problem;
  return Error{Code::kInvalid, std::move(text)};
}

std::string_view KindName(const v1::Component& component) {
  if (component.kind_case() == v1::Component::KIND_NOT_SET) return "";
  return kKinds[static_cast<std::size_t>(component.kind_case() - v1::Component::kProcess)];
}

std::span<const std::string_view> KindNames() { return kKinds; }

std::vector<v1::ArtifactRef*> MutableArtifactsOf(v1::Component& component) {
  std::vector<v1::ArtifactRef*> artifacts;
  if (component.process().has_artifact()) artifacts.push_back(component.mutable_process()->mutable_artifact());
  if (component.file().has_artifact()) artifacts.push_back(component.mutable_file()->mutable_artifact());
  if (component.script().has_artifact()) artifacts.push_back(component.mutable_script()->mutable_artifact());
  if (component.firmware().has_image()) artifacts.push_back(component.mutable_firmware()->mutable_image());
  if (component.container().has_archive()) artifacts.push_back(component.mutable_container()->mutable_archive());
  if (component.archive().has_archive()) artifacts.push_back(component.mutable_archive()->mutable_archive());
  if (component.package().has_deb()) artifacts.push_back(component.mutable_package()->mutable_deb());
  if (component.has_plugin()) {
    for (v1::ArtifactRef& artifact : *component.mutable_plugin()->mutable_artifacts()) artifacts.push_back(&artifact);
  }
  if (component.health().script().has_artifact()) {
    artifacts.push_back(component.mutable_health()->mutable_script()->mutable_artifact());
  }
  return artifacts;
}

std::vector<const v1::ArtifactRef*> ArtifactsOf(const v1::Component& component) {
  // Looks, but does not write.
  const auto artifacts = MutableArtifactsOf(const_cast<v1::Component&>(component));
  return {artifacts.begin(), artifacts.end()};
}

}  // namespace motley
