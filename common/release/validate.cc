#include <map>
#include <set>

#include "common/model/model.h"
#include "common/model/version.h"
#include "common/release/release.h"
#include "common/selector/selector.h"

namespace motley {
namespace {

constexpr int kMaxVariants = 1000;
constexpr std::size_t kMaxSourceBytes = 1024 * 1024;
constexpr std::uint32_t kMaxPriority = 1000;

Result<void> CheckArtifacts(const v1::Release& release, const v1::Variant& variant) {
  std::map<std::string, std::uint64_t> listed;
  for (const v1::ArtifactRef& artifact : release.artifacts()) listed[artifact.digest()] = artifact.size_bytes();
  for (const v1::Component& component : variant.model().components()) {
    for (const v1::ArtifactRef* artifact : ArtifactsOf(component)) {
      const std::string what = "component \"" + component.name() + "\": artifact " + artifact->digest();
      const auto found = listed.find(artifact->digest());
      if (found == listed.end()) return Error{Code::kInvalid, what + " is not among the artifacts of the release"};
      if (found->second != artifact->size_bytes()) {
        return Error{Code::kInvalid, what + " has " + std::to_string(artifact->size_bytes()) + " bytes here and " +
                                         std::to_string(found->second) + " among the artifacts of the release"};
      }
    }
  }
  return {};
}

Result<void> CheckVariant(const v1::Release& release, const v1::Variant& variant) {
  if (auto selector = Selector::Parse(variant.when()); !selector) return selector.error().While("when");
  TRY(CheckModel(variant.model()));
  return CheckArtifacts(release, variant);
}

}  // namespace

Result<void> ValidateRelease(const v1::Release& release) {
  const std::string what = "release " + release.application() + " " + release.version();
  if (!IsName(release.application())) {
    return Error{Code::kInvalid, "application \"" + release.application() +
                                     "\" is not a name; use lower-case letters, digits, '.', '_' and '-'"};
  }
  if (!IsVersion(release.version())) {
    return Error{Code::kInvalid, what + ": the version is not a semantic version such as 1.0.0 (semver.org)"};
  }
  if (release.variants_size() == 0) return Error{Code::kInvalid, what + " has no variant"};
  if (release.variants_size() > kMaxVariants) {
    return Error{Code::kInvalid, what + " has more than " + std::to_string(kMaxVariants) + " variants"};
  }
  if (release.source().size() > kMaxSourceBytes) return Error{Code::kInvalid, what + ": source is over 1 MiB"};
  std::set<std::string> names;
  for (const v1::Variant& variant : release.variants()) {
    const std::string place = what + ": variant \"" + variant.name() + "\"";
    if (!IsName(variant.name())) return Error{Code::kInvalid, place + " has no proper name"};
    if (!names.insert(variant.name()).second) return Error{Code::kInvalid, place + " is there twice"};
    TRY(CheckVariant(release, variant).While(place));
  }
  if (!release.fallback().empty() && !names.contains(release.fallback())) {
    return Error{Code::kInvalid, what + ": fallback \"" + release.fallback() + "\" is none of its variants"};
  }
  if (release.priority() > kMaxPriority) {
    return Error{Code::kInvalid, what + ": priority " + std::to_string(release.priority()) + " is over the limit of " +
                                     std::to_string(kMaxPriority)};
  }
  return {};
}

}  // namespace motley
