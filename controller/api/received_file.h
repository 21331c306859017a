#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::controller {

/// A body that was received into a temporary file, synced to disk. The file goes with this object, unless it was
/// renamed away before.
class ReceivedFile {
 public:
  ReceivedFile(std::string path, std::string digest, std::uint64_t size_bytes)
      : path_(std::move(path)), digest_(std::move(digest)), size_bytes_(size_bytes) {}
  ~ReceivedFile();
  ReceivedFile(const ReceivedFile&) = delete;
  ReceivedFile& operator=(const ReceivedFile&) = delete;

  const std::string& path() const { return path_; }
  /// Of its bytes, as Sha256 gives it.
  const std::string& digest() const { return digest_; }
  std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  std::string path_;
  std::string digest_;
  std::uint64_t size_bytes_;
};

/// Writes a ReceivedFile piece by piece, and hashes it on the way. Without Finish nothing is left. One thread.
class FileReceiver {
 public:
  /// `folder` exists. Errors: as SystemError, with the folder's name.
  static Result<FileReceiver> Begin(const std::string& folder);
  ~FileReceiver();
  FileReceiver(FileReceiver&& other) noexcept;
  FileReceiver& operator=(FileReceiver&&) = delete;

  /// Errors: kUnavailable (no space left, I/O error).
  Result<void> Write(std::string_view piece);
  /// Syncs. Call once.
  Result<std::shared_ptr<const ReceivedFile>> Finish();

 private:
  FileReceiver(std::string folder, std::string path, UniqueFd fd)
      : folder_(std::move(folder)), path_(std::move(path)), fd_(std::move(fd)) {}
  Error WriteError(int error_number) const;

  std::string folder_;
  /// Empty once it is somebody else's.
  std::string path_;
  UniqueFd fd_;
  Sha256Stream digest_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t unsynced_bytes_ = 0;
};

/// Removes what receivers left in `folder` when the process was killed.
Result<void> RemoveLeftovers(const std::string& folder);

}  // namespace motley::controller
