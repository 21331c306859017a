#include "controller/store/artifact_use.h"

#include "controller/store/column.h"
#include "controller/store/releases.h"

namespace motley::controller {
namespace {

/// Notes that row `owner` of a table needs an artifact that is there.
constexpr char kReleaseNeeds[] =
    "INSERT OR IGNORE INTO release_artifact SELECT ?, digest FROM artifact WHERE digest = ?";
constexpr char kTemplateNeeds[] =
    "INSERT OR IGNORE INTO template_artifact SELECT ?, digest FROM artifact WHERE digest = ?";

template <typename Message>
Result<void> IndexTable(Database& database, const char* query, const char* what) {
  std::vector<std::pair<std::int64_t, Message>> rows;
  FirstError error;
  TRY(database.Query(query, {}, [&](const SqlRow& row) {
    error.Add(ParseColumn(row, 1, what, rows.emplace_back(row.Int(0), Message()).second));
  }));
  TRY(std::move(error).Take());
  for (const auto& [number, message] : rows) TRY(IndexArtifactsOf(database, number, message));
  return {};
}

}  // namespace

v1::ArtifactRef ArtifactOf(const SqlRow& row) {
  v1::ArtifactRef artifact;
  artifact.set_digest(row.Text(0));
  artifact.set_size_bytes(Unsigned(row.Int(1)));
  artifact.set_name(row.Text(2));
  return artifact;
}

Result<void> IndexArtifactsOf(Database& database, std::int64_t number, const v1::Release& release) {
  for (const v1::ArtifactRef& artifact : release.artifacts()) {
    TRY(database.Run(kReleaseNeeds, {number, artifact.digest()}));
  }
  return database.Run("UPDATE release SET indexed = 1 WHERE number = ?", {number});
}

Result<void> IndexArtifactsOf(Database& database, std::int64_t number, const v1::Template& content) {
  for (const auto& [name, artifact] : content.artifacts()) {
    TRY(database.Run(kTemplateNeeds, {number, artifact.digest()}));
  }
  return database.Run("UPDATE template SET indexed = 1 WHERE number = ?", {number});
}

Result<void> IndexArtifacts(Database& database) {
  return database.Atomically([&]() -> Result<void> {
    TRY(IndexTable<v1::Release>(database, "SELECT number, summary FROM release WHERE indexed = 0", "release"));
    return IndexTable<v1::Template>(database, "SELECT number, summary FROM template WHERE indexed = 0", "template");
  });
}

Result<void> ReleaseStore::UseArtifact(std::string_view digest, std::int64_t now_us) {
  return database_.Run("UPDATE artifact SET used_us = ? WHERE digest = ? AND used_us < ?",
                       {now_us, digest, now_us - kUsePrecisionUs});
}

Result<std::vector<v1::ArtifactRef>> ReleaseStore::UnusedArtifacts(std::int64_t before_us, std::int64_t max_rows,
                                                                   std::string* after) {
  std::vector<v1::ArtifactRef> unused;
  std::string last;
  TRY(
      database_.Query("SELECT a.digest, a.size_bytes, a.name, a.used_us < ?2"
                      " AND NOT EXISTS (SELECT 1 FROM bundle WHERE digest = a.digest)"
                      " AND NOT EXISTS (SELECT 1 FROM release_artifact WHERE digest = a.digest)"
                      " AND NOT EXISTS (SELECT 1 FROM template_artifact WHERE digest = a.digest)"
                      " FROM artifact AS a WHERE a.digest > ?1 ORDER BY a.digest LIMIT ?3",
                      {*after, before_us, max_rows}, [&](const SqlRow& row) {
                        last = row.Text(0);
                        if (row.Int(3) != 0) unused.push_back(ArtifactOf(row));
                      }));
  *after = last;
  return unused;
}

Result<void> ReleaseStore::DeleteArtifacts(const std::vector<v1::ArtifactRef>& artifacts) {
  if (artifacts.empty()) return {};
  return database_.Atomically([&]() -> Result<void> {
    // What refers to one stops it, by its foreign key.
    for (const v1::ArtifactRef& artifact : artifacts) {
      TRY(database_.Run("DELETE FROM artifact WHERE digest = ?", {artifact.digest()}));
    }
    return {};
  });
}

}  // namespace motley::controller
