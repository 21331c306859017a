#include "agent/artifact/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/crypto/digest.h"
#include "tests/support/folder.h"

namespace motley::agent {
namespace {

TEST(ArtifactStore, TakesAFinishedPart) {
  tests::TemporaryFolder folder;
  const ArtifactStore store = *ArtifactStore::Open(folder / "artifacts");
  const std::string digest = Sha256("content");
  EXPECT_FALSE(store.Has(digest));
  std::ofstream(store.PartOf(digest)) << "content";
  ASSERT_TRUE(store.Accept(digest).has_value());
  EXPECT_TRUE(store.Has(digest));
}

TEST(ArtifactStore, DeletesAPartWithAnotherDigest) {
  tests::TemporaryFolder folder;
  const ArtifactStore store = *ArtifactStore::Open(folder / "artifacts");
  const std::string digest = Sha256("content");
  std::ofstream(store.PartOf(digest)) << "other";
  const auto accepted = store.Accept(digest);
  ASSERT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error().code, Code::kCorrupt);
  EXPECT_FALSE(std::ifstream(store.PartOf(digest)).good());
}

TEST(ArtifactStore, KeepsOnlyWhatItIsTold) {
  tests::TemporaryFolder folder;
  const ArtifactStore store = *ArtifactStore::Open(folder / "artifacts");
  for (const char* content : {"a", "b"}) std::ofstream(store.PathOf(Sha256(content))) << content;
  std::ofstream(store.PartOf(Sha256("c"))) << "c";
  store.KeepOnly({Sha256("b")});
  EXPECT_FALSE(store.Has(Sha256("a")));
  EXPECT_TRUE(store.Has(Sha256("b")));
  EXPECT_FALSE(std::ifstream(store.PartOf(Sha256("c"))).good());
}

TEST(ArtifactStore, SaysWhenTheDiskIsTooSmall) {
  tests::TemporaryFolder folder;
  const ArtifactStore store = *ArtifactStore::Open(folder / "artifacts");
  EXPECT_TRUE(store.CheckRoom(1).has_value());
  const auto room = store.CheckRoom(1ull << 60);
  ASSERT_FALSE(room.has_value());
  EXPECT_THAT(room.error().message, testing::HasSubstr("is full"));
}

}  // namespace
}  // namespace motley::agent
