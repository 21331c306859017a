#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "tests/support/folder.h"

namespace motley::tests {

/// A file system of its own with little room. Needs the rights to mount one.
class SmallDisk {
 public:
  explicit SmallDisk(int size_bytes) {
    const std::string options = "size=" + std::to_string(size_bytes);
    mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    EXPECT_TRUE(mounted_) << "a tmpfs can not be mounted: run the tests as root";
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& path() const { return folder_.path(); }

  /// Takes all the room that is left.
  void Fill() {
    const int fd = open((path() + "/filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (write(fd, block.data(), block.size()) > 0) {
    }
    close(fd);
  }
  /// Gives it back.
  void Empty() { unlink((path() + "/filler").c_str()); }

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

}  // namespace motley::tests
