#include "agent/store/disk_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kShortBytes = 1 << 20;
constexpr std::uint64_t kBlockBytes = 512;

std::string FolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

std::uint64_t FreeDiskBytes(const std::string& path) {
  struct statvfs disk {};
  if (statvfs(FolderOf(path).c_str(), &disk) != 0) return 0;
  // ext4 keeps some for the super-user.
  return static_cast<std::uint64_t>(geteuid() == 0 ? disk.f_bfree : disk.f_bavail) * disk.f_frsize;
}

DiskReserve::DiskReserve(std::string path, std::uint64_t size_bytes) : path_(std::move(path)), size_bytes_(size_bytes) {
  struct stat found {};
  if (stat(path_.c_str(), &found) != 0) return;
  // One with holes, from a power loss say, keeps no room.
  const auto taken = static_cast<std::uint64_t>(found.st_blocks) * kBlockBytes;
  held_bytes_ = std::min(static_cast<std::uint64_t>(found.st_size), taken);
}

bool DiskReserve::DiskIsShort() const { return FreeDiskBytes(path_) < kShortBytes; }

bool DiskReserve::GiveUpSome() {
  if (held_bytes_ == 0) return false;
  const auto rest = held_bytes_ > slice_bytes() ? held_bytes_ - slice_bytes() : 0;
  UniqueFd fd(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  held_bytes_ = rest;
  if (!fd || ftruncate(fd.get(), static_cast<off_t>(rest)) != 0) return false;
  // Some file systems let go of the room only when that is on the disk.
  fsync(fd.get());
  return true;
}

Result<void> DiskReserve::Renew() {
  if (held_bytes_ >= size_bytes_) return {};
  // As much must be left as is taken: a reserve that fills the disk would be given up at once.
  if (FreeDiskBytes(path_) + held_bytes_ < 2 * size_bytes_) return {};
  UniqueFd fd(open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return SystemError("open " + path_, errno);
  const int error = posix_fallocate(fd.get(), 0, static_cast<off_t>(size_bytes_));
  if (error == 0) {
    held_bytes_ = size_bytes_;
    return {};
  }
  if (ftruncate(fd.get(), static_cast<off_t>(held_bytes_)) != 0) held_bytes_ = 0;
  return SystemError("keep " + std::to_string(size_bytes_) + " bytes in " + path_, error);
}

}  // namespace motley::agent
