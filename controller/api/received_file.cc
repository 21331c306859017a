#include "controller/api/received_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace motley::controller {
namespace {

constexpr std::string_view kPrefix = "received.";

// The sync at the end of a large file would hold up the thread for seconds; in steps it shares the time with others.
constexpr std::uint64_t kSyncEveryBytes = 32 * 1024 * 1024;

}  // namespace

ReceivedFile::~ReceivedFile() { unlink(path_.c_str()); }

Result<FileReceiver> FileReceiver::Begin(const std::string& folder) {
  std::string path = fmt::format("{}/{}XXXXXX", folder, kPrefix);
  UniqueFd fd(mkostemp(path.data(), O_CLOEXEC));
  if (!fd) return SystemError("create a file in " + folder, errno);
  return FileReceiver(folder, std::move(path), std::move(fd));
}

FileReceiver::FileReceiver(FileReceiver&& other) noexcept
    : folder_(std::move(other.folder_)),
      path_(std::exchange(other.path_, {})),
      fd_(std::move(other.fd_)),
      digest_(std::move(other.digest_)),
      size_bytes_(other.size_bytes_),
      unsynced_bytes_(other.unsynced_bytes_) {}

FileReceiver::~FileReceiver() {
  if (!path_.empty()) unlink(path_.c_str());
}

Error FileReceiver::WriteError(int error_number) const {
  if (error_number != ENOSPC && error_number != EDQUOT) return SystemError("write to " + folder_, error_number);
  return {Code::kUnavailable,
          fmt::format("no space left on the device that holds {} ({} bytes were received): free some, then send again",
                      folder_, size_bytes_)};
}

Result<void> FileReceiver::Write(std::string_view piece) {
  digest_.Update(piece);
  while (!piece.empty()) {
    const ssize_t written = write(fd_.get(), piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return WriteError(errno);
    piece.remove_prefix(static_cast<std::size_t>(written));
    size_bytes_ += static_cast<std::uint64_t>(written);
    unsynced_bytes_ += static_cast<std::uint64_t>(written);
  }
  if (unsynced_bytes_ >= kSyncEveryBytes) {
    unsynced_bytes_ = 0;
    if (fdatasync(fd_.get()) != 0) return WriteError(errno);
  }
  return {};
}

Result<std::shared_ptr<const ReceivedFile>> FileReceiver::Finish() {
  if (fsync(fd_.get()) != 0) return WriteError(errno);
  return std::make_shared<const ReceivedFile>(std::exchange(path_, {}), digest_.Finish(), size_bytes_);
}

Result<void> RemoveLeftovers(const std::string& folder) {
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    if (unlink(entry.path().c_str()) != 0) return SystemError("remove " + entry.path().string(), errno);
  }
  if (problem) return SystemError("read the folder " + folder, problem.value());
  return {};
}

}  // namespace motley::controller
