#include "controller/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/controller/store/core.h"

namespace motley::tests {
namespace {

using testing::HasSubstr;

TEST(Catalog, KeepsAnArtifactUnderItsDigestOnce) {
  Core core;
  const auto artifact = core.AddArtifact("bytes", "greeter");
  EXPECT_EQ(core.AddArtifact("bytes", "another name").name(), "greeter");
  EXPECT_EQ(artifact.size_bytes(), 5u);
  EXPECT_EQ(core.catalog->List().value().artifacts_size(), 1);
  core.Restart();
  const std::string path = core.catalog->PathOf(artifact.digest()).value();
  EXPECT_EQ(ReadFile(path, 100).value(), "bytes");
}

TEST(Catalog, HealsALostFileWhenTheArtifactIsPushedAgain) {
  Core core;
  const std::string path = core.catalog->PathOf(core.AddArtifact("bytes", "greeter").digest()).value();
  std::filesystem::remove(path);
  core.AddArtifact("bytes", "greeter");
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(Catalog, RefusesWhatIsNoDigestAndWhatIsNotThere) {
  Core core;
  for (const char* digest : {"", "sha256:", "sha256:../../../../etc/passwd", "md5:abc"}) {
    EXPECT_EQ(core.catalog->PathOf(digest).error().code, Code::kInvalid) << digest;
  }
  EXPECT_EQ(core.catalog->PathOf(Sha256("nothing")).error().code, Code::kNotFound);
}

TEST(Catalog, RemovesUnfinishedUploadsWhenItStarts) {
  Core core;
  WriteFileAtomically(core.catalog->incoming_folder() + "/half", "half", 0600).value();
  core.Restart();
  EXPECT_TRUE(std::filesystem::is_empty(core.catalog->incoming_folder()));
}

TEST(Catalog, LeavesNoUploadBehindThatItRefuses) {
  Core core;
  const std::string upload = core.catalog->incoming_folder() + "/upload";
  WriteFileAtomically(upload, "bytes", 0600).value();
  EXPECT_EQ(core.catalog->Add(upload, "md5:abc", 5, "x").error().code, Code::kInvalid);
  EXPECT_FALSE(std::filesystem::exists(upload));
  WriteFileAtomically(upload, "bytes", 0600).value();
  EXPECT_THAT(core.catalog->Add(upload, Sha256("bytes"), 5, std::string(256, 'x')).error().message,
              HasSubstr("over the limit of 255"));
  EXPECT_FALSE(std::filesystem::exists(upload));

  // A file stands where the artifact's folder should.
  const std::string digest = Sha256("bytes");
  WriteFileAtomically(core.folder / "artifacts/" + digest.substr(7, 2), "", 0600).value();
  WriteFileAtomically(upload, "bytes", 0600).value();
  EXPECT_FALSE(core.catalog->Add(upload, digest, 5, "x"));
  EXPECT_FALSE(std::filesystem::exists(upload));
}

TEST(Catalog, ListsWhatPeoplePushedAndNoBundles) {
  Core core;
  core.catalog->PushRelease(core.MakeRelease("1.0.0")).value();
  auto list = core.catalog->List().value();
  ASSERT_EQ(list.artifacts_size(), 1);
  EXPECT_EQ(list.artifacts(0).ref().name(), "greeter");

  // Somebody pushes the bytes of a bundle under a name of their own.
  const auto bundle = core.catalog->Bundles("greeter", "1.0.0").value().at(0);
  EXPECT_EQ(core.AddArtifact(ReadFile(core.catalog->PathOf(bundle.digest()).value(), 10'000).value(), "mine").name(),
            "mine");
  core.catalog->PushRelease(core.MakeRelease("1.0.0")).value();
  core.Restart();
  list = core.catalog->List().value();
  ASSERT_EQ(list.artifacts_size(), 2);
  EXPECT_EQ(list.artifacts(0).ref().name(), "mine");
}

TEST(Catalog, StoresAReleaseWithABundleForEachVariant) {
  Core core;
  const auto release = core.catalog->PushRelease(core.MakeRelease("1.0.0")).value();
  EXPECT_TRUE(release.has_created_at());
  const auto bundles = core.catalog->Bundles("greeter", "1.0.0").value();
  ASSERT_EQ(bundles.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    const auto bytes = ReadFile(core.catalog->PathOf(bundles[i].digest()).value(), 10'000).value();
    v1::DeploymentModel model;
    ASSERT_TRUE(model.ParseFromString(bytes));
    EXPECT_EQ(model.SerializeAsString(), release.variants(i).model().SerializeAsString());
    EXPECT_EQ(bundles[i].size_bytes(), bytes.size());
    EXPECT_EQ(bundles[i].digest(), Sha256(bytes));
  }
}

TEST(Catalog, TakesTheSameReleaseAgainAndNoOtherUnderItsVersion) {
  Core core;
  const auto release = core.MakeRelease("1.0.0");
  const auto first = core.catalog->PushRelease(release).value();
  core.loop.Advance(std::chrono::seconds(5));
  EXPECT_EQ(core.catalog->PushRelease(release).value().created_at().seconds(), first.created_at().seconds());
  auto other = release;
  other.set_description("changed");
  const auto pushed = core.catalog->PushRelease(other);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, Code::kConflict);
  EXPECT_EQ(pushed.error().message, "release greeter 1.0.0 exists with other content; choose another version");
}

TEST(Catalog, NamesTheArtifactThatIsMissingOrOfAnotherSize) {
  Core core;
  auto release = core.MakeRelease("1.0.0");
  release.mutable_artifacts(0)->set_size_bytes(7);
  for (v1::Variant& variant : *release.mutable_variants()) {
    variant.mutable_model()->mutable_components(0)->mutable_process()->mutable_artifact()->set_size_bytes(7);
  }
  auto pushed = core.catalog->PushRelease(release);
  EXPECT_EQ(pushed.error().code, Code::kInvalid);
  EXPECT_THAT(pushed.error().message, HasSubstr("artifact \"greeter\""));
  EXPECT_THAT(pushed.error().message, HasSubstr("13 bytes"));

  const std::string digest = Sha256("never pushed");
  release.mutable_artifacts(0)->set_digest(digest);
  for (v1::Variant& variant : *release.mutable_variants()) {
    variant.mutable_model()->mutable_components(0)->mutable_process()->mutable_artifact()->set_digest(digest);
  }
  pushed = core.catalog->PushRelease(release);
  EXPECT_EQ(pushed.error().code, Code::kNotFound);
  EXPECT_THAT(pushed.error().message, HasSubstr("artifact \"greeter\""));
  EXPECT_EQ(core.catalog->Releases("").value().releases_size(), 0);
}

TEST(Catalog, RefusesAReleaseThatDoesNotHold) {
  Core core;
  auto release = core.MakeRelease("1.0.0");
  release.mutable_variants(0)->set_when("arhc == 1");
  EXPECT_EQ(core.catalog->PushRelease(release).error().code, Code::kInvalid);
}

TEST(Catalog, ListsReleasesNewestFirstAndShort) {
  Core core;
  for (const char* version : {"1.0.0", "1.1.0"}) {
    auto release = core.MakeRelease(version);
    release.set_source("the file");
    core.catalog->PushRelease(release).value();
  }
  core.Restart();
  const auto list = core.catalog->Releases("greeter").value();
  ASSERT_EQ(list.releases_size(), 2);
  EXPECT_EQ(list.releases(0).version(), "1.1.0");
  EXPECT_EQ(list.releases(0).source(), "");
  EXPECT_FALSE(list.releases(0).variants(0).has_model());
  EXPECT_EQ(core.catalog->Release("greeter", "1.1.0").value().source(), "the file");
  EXPECT_EQ(core.catalog->Releases("other").value().releases_size(), 0);
  EXPECT_EQ(core.catalog->Release("greeter", "9.0.0").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace motley::tests
