#include "agent/kinds/container.h"

#include <sys/stat.h>

#include "tests/agent/container/engines.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Match = Observed::Match;
using Component = v1::ReportedComponent;

class ContainerKindTest : public tests::ContainerTestBase {};

TEST_P(ContainerKindTest, RunsAContainerAndKnowsItAgain) {
  const auto instance = Server("web");
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kMatches) << observed.detail;
  EXPECT_EQ(observed.state, Component::STATE_RUNNING);
  EXPECT_THAT(observed.detail, StartsWith("running for "));
  EXPECT_NE(observed.pid, 0u);
  const auto labels = Details(instance).labels;
  EXPECT_EQ(labels.at("io.motley.gateway"), "gw-7");
  EXPECT_EQ(labels.at("io.motley.application"), application_);
  EXPECT_EQ(labels.at("io.motley.component"), "web");
  EXPECT_EQ(labels.at("io.motley.digest"), instance.digest);
}

TEST_P(ContainerKindTest, LeavesARunningInstanceAlone) {
  const auto instance = Server("web");
  EXPECT_GOOD(Apply(*kind_, instance));
  const auto before = Details(instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  RestartKind();
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  EXPECT_EQ(Details(instance).id, before.id);
  EXPECT_EQ(Details(instance).started_at, before.started_at);
}

TEST_P(ContainerKindTest, GivesTheProgramWhatTheModelSays) {
  auto instance =
      Shell("web", "echo $COLOUR; cat /conf/text; touch /conf/x || echo closed; ls /dev/zero-too; exec sleep 1000");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "text", "from the host\n", 0644));
  auto* spec = Spec(&instance);
  (*spec->mutable_environment())["COLOUR"] = "blue = green";
  auto* mount = spec->add_mounts();
  mount->set_source(folder_.path());
  mount->set_target("/conf");
  mount->set_read_only(true);
  auto* device = spec->add_devices();
  device->set_path_on_host("/dev/zero");
  device->set_path_in_container("/dev/zero-too");
  (*spec->mutable_labels())["owner"] = "somebody";
  instance.component.mutable_limits()->set_memory_mb(64);
  instance.component.mutable_limits()->set_cpu_millis(500);
  instance.component.mutable_limits()->set_pids(50);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto output = Output(instance, 5);
  EXPECT_THAT(output, ::testing::UnorderedElementsAre("blue = green", "from the host",
                                                      HasSubstr("Read-only file system"), "closed", "/dev/zero-too"));
  EXPECT_EQ(Details(instance).memory_bytes, 64u << 20);
  EXPECT_EQ(Details(instance).labels.at("owner"), "somebody");
}

TEST_P(ContainerKindTest, PublishesPorts) {
  auto server = Shell("web", "trap 'exit 0' TERM; while :; do echo hello | nc -l -p 80; done");
  auto* port = Spec(&server)->add_ports();
  port->set_host_port(8080);
  port->set_container_port(80);
  port->set_host_address("127.0.0.1");
  Spec(&server)->clear_network();
  auto client = Shell("client", "until nc 127.0.0.1 8080 < /dev/null; do sleep 0.1; done");
  Spec(&client)->set_network("host");
  Spec(&client)->set_restart(v1::ProcessSpec::RESTART_NEVER);
  EXPECT_GOOD(Apply(*kind_, server));
  EXPECT_GOOD(Apply(*kind_, client));
  EXPECT_THAT(Output(client, 1), ElementsAre("hello"));
}

TEST_P(ContainerKindTest, LetsNoProgramGainPrivileges) {
  const auto instance = Shell("web",
                              "while read -r line; do case $line in NoNewPrivs*) echo $line;; esac; done "
                              "< /proc/self/status; exec sleep 1000");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_THAT(Output(instance, 1), ElementsAre("NoNewPrivs: 1"));
}

TEST_P(ContainerKindTest, MatchesWhatEndedWellAndNeedNotRunAgain) {
  for (const auto restart : {v1::ProcessSpec::RESTART_NEVER, v1::ProcessSpec::RESTART_ON_FAILURE}) {
    auto instance = Shell("job" + std::to_string(restart), "echo done");
    Spec(&instance)->set_restart(restart);
    Seal(&instance);
    EXPECT_GOOD(Apply(*kind_, instance));
    ASSERT_TRUE(tests::WaitFor([&] { return Details(instance).status == ContainerDetails::Status::kEnded; }));
    EXPECT_GOOD(Confirm(*kind_, instance));
    const auto observed = Observe(*kind_, instance);
    EXPECT_EQ(observed.match, Match::kMatches);
    EXPECT_EQ(observed.state, Component::STATE_STOPPED);
    EXPECT_EQ(observed.detail, "it ended with exit code 0; it is not to be started again");
  }
}

TEST_P(ContainerKindTest, SaysWhyAProgramEndedWithItsLastWords) {
  auto instance = Shell("job", "echo trying; echo 'no such sensor' >&2; exit 3");
  Spec(&instance)->set_restart(v1::ProcessSpec::RESTART_NEVER);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(tests::WaitFor([&] { return Details(instance).status == ContainerDetails::Status::kEnded; }));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable,
               AllOf(StartsWith("container \"job\": it ended with exit code 3; its last lines: "), HasSubstr("trying"),
                     HasSubstr("no such sensor")));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kDiffers);
  EXPECT_EQ(observed.detail, "it ended with exit code 3");
}

TEST_P(ContainerKindTest, DoesNotConfirmWhatIsRestartedAgainAndAgain) {
  auto instance = Shell("web", "echo oh no; sleep 0.3; exit 7");
  Spec(&instance)->set_confirm_ms(20'000);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable, HasSubstr("oh no"));
}

TEST_P(ContainerKindTest, SaysThatAProgramWasOutOfMemory) {
  auto instance = Shell("web", "x=12345678; while :; do x=$x$x; done");
  Spec(&instance)->set_restart(v1::ProcessSpec::RESTART_NEVER);
  instance.component.mutable_limits()->set_memory_mb(16);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(tests::WaitFor([&] { return Details(instance).status == ContainerDetails::Status::kEnded; }));
  EXPECT_THAT(Observe(*kind_, instance).detail, HasSubstr("used more than its 16 MB of memory"));
}

TEST_P(ContainerKindTest, WaitsForTheHealthCheckOfTheImage) {
  auto instance = Shell("web", "sleep 0.5; touch /healthy; exec sleep 1000");
  Spec(&instance)->set_image("localhost/healthy:1");
  *Spec(&instance)->mutable_archive() =
      Image({.name = "localhost/healthy:1", .command = {"sh"}, .health = {"test", "-f", "/healthy"}});
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  EXPECT_THAT(Observe(*kind_, instance).detail, HasSubstr("; healthy"));
  ASSERT_EQ(tests::RunProgram(real_.ClientCommand({"exec", Name(instance), "rm", "/healthy"})).exit_code, 0);
  EXPECT_TRUE(tests::WaitFor([&] { return Observe(*kind_, instance).state == Component::STATE_UNHEALTHY; }));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
}

TEST_P(ContainerKindTest, DoesNotConfirmAnUnhealthyContainer) {
  auto instance = Server("web");
  Spec(&instance)->set_image("localhost/healthy:1");
  *Spec(&instance)->mutable_archive() =
      Image({.name = "localhost/healthy:1", .command = {"sh"}, .health = {"test", "-f", "/healthy"}});
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable, HasSubstr("its image's health check fails"));
}

TEST_P(ContainerKindTest, StopsAContainerThatFillsTheDisk) {
  auto instance = Shell("web", "dd if=/dev/zero of=/big bs=1M count=3; echo written; exec sleep 1000");
  instance.component.mutable_limits()->set_disk_mb(2);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_THAT(Output(instance, 3), ::testing::Contains("written"));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.state, Component::STATE_STOPPED);
  EXPECT_EQ(observed.detail, "was stopped, since it wrote 3 MB over its image, of at most 2 MB");
  EXPECT_EQ(Details(instance).status, ContainerDetails::Status::kEnded);
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable, HasSubstr("of at most 2 MB"));
}

TEST_P(ContainerKindTest, DoesManyAtATime) {
  std::vector<Instance> instances;
  std::size_t good = 0;
  for (int i = 0; i < 4; ++i) instances.push_back(Server("web" + std::to_string(i)));
  for (const auto& instance : instances) {
    kind_->Apply(instance, [&](const Result<void>& applied) { good += applied ? 1 : 0; });
  }
  ASSERT_TRUE(tests::RunUntil(
      *loop_, [&] { return good == instances.size(); }, std::chrono::seconds(30)));
  for (const auto& instance : instances) EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
}

TEST_P(ContainerKindTest, RefusesWhatTheEngineCanNotDoWithoutTellingSecrets) {
  auto instance = Server("web");
  auto* mount = Spec(&instance)->add_mounts();
  mount->set_source("/no/such/folder");
  mount->set_target("/data");
  (*Spec(&instance)->mutable_environment())["PASSWORD"] = "hunter2";
  Seal(&instance);
  const auto applied = Apply(*kind_, instance);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, AllOf(HasSubstr("/no/such/folder"), Not(HasSubstr("hunter2"))));
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_TRUE(CommitLeaves({}));
}

TEST_P(ContainerKindTest, KnowsWhenTheEngineIsAway) {
  const std::string nowhere = folder_ / "nowhere.sock";
  ContainerKind kind(*loop_, setup_, SshClient(folder_ / "ssh"), nowhere);
  const auto instance = Server("web");
  EXPECT_ERROR(kind.Check(instance), Code::kUnavailable, AllOf(HasSubstr(nowhere), HasSubstr("install docker.io")));
  EXPECT_EQ(Observe(kind, instance).match, Match::kUnknown);
  EXPECT_ERROR(Apply(kind, instance), Code::kUnavailable, HasSubstr(nowhere));
}

INSTANTIATE_TEST_SUITE_P(Engines, ContainerKindTest,
                         ::testing::Values(tests::EngineType::kDocker, tests::EngineType::kPodman),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace motley::agent
