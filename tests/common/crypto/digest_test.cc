#include "common/crypto/digest.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/folder.h"

namespace motley {
namespace {

// FIPS 180-2, appendix B.1.
constexpr char kAbc[] = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, IsThatOfTheStandard) {
  EXPECT_EQ(Sha256("abc"), kAbc);
  EXPECT_TRUE(IsDigest(kAbc));
}

TEST(Digest, IsTheSamePieceByPieceAndFromAFile) {
  Sha256Stream stream;
  stream.Update("a");
  stream.Update("");
  stream.Update("bc");
  EXPECT_EQ(stream.Finish(), kAbc);
  tests::TemporaryFolder folder;
  std::ofstream(folder / "abc") << "abc";
  EXPECT_EQ(*Sha256File(folder / "abc"), kAbc);
  EXPECT_EQ(Sha256File(folder / "none").error().code, Code::kNotFound);
}

TEST(Digest, IsToldFromOtherText) {
  std::string upper(kAbc);
  upper[8] = 'A';
  for (const std::string& text : {std::string(), std::string("sha256:"), upper, std::string(kAbc) + "0"}) {
    EXPECT_FALSE(IsDigest(text)) << text;
  }
}

TEST(RandomHex, IsNeverTheSame) {
  EXPECT_EQ(RandomHex(16).size(), 32u);
  EXPECT_NE(RandomHex(16), RandomHex(16));
}

TEST(EqualSecrets, ComparesWhole) {
  EXPECT_TRUE(EqualSecrets("abc", "abc"));
  EXPECT_FALSE(EqualSecrets("abc", "abd"));
  EXPECT_FALSE(EqualSecrets("abc", "abcd"));
}

}  // namespace
}  // namespace motley
