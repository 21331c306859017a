#include "tools/boards/flash_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace motley::boards {
namespace {

Error Failed(const std::filesystem::path& path, const char* what) {
  return Error{Code::kUnavailable,
               fmt::format("flash file \"{}\": can not be {}: {}", path.string(), what, std::strerror(errno))};
}

}  // namespace

Result<void> LoadFlashFile(const std::filesystem::path& path, std::span<std::uint8_t> flash) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  if (error) return Error{Code::kUnavailable, fmt::format("flash file \"{}\": {}", path.string(), error.message())};
  if (size > flash.size()) {
    return Error{Code::kInvalid, fmt::format("flash file \"{}\": {} bytes, the chip has {}; give a raw image of that "
                                             "size (a .hex file is loaded with --image)",
                                             path.string(), size, flash.size())};
  }
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(flash.data()), static_cast<std::streamsize>(size));
  if (!file) return Failed(path, "read");
  return {};
}

Result<void> SaveFlashFile(const std::filesystem::path& path, std::span<const std::uint8_t> flash) {
  const std::filesystem::path temporary = path.string() + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Failed(temporary, "created");
  const bool written = write(fd, flash.data(), flash.size()) == static_cast<ssize_t>(flash.size()) && fsync(fd) == 0;
  close(fd);
  if (!written) return Failed(temporary, "written");
  if (rename(temporary.c_str(), path.c_str()) != 0) return Failed(path, "replaced");
  return {};
}

}  // namespace motley::boards
