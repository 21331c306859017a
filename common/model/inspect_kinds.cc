#include <map>
#include <set>
#include <utility>

#include "common/crypto/digest.h"
#include "common/model/inspection.h"
#include "common/model/json_object.h"
#include "common/model/model.h"
#include "common/model/text_forms.h"

namespace motley {
namespace {

constexpr std::uint32_t kMaxMode = 07777;
constexpr std::size_t kMaxConfigBytes = 256 * 1024;
constexpr char kPathRule[] = "\"; use an absolute one without \".\", \"..\" and double slashes";

void InspectProcess(const v1::ProcessSpec& process, const std::string& place, Problems& problems) {
  if (process.has_artifact()) {
    InspectArtifact(process.artifact(), place, problems);
  } else if (process.command_size() == 0 || process.command(0).empty()) {
    problems.Add(place, "has neither an artifact nor a command");
  }
  InspectTexts(process.command(), "an argument", place, problems);
  InspectEnvironment(process.environment(), place, problems);
}

void InspectFile(const v1::FileSpec& file, const std::string& place, Problems& problems) {
  if (!IsNormalisedPath(file.path())) problems.Add(place, "has the path \"" + file.path() + kPathRule);
  if (file.mode() > kMaxMode) problems.Add(place, "has a mode above 07777; use permission bits, as in 0644");
  for (const auto& [key, account] : {std::pair("owner", &file.owner()), std::pair("group", &file.group())}) {
    if (account->empty() || IsAccount(*account)) continue;
    problems.Add(place,
                 std::string("has the ") + key + " \"" + *account + "\"; give a name, or a number up to 4294967294");
  }
  if (file.has_artifact()) InspectArtifact(file.artifact(), place, problems);
  if (file.source_case() == v1::FileSpec::SOURCE_NOT_SET) {
    problems.Add(place, "has neither content nor an artifact");
  }
}

void InspectScript(const v1::ScriptSpec& script, const std::string& place, Problems& problems) {
  if (script.has_artifact()) InspectArtifact(script.artifact(), place, problems);
  if (!script.has_artifact() && script.apply().empty()) problems.Add(place, "has neither a script nor an artifact");
  InspectEnvironment(script.environment(), place, problems);
}

void InspectFirmware(const v1::FirmwareSpec& firmware, const std::string& place, Problems& problems) {
  InspectArtifact(firmware.image(), place, problems);
  if (firmware.version().empty()) {
    problems.Add(place, "has no version; give the one that the board says in its hello line");
  }
}

void InspectArchive(const v1::ArchiveSpec& archive, const std::string& place, Problems& problems) {
  InspectArtifact(archive.archive(), place, problems);
  if (!IsNormalisedPath(archive.path())) {
    problems.Add(place, "has the path \"" + archive.path() + kPathRule);
  } else if (archive.path().rfind('/') == 0) {
    problems.Add(place,
                 "would replace all of " + archive.path() + "; use a folder of its own below it, as in /opt/app");
  }
}

void InspectPackage(const v1::PackageSpec& package, const std::string& place, Problems& problems) {
  if (!IsPackageName(package.package())) {
    problems.Add(place, "has the package \"" + package.package() +
                            "\", which is no Debian package's name; use lower-case letters, digits, '+', '-' and '.'");
  }
  if (!package.version().empty() && !IsPackageVersion(package.version())) {
    problems.Add(place, "has the package version \"" + package.version() +
                            "\"; write it as dpkg does, as in 1:2.36-9, or leave it out for the newest");
  }
  if (package.has_deb()) InspectArtifact(package.deb(), place, problems);
}

void InspectPlugin(const v1::PluginSpec& plugin, const std::string& place, Problems& problems) {
  if (!IsName(plugin.plugin())) {
    problems.Add(place, "has the plugin \"" + plugin.plugin() + "\"; give the name of one, as in ansible");
  }
  if (plugin.config().size() > kMaxConfigBytes) {
    problems.Add(place, "has a config of more than 256 KiB; put what is large into an artifact");
  } else if (!IsJsonObject(plugin.config())) {
    problems.Add(place, "has a config that is not a JSON object; write {} for none");
  }
  std::set<std::string_view> names;
  for (const v1::ArtifactRef& artifact : plugin.artifacts()) {
    InspectArtifact(artifact, place, problems);
    if (!names.insert(artifact.name()).second) {
      problems.Add(place, "has two artifacts called \"" + artifact.name() + "\"; give one of them another name");
    }
  }
}

void InspectKind(const v1::Component& component, Problems& problems) {
  const std::string place = Place(component);
  switch (component.kind_case()) {
    case v1::Component::kProcess:
      return InspectProcess(component.process(), place, problems);
    case v1::Component::kFile:
      return InspectFile(component.file(), place, problems);
    case v1::Component::kScript:
      return InspectScript(component.script(), place, problems);
    case v1::Component::kFirmware:
      return InspectFirmware(component.firmware(), place, problems);
    case v1::Component::kContainer:
      return InspectContainer(component.container(), place, problems);
    case v1::Component::kArchive:
      return InspectArchive(component.archive(), place, problems);
    case v1::Component::kPackage:
      return InspectPackage(component.package(), place, problems);
    case v1::Component::kPlugin:
      return InspectPlugin(component.plugin(), place, problems);
    case v1::Component::KIND_NOT_SET: {
      std::string kinds;
      for (const std::string_view kind : KindNames()) kinds += (kinds.empty() ? "" : ", ") + std::string(kind);
      problems.Add(place, "has no kind that this version knows; use one of " + kinds);
    }
  }
}

}  // namespace

void InspectKinds(const ModelIndex& index, Problems& problems) {
  for (const v1::Component& component : index.model().components()) InspectKind(component, problems);
}

void InspectArtifact(const v1::ArtifactRef& artifact, const std::string& place, Problems& problems) {
  if (!IsDigest(artifact.digest())) {
    problems.Add(place,
                 "names an artifact by \"" + artifact.digest() + "\", which is not sha256: and 64 hexadecimal digits");
  }
  // It becomes the name of a file.
  if (!IsFileName(artifact.name())) {
    problems.Add(place, "has an artifact called \"" + artifact.name() + "\"; a name is one of a file, without folders");
  }
}

void InspectEnvironment(const google::protobuf::Map<std::string, std::string>& environment, const std::string& place,
                        Problems& problems) {
  const std::map<std::string, std::string> sorted(environment.begin(), environment.end());
  for (const auto& [name, value] : sorted) {
    if (name.empty() || name.find_first_of(std::string("=\0", 2)) != std::string::npos) {
      problems.Add(place, "has an environment variable named \"" + name + "\"; a name is not empty and has no '='");
    }
    if (value.find('\0') != std::string::npos) {
      problems.Add(place, "has a NUL character in the environment variable \"" + name + "\"; remove it");
    }
  }
}

void InspectTexts(const google::protobuf::RepeatedPtrField<std::string>& texts, const char* what,
                  const std::string& place, Problems& problems) {
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos) {
      problems.Add(place, std::string("has ") + what + " with a NUL character; remove it");
    }
  }
}

}  // namespace motley
