#include "controller/catalog/catalog.h"

#include <filesystem>
#include <system_error>

#include "common/crypto/digest.h"
#include "common/files/files.h"
#include "common/log/log.h"

namespace motley::controller {
namespace {

constexpr std::string_view kAlgorithm = "sha256:";
constexpr std::size_t kMaxName = 255;

Result<void> CheckDigest(std::string_view digest) {
  if (IsDigest(digest)) return {};
  return Error{Code::kInvalid, "\"" + std::string(digest.substr(0, 80)) +
                                   "\" is no digest; give \"sha256:\" and 64 lower-case hexadecimal digits"};
}

void RemoveQuietly(const std::string& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

/// What was being received when an earlier process ended.
Result<void> EmptyFolder(const std::string& folder) {
  std::error_code error;
  std::size_t removed = 0;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (std::filesystem::remove_all(entry->path(), ignored) > 0) ++removed;
  }
  if (error) return SystemError("read folder " + folder, error.value());
  if (removed > 0) LogInfo("{} unfinished uploads are removed from {}", removed, folder);
  return {};
}

}  // namespace

Result<std::unique_ptr<Catalog>> Catalog::Create(Loop& loop, Store& store, const std::string& folder) {
  std::unique_ptr<Catalog> catalog(new Catalog(loop, store, folder));
  TRY(MakeFolder(catalog->incoming_folder_, 0700));
  TRY(EmptyFolder(catalog->incoming_folder_));
  return catalog;
}

Catalog::Catalog(Loop& loop, Store& store, std::string folder)
    : loop_(loop), store_(store), folder_(std::move(folder)), incoming_folder_(folder_ + "/incoming") {}

std::string Catalog::FileOf(std::string_view digest) const {
  const std::string hex(digest.substr(kAlgorithm.size()));
  return folder_ + "/" + hex.substr(0, 2) + "/" + hex;
}

Result<v1::ArtifactRef> Catalog::Add(const std::string& file, const std::string& digest, std::uint64_t size_bytes,
                                     const std::string& name) {
  v1::ArtifactRef artifact;
  artifact.set_digest(digest);
  artifact.set_size_bytes(size_bytes);
  artifact.set_name(name);
  return TakeOver(file, artifact, Origin::kPushed);
}

Result<v1::ArtifactRef> Catalog::TakeOver(const std::string& file, const v1::ArtifactRef& artifact, Origin origin) {
  if (auto moved = Move(file, artifact, origin); !moved) {
    RemoveQuietly(file);
    return std::move(moved).error();
  }
  return Find(artifact.digest());
}

Result<void> Catalog::Move(const std::string& file, const v1::ArtifactRef& artifact, Origin origin) {
  TRY(CheckDigest(artifact.digest()));
  if (artifact.name().size() > kMaxName) {
    return Error{Code::kInvalid, "the artifact's name of " + std::to_string(artifact.name().size()) +
                                     " bytes is over the limit of " + std::to_string(kMaxName) + "; shorten it"};
  }
  TRY_ASSIGN(const auto present, store_.releases().FindArtifact(artifact.digest()));
  const std::string target = FileOf(artifact.digest());
  TRY(MakeFolder(target.substr(0, target.rfind('/'))));
  // The same bytes again: renaming over them changes nothing, and heals a file that was damaged or lost.
  TRY(RenameDurably(file, target));
  auto stored = store_.releases().PutArtifact(artifact, origin, WallMicros(loop_));
  // Nobody would ever ask for it, and a full disk needs the space.
  if (!stored && !present) RemoveQuietly(target);
  return stored;
}

Result<v1::ArtifactRef> Catalog::Find(const std::string& digest) const {
  TRY(CheckDigest(digest));
  TRY_ASSIGN(auto artifact, store_.releases().FindArtifact(digest));
  if (!artifact) {
    return Error{Code::kNotFound,
                 "artifact " + digest + " is not in the catalogue; push it with `motley artifact push`"};
  }
  return *std::move(artifact);
}

Result<v1::ArtifactRef> Catalog::Use(const std::string& digest) {
  TRY_ASSIGN(auto artifact, Find(digest));
  // A full disk must not keep anybody from reading.
  if (const auto used = store_.releases().UseArtifact(digest, WallMicros(loop_)); !used) {
    LogWarning("that artifact {} is in use can not be noted: {}", digest, used.error().message);
  }
  return artifact;
}

Result<std::string> Catalog::PathOf(const std::string& digest) const {
  TRY(Find(digest));
  return FileOf(digest);
}

Result<v1::ArtifactList> Catalog::List() const { return store_.releases().ListArtifacts(); }

}  // namespace motley::controller
