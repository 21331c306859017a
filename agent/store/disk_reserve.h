#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace motley::agent {

/// What this process may still write to the disk of `path`, in bytes; 0 if that can not be found out.
std::uint64_t FreeDiskBytes(const std::string& path);

/// Room that is kept free on a disk by a file that takes it and holds nothing. It is given up in quarters, so that a
/// program that fills the disk at full speed does not get all of it at once. One thread; blocks for some ms at most.
class DiskReserve {
 public:
  /// Of `path`, on the disk where the room will be needed. Makes no file before Renew. 0 bytes: there is no reserve.
  DiskReserve(std::string path, std::uint64_t size_bytes);

  /// Whether the disk has less than 1 MiB left for this process.
  bool DiskIsShort() const;

  /// Gives a quarter of the whole to whoever takes it first. False if nothing was left.
  bool GiveUpSome();

  /// Makes it whole again, if the disk then still has as much left as the reserve is large. Next to free where it is
  /// whole. Errors: as SystemError; what is there then is as before.
  Result<void> Renew();

  /// What the file takes now.
  std::uint64_t held_bytes() const { return held_bytes_; }
  /// How much GiveUpSome gives up.
  std::uint64_t slice_bytes() const { return (size_bytes_ + 3) / 4; }

 private:
  const std::string path_;
  const std::uint64_t size_bytes_;
  std::uint64_t held_bytes_ = 0;
};

}  // namespace motley::agent
