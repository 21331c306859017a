#include "common/model/model.h"

#include <array>

#include "common/model/inspection.h"

namespace motley {
namespace {

constexpr std::size_t kMaxNameBytes = 63;
constexpr int kMaxHosts = 1000;
constexpr int kMaxComponents = 1000;
constexpr int kMaxLinks = 10'000;
/// In the order of the oneof, whose numbers follow one another.
constexpr std::array<std::string_view, 8> kKinds{"process",   "file",    "script",  "firmware",
                                                 "container", "archive", "package", "plugin"};
static_assert(v1::Component::kPlugin - v1::Component::kProcess + 1 == kKinds.size());

void InspectSize(const char* what, int size, int most, Problems& problems) {
  if (size <= most) return;
  problems.Add("the model",
               "has " + std::to_string(size) + " " + what + "; at most " + std::to_string(most) + " are possible");
}

}  // namespace

bool IsName(std::string_view text) {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view kRest = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= kMaxNameBytes && kFirst.find(text.front()) != std::string_view::npos &&
         text.find_first_not_of(kRest) == std::string_view::npos;
}

std::vector<std::string> ProblemsOf(const v1::DeploymentModel& model) {
  Problems problems;
  InspectSize("hosts", model.hosts_size(), kMaxHosts, problems);
  InspectSize("components", model.components_size(), kMaxComponents, problems);
  InspectSize("links", model.links_size(), kMaxLinks, problems);
  if (std::vector<std::string> too_large = problems.Take(); !too_large.empty()) return too_large;
  const ModelIndex index(model);
  InspectNames(index, problems);
  InspectHosts(index, problems);
  InspectHosting(index, problems);
  InspectKinds(index, problems);
  InspectExtras(index, problems);
  InspectPorts(index, problems);
  InspectSharing(index, problems);
  InspectOrder(index, problems);
  return problems.Take();
}

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
