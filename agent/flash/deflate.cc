#include "agent/flash/deflate.h"

#include <zlib.h>

#include "common/base/result.h"

namespace motley::agent {

std::vector<std::uint8_t> Deflate(std::span<const std::uint8_t> bytes) {
  uLongf size = compressBound(bytes.size());
  std::vector<std::uint8_t> deflated(size);
  // Fails only for want of memory, with the space that the bound gives.
  CHECK(compress2(deflated.data(), &size, bytes.data(), bytes.size(), Z_BEST_COMPRESSION) == Z_OK);
  deflated.resize(size);
  return deflated;
}

}  // namespace motley::agent
