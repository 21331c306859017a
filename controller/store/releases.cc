#include "controller/store/releases.h"

#include <algorithm>
#include <utility>

#include "controller/store/artifact_use.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

v1::Release SummaryOf(const v1::Release& release) {
  v1::Release summary = release;
  summary.clear_source();
  for (v1::Variant& variant : *summary.mutable_variants()) variant.clear_model();
  return summary;
}

}  // namespace

Result<void> ReleaseStore::PutArtifact(const v1::ArtifactRef& artifact, Origin origin, std::int64_t now_us) {
  return database_.Run(
      "INSERT INTO artifact (digest, size_bytes, name, created_us, pushed, used_us) VALUES (?1, ?2, ?3, ?4, ?5, ?4)"
      " ON CONFLICT (digest) DO UPDATE SET used_us = excluded.used_us, pushed = max(pushed, excluded.pushed),"
      " name = CASE WHEN excluded.pushed > pushed THEN excluded.name ELSE name END,"
      " created_us = CASE WHEN excluded.pushed > pushed THEN excluded.created_us ELSE created_us END",
      {artifact.digest(), Signed(artifact.size_bytes()), artifact.name(), now_us,
       std::int64_t{origin == Origin::kPushed ? 1 : 0}});
}

Result<std::optional<v1::ArtifactRef>> ReleaseStore::FindArtifact(std::string_view digest) {
  std::optional<v1::ArtifactRef> artifact;
  TRY(database_.Query("SELECT digest, size_bytes, name FROM artifact WHERE digest = ?", {digest},
                      [&](const SqlRow& row) { artifact = ArtifactOf(row); }));
  return artifact;
}

Result<v1::ArtifactList> ReleaseStore::ListArtifacts() {
  v1::ArtifactList list;
  TRY(
      database_.Query("SELECT digest, size_bytes, name, created_us FROM artifact WHERE pushed = 1"
                      " ORDER BY created_us DESC, rowid DESC",
                      {}, [&](const SqlRow& row) {
                        auto* artifact = list.add_artifacts();
                        *artifact->mutable_ref() = ArtifactOf(row);
                        *artifact->mutable_created_at() = FromMicros(row.Int(3));
                      }));
  return list;
}

Result<void> ReleaseStore::InsertRelease(const v1::Release& release, std::string_view content_digest,
                                         const std::vector<v1::ArtifactRef>& bundles, std::int64_t now_us) {
  const std::string summary = SummaryOf(release).SerializeAsString();
  const std::string content = release.SerializeAsString();
  return database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run(
        "INSERT INTO release (application, version, content_digest, summary, content) VALUES (?, ?, ?, ?, ?)",
        {release.application(), release.version(), content_digest, Blob{summary}, Blob{content}}));
    const std::int64_t number = database_.LastInsertId();
    for (std::size_t i = 0; i < bundles.size(); ++i) {
      TRY(PutArtifact(bundles[i], Origin::kBundle, now_us));
      TRY(database_.Run("INSERT INTO bundle VALUES (?, ?, ?)",
                        {number, static_cast<std::int64_t>(i), bundles[i].digest()}));
    }
    for (const v1::Variant& variant : release.variants()) TRY(InsertUse(number, variant));
    return IndexArtifactsOf(database_, number, release);
  });
}

Result<void> ReleaseStore::DeleteRelease(std::string_view application, std::string_view version) {
  return database_.Atomically([&]() -> Result<void> {
    for (const char* sql : {"DELETE FROM bundle WHERE release ", "DELETE FROM release_template WHERE release ",
                            "DELETE FROM release_variant WHERE release ", "DELETE FROM release WHERE number "}) {
      TRY(database_.Run(std::string(sql) + "= (SELECT number FROM release WHERE application = ? AND version = ?)",
                        {application, version}));
    }
    return {};
  });
}

Result<void> ReleaseStore::InsertUse(std::int64_t release, const v1::Variant& variant) {
  // NAME@VERSION; "@" is in no name.
  const auto split = [](const std::string& text) {
    const std::size_t at = std::min(text.find('@'), text.size());
    return std::pair(text.substr(0, at), text.substr(std::min(at + 1, text.size())));
  };
  const auto [template_name, template_version] = split(variant.from_template());
  TRY(database_.Run(
      "INSERT OR IGNORE INTO release_template SELECT ?, number FROM template WHERE name = ? AND version = ?",
      {release, template_name, template_version}));
  const auto [variant_name, variant_version] = split(variant.from_variant());
  return database_.Run(
      "INSERT OR IGNORE INTO release_variant SELECT ?, number FROM variant WHERE name = ? AND version = ?",
      {release, variant_name, variant_version});
}

Result<std::optional<std::string>> ReleaseStore::ContentDigest(std::string_view application, std::string_view version) {
  std::optional<std::string> digest;
  TRY(database_.Query("SELECT content_digest FROM release WHERE application = ? AND version = ?",
                      {application, version}, [&](const SqlRow& row) { digest = row.Text(0); }));
  return digest;
}

Result<std::optional<v1::Release>> ReleaseStore::FindRelease(std::string_view application, std::string_view version) {
  std::optional<v1::Release> release;
  FirstError error;
  TRY(database_.Query("SELECT content FROM release WHERE application = ? AND version = ?", {application, version},
                      [&](const SqlRow& row) { error.Add(ParseColumn(row, 0, "release", release.emplace())); }));
  TRY(std::move(error).Take());
  return release;
}

Result<std::vector<v1::ArtifactRef>> ReleaseStore::Bundles(std::string_view application, std::string_view version) {
  std::vector<v1::ArtifactRef> bundles;
  TRY(database_.Query(
      "SELECT a.digest, a.size_bytes, a.name FROM release AS r JOIN bundle AS b ON b.release = r.number"
      " JOIN artifact AS a ON a.digest = b.digest WHERE r.application = ? AND r.version = ? ORDER BY b.position",
      {application, version}, [&](const SqlRow& row) { bundles.push_back(ArtifactOf(row)); }));
  return bundles;
}

Result<v1::ReleaseList> ReleaseStore::ListReleases(std::string_view application) {
  v1::ReleaseList list;
  FirstError error;
  TRY(database_.Query("SELECT summary FROM release WHERE ?1 = '' OR application = ?1 ORDER BY number DESC",
                      {application},
                      [&](const SqlRow& row) { error.Add(ParseColumn(row, 0, "release", *list.add_releases())); }));
  TRY(std::move(error).Take());
  return list;
}

}  // namespace motley::controller
