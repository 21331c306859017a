#include "agent/artifact/store.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDigestPrefix = "sha256:";
/// What the agent's own database needs to go on.
constexpr std::uint64_t kSpareBytes = 1024 * 1024;

}  // namespace

Result<ArtifactStore> ArtifactStore::Open(const std::string& folder) {
  TRY(MakeFolder(folder, 0700));
  return ArtifactStore(folder);
}

std::string ArtifactStore::PathOf(const std::string& digest) const {
  CHECK(IsDigest(digest));
  return folder_ + "/" + digest.substr(kDigestPrefix.size());
}

bool ArtifactStore::Has(const std::string& digest) const { return access(PathOf(digest).c_str(), R_OK) == 0; }

Result<void> ArtifactStore::Accept(const std::string& digest) const {
  TRY_ASSIGN(const std::string actual, Sha256File(PartOf(digest)));
  if (actual != digest) {
    unlink(PartOf(digest).c_str());
    return Error{Code::kCorrupt, "artifact " + digest + " arrived with the digest " + actual};
  }
  return RenameDurably(PartOf(digest), PathOf(digest));
}

void ArtifactStore::KeepOnly(const std::set<std::string>& digests) const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string digest = std::string(kDigestPrefix) + entry.path().filename().string();
    if (!digests.contains(digest)) fs::remove(entry.path(), error);
  }
}

Result<void> ArtifactStore::CheckRoom(std::uint64_t size_bytes) const {
  struct statvfs disk;
  if (statvfs(folder_.c_str(), &disk) != 0) return SystemError("look at the disk of " + folder_, errno);
  const std::uint64_t free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free_bytes >= size_bytes + kSpareBytes) return {};
  return Error{Code::kUnavailable, "the disk of " + folder_ + " is full: " + std::to_string(size_bytes) +
                                       " bytes are needed and " + std::to_string(free_bytes) +
                                       " are free; free some space"};
}

}  // namespace motley::agent
