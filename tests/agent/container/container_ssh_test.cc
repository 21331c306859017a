#include "tests/agent/container/engines.h"
#include "tests/support/ssh_server.h"

namespace motley::agent {
namespace {

using Match = Observed::Match;

/// The engine as if it were on another machine, behind a real sshd.
class ContainerSshTest : public tests::ContainerTestBase {
 protected:
  Instance Remote(const std::string& name) {
    auto instance = Server(name);
    auto* engine = instance.host.mutable_container_engine();
    engine->set_host(server_.host().name());
    engine->set_socket(real_.socket());
    instance.engine_host = server_.host();
    return instance;
  }
  tests::SshServer server_;
};

TEST_P(ContainerSshTest, RunsAContainerOnAnotherMachine) {
  const auto instance = Remote("web");
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kMatches) << observed.detail;
  // It means nothing here.
  EXPECT_EQ(observed.pid, 0u);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_TRUE(CommitLeaves({}));
}

TEST_P(ContainerSshTest, ConnectsAgainWhenTheConnectionIsLost) {
  const auto instance = Remote("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  server_.Kill();
  EXPECT_TRUE(tests::WaitFor([&] { return Observe(*kind_, instance).match == Match::kUnknown; }));
  server_.Start();
  EXPECT_TRUE(tests::WaitFor([&] { return Observe(*kind_, instance).match == Match::kMatches; }));
}

TEST_P(ContainerSshTest, LoadsAnImageOverTheConnection) {
  auto instance = Remote("web");
  Spec(&instance)->set_image("localhost/far:1");
  *Spec(&instance)->mutable_archive() = Image({.name = "localhost/far:1", .command = {"sleep"}, .health = {}});
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_NE(Details(instance).image_id, TestImageId());
}

INSTANTIATE_TEST_SUITE_P(Engines, ContainerSshTest,
                         ::testing::Values(tests::EngineType::kDocker, tests::EngineType::kPodman),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace motley::agent
