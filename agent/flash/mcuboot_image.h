#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// An image as MCUboot starts it. Source: MCUboot, "Bootloader design", image format.
struct McubootImage {
  /// Header, program and trailer.
  std::vector<std::uint8_t> bytes;
  /// SHA-256 of all but the trailer's unprotected part: what MCUboot and SMP know the image by.
  std::array<std::uint8_t, 32> hash;
  /// "1.2.0", or "1.2.0.77" with a build number.
  std::string version;
};

/// Errors: kInvalid (no such image: not signed with imgtool, say), kCorrupt (cut off, or its hash is wrong).
Result<McubootImage> ParseMcubootImage(const Image& image);

}  // namespace motley::agent
