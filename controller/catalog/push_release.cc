// Catalog: releases.
#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/fleet/release_application.h"
#include "common/log/log.h"
#include "common/release/release.h"
#include "controller/catalog/catalog.h"
#include "controller/catalog/stable_bytes.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

std::string NameOf(const v1::Release& release) { return "release " + release.application() + " " + release.version(); }

}  // namespace

Result<v1::Release> Catalog::PushRelease(v1::Release release) {
  release.clear_created_at();
  TRY(ValidateRelease(release));
  TRY(ApplicationOf(release, "rules").While(NameOf(release)));
  const std::string content_digest = Sha256(StableBytes(release));
  TRY_ASSIGN(const auto present, store_.releases().ContentDigest(release.application(), release.version()));
  if (present) {
    if (*present == content_digest) return Release(release.application(), release.version());
    return Error{Code::kConflict, NameOf(release) + " exists with other content; choose another version"};
  }
  TRY(CheckDeleted("release", release.application(), release.version(), content_digest));
  for (const v1::ArtifactRef& wanted : release.artifacts()) {
    TRY(CheckArtifact(wanted, "release").While(NameOf(release)));
  }
  TRY(CheckOrigins(release).While(NameOf(release)));
  std::vector<v1::ArtifactRef> bundles;
  for (const v1::Variant& variant : release.variants()) {
    const std::string name = release.application() + "-" + release.version() + "-" + variant.name() + ".bundle";
    TRY_ASSIGN(auto bundle, AddBundle(StableBytes(variant.model()), name).While(NameOf(release)));
    bundles.push_back(std::move(bundle));
  }
  const std::int64_t now = WallMicros(loop_);
  *release.mutable_created_at() = FromMicros(now);
  TRY(store_.releases().InsertRelease(release, content_digest, bundles, now));
  LogInfo("{} is stored, with {} variants", NameOf(release), bundles.size());
  return release;
}

Result<void> Catalog::CheckArtifact(const v1::ArtifactRef& wanted, std::string_view owner) const {
  TRY_ASSIGN(const auto present, Find(wanted.digest()).While("artifact \"" + wanted.name() + "\""));
  if (present.size_bytes() == wanted.size_bytes()) return {};
  return Error{Code::kInvalid, "artifact \"" + wanted.name() + "\" (" + wanted.digest() + ") has " +
                                   std::to_string(present.size_bytes()) + " bytes, and the " + std::string(owner) +
                                   " says " + std::to_string(wanted.size_bytes()) + "; correct its size_bytes"};
}

Result<v1::ArtifactRef> Catalog::AddBundle(const std::string& bytes, const std::string& name) {
  v1::ArtifactRef bundle;
  bundle.set_digest(Sha256(bytes));
  bundle.set_size_bytes(bytes.size());
  bundle.set_name(name);
  const std::string file = incoming_folder_ + "/bundle-" + bundle.digest().substr(std::string_view("sha256:").size());
  TRY(WriteFileAtomically(file, bytes, 0644));
  return TakeOver(file, bundle, Origin::kBundle);
}

Result<v1::ReleaseList> Catalog::Releases(const std::string& application) const {
  return store_.releases().ListReleases(application);
}

Result<v1::Release> Catalog::Release(const std::string& application, const std::string& version) const {
  TRY_ASSIGN(auto release, store_.releases().FindRelease(application, version));
  if (!release) {
    return Error{Code::kNotFound, "there is no release " + application + " " + version + "; see `motley release list`"};
  }
  return *std::move(release);
}

Result<std::string> Catalog::ContentDigest(const std::string& application, const std::string& version) const {
  TRY_ASSIGN(auto digest, store_.releases().ContentDigest(application, version));
  if (!digest) return Release(application, version).error();
  return *std::move(digest);
}

Result<std::vector<v1::ArtifactRef>> Catalog::Bundles(const std::string& application,
                                                      const std::string& version) const {
  return store_.releases().Bundles(application, version);
}

}  // namespace motley::controller
