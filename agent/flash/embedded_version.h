#pragma once

#include <optional>
#include <string>

#include "agent/flash/image.h"
#include "common/base/result.h"

namespace motley::agent {

/// What an image says of itself.
struct EmbeddedVersion {
  std::string firmware;
  std::string version;
  bool operator==(const EmbeddedVersion&) const = default;
};

/// Finds the first marker in an image: "motley-firmware:" NAME " " VERSION and a zero byte, together in one segment,
/// where NAME and VERSION are 1 to 100 printable ASCII characters without spaces. deploy/firmware/motley_device.h puts
/// it there. Nothing: the image has none, as those that are compressed or encrypted.
std::optional<EmbeddedVersion> FindVersion(const Image& image);

/// Errors: kInvalid (the image says that it is another version than `wanted`). An image that says nothing is fine.
Result<void> CheckVersion(const Image& image, const std::string& wanted);

}  // namespace motley::agent
