#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"
#include "tools/boards/boards_options.h"

namespace motley::boards {

/// Serial ports that exist for this process and its children alone: a private mount namespace with a /dev and a
/// /sys/class/tty of its own, where boards come and go as the kernel would show them.
class UsbTree {
 public:
  /// Moves the calling process, which must have one thread, into the namespace. Works in a chroot too.
  ///
  /// Errors: kDenied (not root, or mounting is forbidden), kUnavailable.
  static Result<UsbTree> Enter();

  /// Makes `device` ("ttyACM0") a name of `terminal`, behind USB port `port` (1 and up) with the ids of `board`.
  Result<void> Plug(const std::string& device, const std::string& terminal, int port, const BoardOptions& board);
  /// Removes the port; nothing when there is none.
  void Unplug(const std::string& device);

 private:
  UsbTree() = default;
};

}  // namespace motley::boards
