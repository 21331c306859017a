#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace motley {

/// A file descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The error of a failed system call: kNotFound for ENOENT, kDenied for EACCES and EPERM, kConflict for EEXIST and
/// EBUSY, else kUnavailable; a full disk says so. `doing` names the call's aim and the path: "write /var/x".
Error SystemError(std::string_view doing, int error_number);

/// Whole contents. Errors: as SystemError, kInvalid (larger than `limit_bytes`).
Result<std::string> ReadFile(const std::string& path, std::uint64_t limit_bytes);

/// Writes `path` so that after a power loss there is the old file or the new one: temporary name in the same folder,
/// sync, rename, sync of the folder. On an error the old file is untouched and no temporary is left.
Result<void> WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode);

/// Renames and syncs the folder of `to`.
Result<void> RenameDurably(const std::string& from, const std::string& to);

/// With parents; fine if there.
Result<void> MakeFolder(const std::string& path, unsigned mode = 0755);

/// Takes `folder`/lock for this process until the descriptor is closed. Errors: kConflict (who holds it).
Result<UniqueFd> LockFolder(const std::string& folder);

}  // namespace motley
