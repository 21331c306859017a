#include "tests/support/mcuboot_image.h"

#include <cstdio>

#include "common/base/result.h"
#include "common/crypto/digest.h"

namespace motley::tests {
namespace {

void Append(std::vector<std::uint8_t>& bytes, std::uint64_t number, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

}  // namespace

std::vector<std::uint8_t> MakeMcubootImage(const std::string& version, const std::string& program) {
  unsigned major = 0, minor = 0, revision = 0;
  CHECK(std::sscanf(version.c_str(), "%u.%u.%u", &major, &minor, &revision) == 3);
  std::vector<std::uint8_t> bytes;
  Append(bytes, 0x96f3b83d, 4);
  Append(bytes, 0, 4);   // load address
  Append(bytes, 32, 2);  // of the header
  Append(bytes, 0, 2);   // of protected entries
  Append(bytes, program.size(), 4);
  Append(bytes, 0, 4);  // flags
  Append(bytes, major, 1);
  Append(bytes, minor, 1);
  Append(bytes, revision, 2);
  Append(bytes, 0, 8);  // build number, padding
  bytes.insert(bytes.end(), program.begin(), program.end());
  const auto hash = Sha256Bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  Append(bytes, 0x6907, 2);
  Append(bytes, 4 + 4 + hash.size(), 2);
  Append(bytes, 0x10, 2);  // SHA-256
  Append(bytes, hash.size(), 2);
  bytes.insert(bytes.end(), hash.begin(), hash.end());
  return bytes;
}

}  // namespace motley::tests
