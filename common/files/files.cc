#include "common/files/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace motley {
namespace {

std::string FolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> WriteAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("write " + path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> SyncFolder(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return SystemError("open " + folder, errno);
  if (fsync(fd.get()) != 0) return SystemError("sync " + folder, errno);
  return {};
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) close(fd_);
}

Error SystemError(std::string_view doing, int error_number) {
  Code code = Code::kUnavailable;
  std::string why = std::strerror(error_number);
  switch (error_number) {
    case ENOENT:
      code = Code::kNotFound;
      break;
    case EACCES:
    case EPERM:
      code = Code::kDenied;
      break;
    case EEXIST:
    case EBUSY:
      code = Code::kConflict;
      break;
    case ENOSPC:
    case EDQUOT:
      why = "the disk is full; free some space";
      break;
    default:
      break;
  }
  return Error{code, std::string(doing) + ": " + why};
}

Result<std::string> ReadFile(const std::string& path, std::uint64_t limit_bytes) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return SystemError("read " + path, errno);
  std::string content;
  char buffer[65536];
  while (true) {
    const ssize_t size = read(fd.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError("read " + path, errno);
    if (size == 0) return content;
    content.append(buffer, static_cast<std::size_t>(size));
    if (content.size() > limit_bytes) {
      return Error{Code::kInvalid, path + " is larger than " + std::to_string(limit_bytes) + " bytes"};
    }
  }
}

Result<void> WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode) {
  std::string temporary = path + ".tmp.XXXXXX";
  UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return SystemError("create " + temporary, errno);
  const auto finish = [&]() -> Result<void> {
    TRY(WriteAll(fd.get(), content, path));
    if (fchmod(fd.get(), mode) != 0) return SystemError("set the mode of " + path, errno);
    if (fsync(fd.get()) != 0) return SystemError("sync " + path, errno);
    return RenameDurably(temporary, path);
  };
  auto result = finish();
  if (!result) unlink(temporary.c_str());
  return result;
}

Result<void> RenameDurably(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return SystemError("rename " + from + " to " + to, errno);
  return SyncFolder(FolderOf(to));
}

Result<void> MakeFolder(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0) return {};
  if (errno == ENOENT) {
    TRY(MakeFolder(FolderOf(path), mode));
    if (mkdir(path.c_str(), mode) == 0) return {};
  }
  const int error = errno;
  std::error_code ignored;
  if (error == EEXIST && std::filesystem::is_directory(path, ignored)) return {};
  return SystemError("make folder " + path, error);
}

Result<UniqueFd> LockFolder(const std::string& folder) {
  const std::string path = folder + "/lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return SystemError("open " + path, errno);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t size = pread(fd.get(), holder, sizeof holder - 1, 0);
    return Error{Code::kConflict, "state folder " + folder + " is in use by process " +
                                      (size > 0 ? std::string(holder) : "?") + "; end it, or choose another folder"};
  }
  const std::string pid = std::to_string(getpid());
  if (ftruncate(fd.get(), 0) != 0 || pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) {
    return SystemError("write " + path, errno);
  }
  return fd;
}

}  // namespace motley
