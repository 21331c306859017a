#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/loop/loop.h"
#include "controller/store/store.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// Artifacts by their digests, and immutable templates, variants and releases made of them. Files are written once and
/// never changed:
/// `<folder>/ab/<hex>`. Loop thread only.
class Catalog {
 public:
  /// Makes the folders, and removes temporary files that a killed process has left. Errors: as SystemError.
  static Result<std::unique_ptr<Catalog>> Create(Loop& loop, Store& store, const std::string& folder);

  /// Where files that are to be added are written first: on the file system of the artifacts.
  const std::string& incoming_folder() const { return incoming_folder_; }
  /// Where the files of artifacts are: "ab/<hex>".
  const std::string& folder() const { return folder_; }
  /// Where the file of an artifact is, or would be. `digest` is one.
  std::string FileOf(std::string_view digest) const;

  /// Takes over `file`, which is synced, holds `size_bytes` bytes and really has `digest`; it is gone after an error
  /// too. Bytes that are there already are fine, and keep the first name that they were pushed with. Errors: kInvalid
  /// (digest, name), as SystemError and Database.
  Result<v1::ArtifactRef> Add(const std::string& file, const std::string& digest, std::uint64_t size_bytes,
                              const std::string& name);
  /// Errors: kInvalid (not a digest), kNotFound.
  Result<v1::ArtifactRef> Find(const std::string& digest) const;
  /// As Find, for somebody who counts on it from now on: it is not collected for a while.
  Result<v1::ArtifactRef> Use(const std::string& digest);
  /// The file of an artifact. Errors: kInvalid (not a digest), kNotFound.
  Result<std::string> PathOf(const std::string& digest) const;
  /// What people pushed, newest first: without the bundles of releases.
  Result<v1::ArtifactList> List() const;

  /// Stores a release, and each variant's deployment model as an artifact. The same release again is fine. What is
  /// stored, with `created_at`. Errors: kInvalid (the release, its rules), kNotFound (artifacts that are not in the
  /// catalogue), kConflict (same application and version, other content).
  Result<v1::Release> PushRelease(v1::Release release);
  /// Newest first, without `source` and models; empty `application`: all.
  Result<v1::ReleaseList> Releases(const std::string& application) const;
  /// Errors: kNotFound.
  Result<v1::Release> Release(const std::string& application, const std::string& version) const;
  /// Equal for equal releases. Errors: kNotFound.
  Result<std::string> ContentDigest(const std::string& application, const std::string& version) const;
  /// Deletes one that nobody needs, which the caller has found out. The same can be pushed again, another with its name
  /// and version can not. Errors: kNotFound.
  Result<void> DeleteRelease(const std::string& application, const std::string& version);
  /// Stores a template; what is stored, with what its source says. The same again is fine. Errors: kInvalid (the
  /// template), kNotFound (artifacts that are not in the catalogue), kConflict (same name and version, other content;
  /// it says what differs).
  Result<v1::Template> PushTemplate(const v1::Template& pushed);
  /// Newest first, without `source`.
  Result<v1::TemplateList> Templates() const;
  /// Errors: kNotFound, with what there is instead.
  Result<v1::Template> Template(const std::string& name, const std::string& version) const;
  /// As DeleteRelease. Errors: kNotFound, kConflict (what is made of it).
  Result<void> DeleteTemplate(const std::string& name, const std::string& version);
  /// As PushTemplate; kNotFound: its template.
  Result<v1::TemplateVariant> PushVariant(const v1::TemplateVariant& pushed);
  /// Newest first, without `source` and models.
  Result<v1::TemplateVariantList> Variants() const;
  /// Errors: kNotFound, with what there is instead.
  Result<v1::TemplateVariant> Variant(const std::string& name, const std::string& version) const;
  /// As DeleteRelease. Errors: kNotFound, kConflict (releases that use it).
  Result<void> DeleteVariant(const std::string& name, const std::string& version);

  /// The artifact with the serialized deployment model, one for each variant in its order.
  Result<std::vector<v1::ArtifactRef>> Bundles(const std::string& application, const std::string& version) const;

 private:
  Catalog(Loop& loop, Store& store, std::string folder);
  /// Whether it is there with that size; `owner` has it so.
  Result<void> CheckArtifact(const v1::ArtifactRef& wanted, std::string_view owner) const;
  /// Whether the variants of a release are what the stored ones make that they come from.
  Result<void> CheckOrigins(const v1::Release& release) const;
  /// Whether something else with this name and version was deleted. Errors: kConflict, as Database.
  Result<void> CheckDeleted(std::string_view kind, const std::string& name, const std::string& version,
                            std::string_view content_digest) const;
  /// As Add.
  Result<v1::ArtifactRef> TakeOver(const std::string& file, const v1::ArtifactRef& artifact, Origin origin);
  Result<void> Move(const std::string& file, const v1::ArtifactRef& artifact, Origin origin);
  Result<v1::ArtifactRef> AddBundle(const std::string& bytes, const std::string& name);

  Loop& loop_;
  Store& store_;
  const std::string folder_;
  const std::string incoming_folder_;
};

}  // namespace motley::controller
