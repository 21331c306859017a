#include "agent/kinds/archive_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "agent/isolation/folder_tree.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

std::string Sibling(const std::string& path, const char* what) {
  const fs::path whole(path);
  return (whole.parent_path() / ("." + whole.filename().string() + ".motley-" + what)).string();
}

Error SwapError(const ArchivePlace& place, int error_number) {
  if (error_number == EBUSY) {
    return Error{Code::kConflict, place.path + " is a mount point, which can not be replaced; choose a folder in it"};
  }
  return SystemError("put a folder in the place of " + place.path, error_number);
}

/// Errors: as errno; 0 for none.
int Rename(const std::string& from, const std::string& to, unsigned flags) {
  return renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0 ? 0 : errno;
}

bool IsUnsupported(int error_number) { return error_number == EINVAL || error_number == ENOSYS; }

Result<void> SyncParent(const std::string& path) {
  const auto parent = fs::path(path).parent_path().string();
  const UniqueFd fd(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return SystemError("sync " + parent, errno);
  return {};
}

/// `path` is free: nobody may have put anything there meanwhile.
Result<void> PutIn(const ArchivePlace& place, const std::string& from) {
  int error = Rename(from, place.path, RENAME_NOREPLACE);
  if (IsUnsupported(error)) error = IsThere(place.path) ? EEXIST : Rename(from, place.path, 0);
  if (error != 0) return SwapError(place, error);
  return SyncParent(place.path);
}

Result<void> SwapInTwoRenames(const ArchivePlace& place, const std::string& from) {
  if (from == place.old) {
    // `old` is what is wanted; what it replaces is not needed any more.
    TRY(RemoveTree(place.fresh));
    if (const int error = Rename(place.path, place.fresh, 0); error != 0) return SwapError(place, error);
  } else if (IsThere(place.old)) {
    TRY(RemoveTree(place.path));
  } else if (const int error = Rename(place.path, place.old, 0); error != 0) {
    return SwapError(place, error);
  }
  return PutIn(place, from);
}

bool StartsWith(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

}  // namespace

ArchivePlace::ArchivePlace(const std::string& path_in)
    : path(path_in), fresh(Sibling(path_in, "new")), old(Sibling(path_in, "old")) {}

bool IsThere(const std::string& path) {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0;
}

Result<void> SwapIn(const ArchivePlace& place, const std::string& from, SwapWay way) {
  if (!IsThere(place.path)) return PutIn(place, from);
  if (way == SwapWay::kTwoRenames) return SwapInTwoRenames(place, from);
  const int error = Rename(from, place.path, RENAME_EXCHANGE);
  if (IsUnsupported(error)) return SwapInTwoRenames(place, from);
  if (error != 0) return SwapError(place, error);
  TRY(SyncParent(place.path));
  if (from == place.old) {
    TRY(RemoveTree(place.fresh));
    if (const int renamed = Rename(place.old, place.fresh, 0); renamed != 0) return SwapError(place, renamed);
  } else if (!IsThere(place.old)) {
    if (const int renamed = Rename(place.fresh, place.old, 0); renamed != 0) return SwapError(place, renamed);
  }
  return SyncParent(place.path);
}

Result<void> TakeOut(const ArchivePlace& place) {
  if (!IsThere(place.path)) return {};
  if (IsThere(place.old)) return RemoveTree(place.path);
  if (const int error = Rename(place.path, place.old, 0); error != 0) return SwapError(place, error);
  return SyncParent(place.path);
}

Result<void> CheckArchivePath(const std::string& path, const std::string& state_folder) {
  const fs::path given(path);
  // The longest that leaves room for the names beside it.
  constexpr std::size_t kNameLimitBytes = 200;
  if (!given.is_absolute() || path != given.lexically_normal().string() || !given.has_filename() ||
      path.size() > 1024 || given.filename().string().size() > kNameLimitBytes ||
      path.find('\0') != std::string::npos) {
    return Error{Code::kInvalid, "path \"" + path.substr(0, 1024) +
                                     "\" is not absolute and plain; write it from \"/\", without \"..\" and \"//\" and "
                                     "with no slash at its end"};
  }
  std::error_code ignored;
  const auto real = fs::weakly_canonical(given.parent_path(), ignored) / given.filename();
  const auto state = fs::weakly_canonical(state_folder, ignored);
  for (const auto& one : {given, real}) {
    if (!Overlap(one.string(), state.string()) && !Overlap(one.string(), state_folder)) continue;
    return Error{Code::kInvalid,
                 "path \"" + path + "\" is in or above the agent's own folder " + state_folder + "; choose another"};
  }
  return {};
}

bool Overlap(const std::string& a, const std::string& b) { return StartsWith(a, b) || StartsWith(b, a); }

}  // namespace motley::agent
