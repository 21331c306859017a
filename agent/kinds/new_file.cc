#include "agent/kinds/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "common/crypto/digest.h"

namespace motley::agent {
namespace {

constexpr std::size_t kBlockBytes = 65536;

std::string TemporaryName(const std::string& path) {
  const std::filesystem::path whole(path);
  return (whole.parent_path() / ("." + whole.filename().string() + ".motley-new")).string();
}

// Calls `take(std::string_view)` with the blocks of a file.
template <typename Take>
Result<void> ReadBlocks(const std::string& path, Take take) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return SystemError("read " + path, errno);
  std::array<char, kBlockBytes> block;
  while (true) {
    const auto size = read(fd.get(), block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError("read " + path, errno);
    if (size == 0) return {};
    TRY(take(std::string_view(block.data(), static_cast<std::size_t>(size))));
  }
}

}  // namespace

NewFile::NewFile(std::string path, std::string temporary, UniqueFd fd)
    : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

NewFile::~NewFile() {
  if (fd_) unlink(temporary_.c_str());
}

Result<NewFile> NewFile::Create(const std::string& path) {
  auto temporary = TemporaryName(path);
  unlink(temporary.c_str());
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return SystemError("create " + temporary, errno);
  return NewFile(path, std::move(temporary), std::move(fd));
}

Result<void> NewFile::Append(std::string_view data) {
  while (!data.empty()) {
    const auto size = write(fd_.get(), data.data(), data.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError("write " + path_, errno);
    data.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

Result<void> NewFile::AppendFile(const std::string& path, const std::string& digest) {
  Sha256Stream stream;
  TRY(ReadBlocks(path, [&](std::string_view block) {
    stream.Update(block);
    return Append(block);
  }));
  const auto found = stream.Finish();
  if (digest.empty() || found == digest) return {};
  return Error{Code::kCorrupt, path + " has the digest " + found + ", not " + digest + "; fetch it again"};
}

Result<void> NewFile::SetOwner(unsigned user, unsigned group) {
  if (fchown(fd_.get(), user, group) == 0) return {};
  return SystemError("set the owner of " + path_, errno);
}

Result<void> NewFile::Commit(unsigned mode) {
  if (fchmod(fd_.get(), mode) != 0) return SystemError("set the mode of " + path_, errno);
  if (fsync(fd_.get()) != 0) return SystemError("sync " + path_, errno);
  TRY(RenameDurably(temporary_, path_));
  fd_ = UniqueFd();
  return {};
}

Result<void> InstallProgram(const std::string& artifact, const std::string& path) {
  const auto temporary = TemporaryName(path);
  unlink(temporary.c_str());
  if (link(artifact.c_str(), temporary.c_str()) != 0) {
    if (errno == ENOENT) return SystemError("link " + artifact, errno);
    // Another file system, or one without hard links.
    UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
    if (!fd) return SystemError("create " + temporary, errno);
    auto copied = ReadBlocks(artifact, [&](std::string_view block) -> Result<void> {
      while (!block.empty()) {
        const auto size = write(fd.get(), block.data(), block.size());
        if (size < 0) return SystemError("write " + path, errno);
        block.remove_prefix(static_cast<std::size_t>(size));
      }
      return {};
    });
    if (!copied) {
      unlink(temporary.c_str());
      return copied;
    }
  }
  if (chmod(temporary.c_str(), 0755) != 0) return SystemError("set the mode of " + path, errno);
  if (rename(temporary.c_str(), path.c_str()) != 0) return SystemError("rename to " + path, errno);
  // When both are links to one file already, rename() leaves both.
  unlink(temporary.c_str());
  return {};
}

}  // namespace motley::agent
