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

/// When an artifact was used is kept no finer than this, so that asking for it often writes seldom.
inline constexpr std::int64_t kUsePrecisionUs = std::int64_t{600} * 1'000'000;

/// Which artifacts there are and which releases. Loop thread only. Errors of all calls: as Database.
class ReleaseStore {
 public:
  explicit ReleaseStore(Database& database) : database_(database) {}

  /// The one that is there already stays; one that was only a bundle becomes what was pushed.
  Result<void> PutArtifact(const v1::ArtifactRef& artifact, Origin origin, std::int64_t now_us);
  Result<std::optional<v1::ArtifactRef>> FindArtifact(std::string_view digest);
  /// Newest first, without bundles that nobody pushed.
  Result<v1::ArtifactList> ListArtifacts();
  /// Somebody has asked for it, and may count on it for a while.
  Result<void> UseArtifact(std::string_view digest, std::int64_t now_us);
  /// Looks at `max_rows` artifacts after the digest `*after`, which is moved forward and empty after the last. Those of
  /// them that no release and no template needs, and that nobody has pushed or asked for since `before_us`.
  Result<std::vector<v1::ArtifactRef>> UnusedArtifacts(std::int64_t before_us, std::int64_t max_rows,
                                                       std::string* after);
  /// All or none. Errors: kConflict (a release or a template needs one).
  Result<void> DeleteArtifacts(const std::vector<v1::ArtifactRef>& artifacts);

  /// `bundles` has one for each variant; the templates and variants that it comes from are there. Errors: kConflict
  /// (application and version exist).
  Result<void> InsertRelease(const v1::Release& release, std::string_view content_digest,
                             const std::vector<v1::ArtifactRef>& bundles, std::int64_t now_us);
  /// Its artifacts and bundles stay, and are in nobody's use now.
  Result<void> DeleteRelease(std::string_view application, std::string_view version);
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
