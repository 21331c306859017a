#include "controller/catalog/collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "controller/store/schema.h"
#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using std::chrono::hours;

class CollectionTest : public testing::Test {
 protected:
  CollectionTest() { Begin(); }

  void Begin() { collection_ = std::make_unique<controller::Collection>(core_.loop, *core_.store, *core_.catalog); }
  void Restart() {
    collection_.reset();
    core_.Restart();
    Begin();
  }
  Result<v1::ArtifactCollection> Run(hours unused_for, bool dry_run = false) {
    std::optional<Result<v1::ArtifactCollection>> answer;
    collection_->Run(unused_for, dry_run,
                     [&](Result<v1::ArtifactCollection> collected) { answer.emplace(std::move(collected)); });
    if (!core_.loop.RunUntil([&] { return answer.has_value(); })) return Error{Code::kTimeout, "no answer came"};
    return *std::move(answer);
  }
  bool IsThere(const v1::ArtifactRef& artifact) const {
    const bool row = core_.store->releases().FindArtifact(artifact.digest()).value().has_value();
    const bool file = std::filesystem::exists(core_.catalog->FileOf(artifact.digest()));
    EXPECT_EQ(row, file) << artifact.name();
    return row && file;
  }

  Core core_;
  std::unique_ptr<controller::Collection> collection_;
};

TEST_F(CollectionTest, TakesWhatNothingRefersToAfterTheGraceAndSaysWhatItFreed) {
  const auto artifact = core_.AddArtifact("ten bytes.", "old");
  EXPECT_EQ(Run(hours(2)).value().count(), 0u);
  core_.loop.Advance(hours(3));
  const auto young = core_.AddArtifact("young", "young");
  const auto collected = Run(hours(2)).value();
  EXPECT_EQ(collected.count(), 1u);
  EXPECT_EQ(collected.artifacts(0).name(), "old");
  EXPECT_EQ(collected.freed_bytes(), 10u);
  EXPECT_EQ(collected.leftovers(), 0u);
  EXPECT_FALSE(IsThere(artifact));
  EXPECT_TRUE(IsThere(young));
  EXPECT_TRUE(std::filesystem::is_empty(core_.catalog->incoming_folder()));
  EXPECT_EQ(core_.catalog->PathOf(artifact.digest()).error().code, Code::kNotFound);
}

TEST_F(CollectionTest, OnlySaysWhatWouldGoInADryRun) {
  const auto artifact = core_.AddArtifact("ten bytes.", "old");
  core_.loop.Advance(hours(3));
  std::ofstream(
      core_.catalog->FileOf(artifact.digest()).substr(0, core_.catalog->FileOf(artifact.digest()).size() - 4) + "0000")
      << "left";
  const auto collected = Run(hours(2), true).value();
  EXPECT_TRUE(collected.dry_run());
  EXPECT_EQ(collected.count(), 1u);
  EXPECT_EQ(collected.leftovers(), 1u);
  EXPECT_EQ(collected.freed_bytes(), 14u);
  EXPECT_TRUE(IsThere(artifact));
  EXPECT_EQ(Run(hours(2)).value().freed_bytes(), 14u);
}

TEST_F(CollectionTest, KeepsWhatIsPushedOrAskedForAgain) {
  const auto pushed = core_.AddArtifact("pushed", "a");
  const auto asked = core_.AddArtifact("asked", "b");
  core_.loop.Advance(hours(3));
  core_.AddArtifact("pushed", "a");
  core_.catalog->Use(asked.digest()).value();
  Restart();
  EXPECT_EQ(Run(hours(2)).value().count(), 0u);
  EXPECT_TRUE(IsThere(pushed));
  EXPECT_TRUE(IsThere(asked));
}

TEST_F(CollectionTest, KeepsAllThatAReleaseNeedsAndTakesItWhenTheReleaseIsDeleted) {
  const v1::Release release = core_.MakeRelease("1.0.0");
  core_.catalog->PushRelease(release).value();
  const auto bundles = core_.catalog->Bundles("greeter", "1.0.0").value();
  core_.loop.Advance(hours(1000));
  EXPECT_EQ(Run(hours(2)).value().count(), 0u);
  EXPECT_TRUE(IsThere(release.artifacts(0)));
  EXPECT_TRUE(IsThere(bundles[0]));

  core_.catalog->DeleteRelease("greeter", "1.0.0").value();
  EXPECT_EQ(Run(hours(2)).value().count(), 3u);
  EXPECT_FALSE(IsThere(release.artifacts(0)));
  EXPECT_FALSE(IsThere(bundles[0]));
  EXPECT_FALSE(IsThere(bundles[1]));
}

TEST_F(CollectionTest, KeepsWhatTwoReleasesShareUntilBothAreDeleted) {
  v1::Release first = core_.MakeRelease("1.0.0");
  v1::Release second = first;
  second.set_version("1.1.0");
  core_.catalog->PushRelease(first).value();
  core_.catalog->PushRelease(second).value();
  core_.loop.Advance(hours(3));
  core_.catalog->DeleteRelease("greeter", "1.0.0").value();
  EXPECT_EQ(Run(hours(2)).value().count(), 0u);
  core_.catalog->DeleteRelease("greeter", "1.1.0").value();
  EXPECT_EQ(Run(hours(2)).value().count(), 3u);
}

TEST_F(CollectionTest, KnowsWhatReleasesOfAnEarlierControllerNeed) {
  const v1::Release release = core_.MakeRelease("1.0.0");
  core_.catalog->PushRelease(release).value();
  {
    auto database = Database::Open(core_.folder / "controller.db", controller::Migrations()).value();
    database->Run("DELETE FROM release_artifact").value();
    database->Run("UPDATE release SET indexed = 0").value();
  }
  Restart();
  core_.loop.Advance(hours(1000));
  EXPECT_EQ(Run(hours(2)).value().count(), 0u);
  EXPECT_TRUE(IsThere(release.artifacts(0)));
}

TEST_F(CollectionTest, TakesFilesWithoutAnArtifactAndNothingElse) {
  const auto artifact = core_.AddArtifact("bytes", "a");
  const std::string file = core_.catalog->FileOf(artifact.digest());
  const std::string folder = file.substr(0, file.rfind('/'));
  const std::string leftover = file.substr(0, file.size() - 4) + "0000";
  const std::string note = folder + "/README";
  const std::string upload = core_.catalog->incoming_folder() + "/received.abc";
  for (const std::string& path : {leftover, note, upload}) std::ofstream(path) << "left";
  const auto collected = Run(hours(2)).value();
  EXPECT_EQ(collected.count(), 0u);
  EXPECT_EQ(collected.leftovers(), 1u);
  EXPECT_EQ(collected.freed_bytes(), 4u);
  EXPECT_FALSE(std::filesystem::exists(leftover));
  EXPECT_TRUE(std::filesystem::exists(note));
  EXPECT_TRUE(std::filesystem::exists(upload));
  EXPECT_TRUE(IsThere(artifact));
}

TEST_F(CollectionTest, SparesAnUploadThatComesBetweenItsSteps) {
  const auto old = core_.AddArtifact("old", "old");
  core_.loop.Advance(hours(3));
  std::optional<Result<v1::ArtifactCollection>> answer;
  collection_->Run(hours(2), false,
                   [&](Result<v1::ArtifactCollection> collected) { answer.emplace(std::move(collected)); });
  // The row is gone, and the file is on its way: the same and another come.
  EXPECT_FALSE(core_.catalog->Find(old.digest()));
  core_.AddArtifact("old", "again");
  const auto other = core_.AddArtifact("other", "other");
  std::optional<Result<v1::ArtifactCollection>> second;
  collection_->Run(hours(2), true,
                   [&](Result<v1::ArtifactCollection> collected) { second.emplace(std::move(collected)); });
  ASSERT_TRUE(second);
  EXPECT_EQ(second->error().code, Code::kConflict);
  ASSERT_TRUE(core_.loop.RunUntil([&] { return answer.has_value(); }));
  EXPECT_EQ(answer->value().count(), 1u);
  EXPECT_TRUE(IsThere(old));
  EXPECT_TRUE(IsThere(other));
}

TEST_F(CollectionTest, TakesManyInSteps) {
  const auto put = [&]() -> Result<void> {
    for (int i = 0; i < 1200; ++i) {
      v1::ArtifactRef artifact;
      artifact.set_digest(Sha256(std::to_string(i)));
      artifact.set_name(std::to_string(i));
      TRY(core_.store->releases().PutArtifact(artifact, controller::Origin::kPushed, 1));
    }
    return {};
  };
  core_.store->Atomically(put).value();
  core_.loop.Advance(hours(3));
  const auto collected = Run(hours(2)).value();
  EXPECT_EQ(collected.count(), 1200u);
  EXPECT_EQ(collected.artifacts_size(), 1000);
  EXPECT_EQ(core_.catalog->List().value().artifacts_size(), 0);
}

}  // namespace
}  // namespace motley::tests
