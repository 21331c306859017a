#include "agent/isolation/folder_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBlockBytes = 512;
// One descriptor is open for each level.
constexpr int kDeepest = 200;

struct FolderCloser {
  void operator()(DIR* folder) const { closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, FolderCloser>;

bool IsDots(const char* name) { return std::string_view(name) == "." || std::string_view(name) == ".."; }

OpenFolder OpenAt(int parent, const std::string& name) {
  const int fd = openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return nullptr;
  OpenFolder folder(fdopendir(fd));
  if (!folder) close(fd);
  return folder;
}

// By descriptors and without following links, so that nobody can lead it elsewhere.
Result<void> GiveContents(int parent, const std::string& name, const std::string& path, uid_t from, uid_t to,
                          gid_t group, int depth) {
  if (depth > kDeepest) {
    return Error{Code::kInvalid, path + " is more than " + std::to_string(kDeepest) + " folders deep; remove it"};
  }
  const OpenFolder folder = OpenAt(parent, name);
  if (!folder) return SystemError("open " + path, errno);
  const int fd = dirfd(folder.get());
  while (const dirent* entry = readdir(folder.get())) {
    if (IsDots(entry->d_name)) continue;
    struct stat found {};
    if (fstatat(fd, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const std::string below = path + "/" + entry->d_name;
    if (S_ISDIR(found.st_mode)) TRY(GiveContents(fd, entry->d_name, below, from, to, group, depth + 1));
    if (found.st_uid != from) continue;
    if (fchownat(fd, entry->d_name, to, group, AT_SYMLINK_NOFOLLOW) != 0) {
      return SystemError("set the owner of " + below, errno);
    }
  }
  return {};
}

// Lets the owner of the folders below `path` list and change them.
void OpenToOwner(const std::string& path) {
  std::vector<std::string> folders = {path};
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    struct stat found {};
    if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) continue;
    chmod(folder.c_str(), (found.st_mode & 07777) | S_IRWXU);
    const OpenFolder open_folder = OpenAt(AT_FDCWD, folder);
    if (!open_folder) continue;
    while (const dirent* entry = readdir(open_folder.get())) {
      const bool may_be_folder = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
      if (may_be_folder && !IsDots(entry->d_name)) folders.push_back(folder + "/" + entry->d_name);
    }
  }
}

}  // namespace

TreeSize MeasureTree(const std::string& folder, std::uint64_t enough_bytes, std::uint64_t enough_entries) {
  TreeSize size;
  std::uint64_t entries = 0;
  std::vector<std::string> folders = {folder};
  while (!folders.empty()) {
    const std::string path = std::move(folders.back());
    folders.pop_back();
    const OpenFolder open_folder = OpenAt(AT_FDCWD, path);
    if (!open_folder) continue;
    while (const dirent* entry = readdir(open_folder.get())) {
      struct stat found {};
      if (IsDots(entry->d_name)) continue;
      if (fstatat(dirfd(open_folder.get()), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) continue;
      size.bytes += std::max<std::uint64_t>(static_cast<std::uint64_t>(found.st_blocks), 1) * kBlockBytes;
      size.partial = size.bytes > enough_bytes || ++entries >= enough_entries;
      if (size.partial) return size;
      if (S_ISDIR(found.st_mode)) folders.push_back(path + "/" + entry->d_name);
    }
  }
  return size;
}

Result<void> GiveTree(const std::string& folder, uid_t from, uid_t to, gid_t group) {
  TRY(GiveContents(AT_FDCWD, folder, folder, from, to, group, 0));
  if (fchownat(AT_FDCWD, folder.c_str(), to, group, AT_SYMLINK_NOFOLLOW) == 0) return {};
  return SystemError("set the owner of " + folder, errno);
}

Result<void> RemoveTree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return {};
  OpenToOwner(path);
  error.clear();
  fs::remove_all(path, error);
  if (error) return SystemError("remove " + path, error.value());
  return {};
}

}  // namespace motley::agent
