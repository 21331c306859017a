#include "agent/kinds/archive_unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>

#include "agent/kinds/archive_manifest.h"
#include "agent/kinds/archive_reader.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using Type = ArchiveEntry::Type;

constexpr unsigned kFileBits = 0755;
constexpr unsigned kOwnerReads = 0400;
constexpr unsigned kOwnerUsesFolder = 0700;
// Of what is not in the archive itself, but stands above something that is.
constexpr unsigned kImpliedFolderMode = 0755;
constexpr std::int64_t kNanoseconds = 1'000'000'000;
// How much is written between two looks at the room that is left.
constexpr std::uint64_t kRoomStepBytes = 4 << 20;
// To get past a file it has to be unpacked: as much as the slowest packer, xz, does in about 10 ms.
constexpr std::uint64_t kScanLimitBytes = 1 << 20;

/// Writes what an archive holds into a fresh folder of which nobody else knows yet.
class Unpacker {
 public:
  Unpacker(std::string folder, std::uint64_t reserve_bytes)
      : folder_(std::move(folder)), reserve_bytes_(reserve_bytes) {}

  Result<void> Begin() {
    TRY(CheckRoom());
    if (mkdir(folder_.c_str(), kImpliedFolderMode) != 0) return SystemError("make folder " + folder_, errno);
    modes_[""] = kImpliedFolderMode;
    return {};
  }

  Result<void> Add(const ArchiveEntry& entry, ArchiveReader& reader) {
    if (entry.type == Type::kFolder) {
      TRY(MakeParents(entry.path + "/"));
      modes_[entry.path] = (entry.mode & kFileBits) | kOwnerUsesFolder;
      return {};
    }
    TRY(MakeParents(entry.path));
    const auto path = folder_ + "/" + entry.path;
    if (entry.type == Type::kLink) {
      if (symlink(entry.target.c_str(), path.c_str()) != 0) return SystemError("make the link " + path, errno);
      digests_[entry.path] = "";
      return {};
    }
    if (entry.type == Type::kHardLink) {
      const auto target = folder_ + "/" + entry.target;
      if (link(target.c_str(), path.c_str()) != 0) return SystemError("link " + path, errno);
      digests_[entry.path] = digests_[entry.target];
      return {};
    }
    return AddFile(entry, path, reader);
  }

  /// Gives the folders their modes, syncs, and looks at what has come of it all.
  Result<ArchiveManifest> Finish() {
    std::map<std::string, std::string> all = std::move(digests_);
    for (const auto& [name, mode] : modes_) {
      const auto path = folder_ + "/" + name;
      if (chmod(path.c_str(), mode) != 0) return SystemError("set the mode of " + path, errno);
      all.emplace(name, "");
    }
    // One call for the whole file system: a sync for each of many small files would take minutes.
    const UniqueFd fd(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || syncfs(fd.get()) != 0) return SystemError("sync " + folder_, errno);
    ArchiveManifest manifest;
    for (const auto& [name, digest] : all) {
      TRY_ASSIGN(*manifest.add_entries(), ManifestEntry(name.empty() ? folder_ : folder_ + "/" + name, name, digest));
    }
    return manifest;
  }

 private:
  Result<void> CheckRoom() {
    struct statvfs found {};
    const auto parent = fs::path(folder_).parent_path().string();
    if (statvfs(parent.c_str(), &found) != 0) return SystemError("look at the disk of " + parent, errno);
    if (std::uint64_t{found.f_bavail} * found.f_frsize >= reserve_bytes_) return {};
    return Error{Code::kUnavailable, "the disk of " + parent + " would have less than " +
                                         std::to_string(reserve_bytes_ >> 20) + " MiB left; free some space"};
  }

  Result<void> MakeParents(const std::string& name) {
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      const auto parent = name.substr(0, slash);
      if (modes_.contains(parent)) continue;
      const auto path = folder_ + "/" + parent;
      if (mkdir(path.c_str(), 0700) != 0) return SystemError("make folder " + path, errno);
      modes_[parent] = kImpliedFolderMode;
    }
    return {};
  }

  Result<void> AddFile(const ArchiveEntry& entry, const std::string& path, ArchiveReader& reader) {
    const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return SystemError("create " + path, errno);
    Sha256Stream stream;
    while (true) {
      TRY_ASSIGN(auto block, reader.Read());
      if (block.empty()) break;
      stream.Update(block);
      TRY(Write(fd.get(), block, path));
    }
    const unsigned mode = (entry.mode & kFileBits) | kOwnerReads;
    if (fchmod(fd.get(), mode) != 0) return SystemError("set the mode of " + path, errno);
    const timespec modified{entry.modified_ns / kNanoseconds, entry.modified_ns % kNanoseconds};
    const timespec times[2] = {modified, modified};
    if (futimens(fd.get(), times) != 0) return SystemError("set the time of " + path, errno);
    digests_[entry.path] = stream.Finish();
    return {};
  }

  Result<void> Write(int fd, std::string_view block, const std::string& path) {
    since_look_bytes_ += block.size();
    if (since_look_bytes_ >= kRoomStepBytes) {
      since_look_bytes_ = 0;
      TRY(CheckRoom());
    }
    while (!block.empty()) {
      const auto size = write(fd, block.data(), block.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return SystemError("write " + path, errno);
      block.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
  }

  const std::string folder_;
  const std::uint64_t reserve_bytes_;
  std::uint64_t since_look_bytes_ = 0;
  /// Of the folders, by name.
  std::map<std::string, unsigned> modes_;
  /// Of files, by name; empty for links.
  std::map<std::string, std::string> digests_;
};

}  // namespace

Result<void> ScanArchive(const std::string& unpack, const std::string& archive, const ArchiveRules::Limits& limits,
                         std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  TRY_ASSIGN(auto reader, ArchiveReader::OpenTar(unpack, archive));
  ArchiveRules rules(limits);
  std::uint64_t bytes = 0;
  do {
    TRY_ASSIGN(auto entry, reader.Next());
    if (!entry) return rules.CheckLinks();
    TRY(rules.Admit(*entry));
    bytes += entry->size_bytes;
  } while (bytes <= kScanLimitBytes && std::chrono::steady_clock::now() < until);
  return {};
}

Result<ArchiveManifest> UnpackArchive(const std::string& unpack, const std::string& archive, const std::string& folder,
                                      const ArchiveRules::Limits& limits, std::uint64_t reserve_bytes) {
  TRY_ASSIGN(auto reader, ArchiveReader::OpenTar(unpack, archive));
  ArchiveRules rules(limits);
  Unpacker unpacker(folder, reserve_bytes);
  TRY(unpacker.Begin());
  while (true) {
    TRY_ASSIGN(auto entry, reader.Next());
    if (!entry) break;
    TRY(rules.Admit(*entry));
    TRY(unpacker.Add(*entry, reader));
  }
  TRY(rules.CheckLinks());
  return unpacker.Finish();
}

}  // namespace motley::agent
