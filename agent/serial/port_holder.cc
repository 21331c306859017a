#include "agent/serial/port_holder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace motley::agent {
namespace {

namespace fs = std::filesystem;

std::optional<int> Number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool HasOpen(const fs::path& process, dev_t device, int ignore_fd) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end; entry.increment(error)) {
    if (ignore_fd >= 0 && entry->path().filename() == std::to_string(ignore_fd)) continue;
    // Sockets and pipes are most of what is open; the link's text rules them out without a stat.
    std::error_code link_error;
    const fs::path target = fs::read_symlink(entry->path(), link_error);
    if (link_error || !target.native().starts_with("/dev/")) continue;
    struct stat status;
    if (::stat(entry->path().c_str(), &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == device) return true;
  }
  return false;
}

}  // namespace

std::optional<PortHolder> FindPortHolder(const std::string& path, int ignore_fd) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::optional<int> pid = Number(entry->path().filename());
    if (!pid) continue;
    if (!HasOpen(entry->path(), status.st_rdev, *pid == ::getpid() ? ignore_fd : -1)) continue;
    PortHolder holder{*pid, "?"};
    std::ifstream(entry->path() / "comm") >> holder.program;
    return holder;
  }
  return std::nullopt;
}

}  // namespace motley::agent
