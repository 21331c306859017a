#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql/database.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// Where an artifact comes from.
enum class Origin {
  kBundle,  ///< Made here, from a variant of a release.
  kPushed,  ///< Somebody pushed it.
};

/// Which artifacts there are and which releases. Loop thread only. Errors of all calls: as Database.
class ReleaseStore {
 public:
  explicit ReleaseStore(Database& database) : database_(database) {}

  /// The one that is there already stays; one that was only a bundle becomes what was pushed.
  Result<void> PutArtifact(const v1::ArtifactRef& artifact, Origin origin, std::int64_t now_us);
  Result<std::optional<v1::ArtifactRef>> FindArtifact(std::string_view digest);
  /// Newest first, without bundles that nobody pushed.
  Result<v1::ArtifactList> ListArtifacts();

  /// `bundles` has one for each variant; the templates and variants that it comes from are there. Errors: kConflict
  /// (application and version exist).
  Result<void> InsertRelease(const v1::Release& release, std::string_view content_digest,
                             const std::vector<v1::ArtifactRef>& bundles, std::int64_t now_us);
  /// Nothing for a release that is not there.
  Result<std::optional<std::string>> ContentDigest(std::string_view application, std::string_view version);
  Result<std::optional<v1::Release>> FindRelease(std::string_view application, std::string_view version);
  /// One for each variant, in its order.
  Result<std::vector<v1::ArtifactRef>> Bundles(std::string_view application, std::string_view version);
  /// Newest first, without `source` and models; empty `application`: all.
  Result<v1::ReleaseList> ListReleases(std::string_view application);

 private:
  Result<void> InsertUse(std::int64_t release, const v1::Variant& variant);

  Database& database_;
};

}  // namespace motley::controller
