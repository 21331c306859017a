#include "common/crypto/md5.h"

#include <gtest/gtest.h>

#include <string>

namespace motley {
namespace {

std::string Hex(const std::string& text) {
  std::string digits;
  for (const std::uint8_t byte : Md5({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) {
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

// RFC 1321, appendix A.5.
TEST(Md5, IsThatOfTheStandard) {
  EXPECT_EQ(Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Hex("abcdefghijklmnopqrstuvwxyz"), "c3fcd3d76192e4007dfb496cca67e13b");
}

}  // namespace
}  // namespace motley
