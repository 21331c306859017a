#pragma once

#include <cstdint>

#include "agent/flash/embedded_version.h"
#include "agent/flash/image.h"
#include "agent/flash/intel_hex.h"
#include "common/base/result.h"

namespace motley::tests {

/// An image that is broken is refused with a reason; one that is taken holds together, and is the same again when it
/// has been written as Intel HEX.
inline void CheckImage(const Result<agent::Image>& image) {
  if (!image) {
    CHECK(!image.error().message.empty());
    return;
  }
  CHECK(!image->segments.empty());
  std::uint64_t end = 0;
  for (const agent::Segment& segment : image->segments) {
    CHECK(!segment.bytes.empty());
    CHECK(end == 0 || segment.address > end);
    end = segment.end();
    CHECK(end <= 0x1'0000'0000);
  }
  if (const auto version = agent::FindVersion(*image)) CHECK(agent::CheckVersion(*image, version->version).has_value());
  const auto again = agent::ParseIntelHex(agent::WriteIntelHex(*image));
  CHECK(again.has_value());
  CHECK(again->segments == image->segments);
}

}  // namespace motley::tests
