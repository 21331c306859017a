#include "common/crypto/md5.h"

#include <openssl/evp.h>

#include "common/base/result.h"

namespace motley {

std::array<std::uint8_t, 16> Md5(std::span<const std::uint8_t> data) {
  std::array<std::uint8_t, 16> digest;
  unsigned size = 0;
  CHECK(EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_md5(), nullptr) == 1 && size == digest.size());
  return digest;
}

}  // namespace motley
