#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace motley::agent {

/// A process that has a device open.
struct PortHolder {
  pid_t pid = 0;
  std::string program;
};

/// Finds a process that has the character device at `path` open, under whatever name, by looking through /proc. None if
/// nobody has, or if it is a process of another user and this one is not root. Blocks for some ms. `ignore_fd`: a
/// descriptor of this process that does not count, or -1.
std::optional<PortHolder> FindPortHolder(const std::string& path, int ignore_fd);

}  // namespace motley::agent
