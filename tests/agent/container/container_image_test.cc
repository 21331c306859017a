#include <sys/stat.h>

#include "agent/kinds/container.h"
#include "tests/agent/container/engines.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Match = Observed::Match;

class ContainerImageTest : public tests::ContainerTestBase {
 protected:
  /// As Shell, with an image of its own.
  Instance WithImage(const std::string& name, const std::string& image, const std::string& mark) {
    auto instance = Server(name);
    Spec(&instance)->set_image(image);
    *Spec(&instance)->mutable_archive() = Image({.name = image, .command = {"sleep", mark}, .health = {}});
    Seal(&instance);
    return instance;
  }
  /// Beside the test image.
  std::size_t Images() {
    const auto images = engine_.ImageIds();
    return images ? images->size() - 1 : 999;
  }
  bool WaitForImages(std::size_t count) {
    return tests::RunUntil(*loop_, [&] { return Images() == count; });
  }
};

TEST_P(ContainerImageTest, TakesWhatIsInTheVeryArchiveWhateverItsName) {
  // Both are called the same.
  const auto old = WithImage("web", "localhost/same:1", "1");
  const auto next = WithImage("web", "localhost/same:1", "2");
  EXPECT_GOOD(Apply(*kind_, old));
  const std::string first = Details(old).image_id;
  EXPECT_GOOD(Apply(*kind_, next));
  const std::string second = Details(next).image_id;
  EXPECT_NE(first, second);
  // It is loaded once: without the file, another component has its image too.
  ASSERT_EQ(unlink(setup_.artifact(next.component.container().archive().digest()).c_str()), 0);
  auto other = next;
  other.component.set_name("other");
  Seal(&other);
  EXPECT_GOOD(Apply(*kind_, other));
  EXPECT_EQ(Details(other).image_id, second);
}

TEST_P(ContainerImageTest, RemovesImagesThatNobodyUsesWithTheCommit) {
  const auto old = WithImage("web", "localhost/old:1", "1");
  const auto next = WithImage("web", "localhost/next:1", "2");
  EXPECT_GOOD(Apply(*kind_, old));
  kind_->Commit();
  EXPECT_GOOD(Apply(*kind_, next));
  EXPECT_EQ(Images(), 2u);
  kind_->Commit();
  EXPECT_TRUE(WaitForImages(1));
  EXPECT_EQ(Observe(*kind_, next).match, Match::kMatches);
  RestartKind();
  EXPECT_GOOD(Remove(*kind_, next));
  kind_->Commit();
  EXPECT_TRUE(WaitForImages(0));
  EXPECT_TRUE(tests::WaitFor([&] { return std::filesystem::is_empty(setup_.state_folder + "/containers"); }));
}

TEST_P(ContainerImageTest, LeavesImagesThatWereThereBefore) {
  const auto instance = WithImage("web", "localhost/theirs:1", "1");
  ASSERT_TRUE(engine_.Load(setup_.artifact(instance.component.container().archive().digest())));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_TRUE(CommitLeaves({}));
  // Another round, so that the first is over for sure.
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Images(), 1u);
}

TEST_P(ContainerImageTest, LeavesImagesThatOthersUse) {
  const auto instance = WithImage("web", "localhost/shared:1", "1");
  EXPECT_GOOD(Apply(*kind_, instance));
  const std::string image = Details(instance).image_id;
  ASSERT_EQ(tests::RunProgram(real_.ClientCommand({"create", "--name", "theirs", "--network", "none", "--ulimit",
                                                   "nofile=1024:1024", "--ulimit", "nproc=100:100", image}))
                .exit_code,
            0);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_TRUE(CommitLeaves({"theirs"}));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Details(instance).image_id, image);
}

TEST_P(ContainerImageTest, TakesAnImageThatIsThereWithoutPulling) {
  auto instance = WithImage("web", "localhost/there:1", "1");
  ASSERT_TRUE(engine_.Load(setup_.artifact(instance.component.container().archive().digest())));
  Spec(&instance)->clear_archive();
  Seal(&instance);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_TRUE(CommitLeaves({}));
  EXPECT_EQ(Images(), 1u);
}

TEST_P(ContainerImageTest, SaysWhyAnImageCanNotBePulled) {
  auto instance = Server("web");
  const std::string reference = "127.0.0.1:" + std::to_string(tests::FreePort()) + "/none:1";
  Spec(&instance)->clear_archive();
  Spec(&instance)->set_image(reference);
  Seal(&instance);
  const auto applied = Apply(*kind_, instance);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, AllOf(HasSubstr("pull image \"" + reference + "\""), HasSubstr("refused")));
}

TEST_P(ContainerImageTest, SaysWhatIsWrongWithAnArchive) {
  auto instance = WithImage("web", "localhost/there:1", "1");
  const std::string whole = Text(setup_.artifact(instance.component.container().archive().digest()));
  *Spec(&instance)->mutable_archive() = Artifact("cut.tar", whole.substr(0, whole.size() / 2));
  EXPECT_ERROR(Apply(*kind_, instance), Code::kUnavailable,
               AllOf(HasSubstr("load image archive cut.tar"), HasSubstr("unexpected EOF")));
  const std::string missing = setup_.artifact(instance.component.container().archive().digest());
  ASSERT_EQ(unlink(missing.c_str()), 0);
  EXPECT_ERROR(kind_->Check(instance), Code::kNotFound, HasSubstr(missing));
}

TEST_P(ContainerImageTest, KnowsItsImageAfterALoadThatWasCutOff) {
  const auto instance = WithImage("web", "localhost/cut:1", "1");
  const auto& archive = instance.component.container().archive();
  ContainerImages images(setup_.state_folder, setup_.artifact, ContainerEngine::LabelOf({}, real_.socket()));
  // The record was written, the image came, and the power failed.
  ASSERT_EQ(rename(setup_.artifact(archive.digest()).c_str(), (folder_ / "image").c_str()), 0);
  ASSERT_FALSE(images.Ensure(engine_, instance));
  ASSERT_EQ(rename((folder_ / "image").c_str(), setup_.artifact(archive.digest()).c_str()), 0);
  ASSERT_TRUE(engine_.Load(setup_.artifact(archive.digest())));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Remove(*kind_, instance));
  kind_->Commit();
  EXPECT_TRUE(WaitForImages(0));
}

INSTANTIATE_TEST_SUITE_P(Engines, ContainerImageTest,
                         ::testing::Values(tests::EngineType::kDocker, tests::EngineType::kPodman),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace motley::agent
