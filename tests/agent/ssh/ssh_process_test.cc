#include "tests/agent/ssh/ssh_kind_test_base.h"

namespace motley::agent {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Match = Observed::Match;
using State = v1::ReportedComponent;

class SshProcessTest : public tests::SshKindTestBase {
 protected:
  bool SoonThere(const std::string& file) {
    return tests::WaitFor([&] { return fs::exists(There("sensor") + "/work/" + file); });
  }
};

TEST_P(SshProcessTest, RunsAProgramAndKnowsIt) {
  const auto instance = Process("echo up > up; exec sleep 1000");
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMissing);
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  const auto observed = Observe(instance);
  EXPECT_EQ(observed.match, Match::kMatches) << observed.detail;
  EXPECT_EQ(observed.state, State::STATE_RUNNING);
  EXPECT_THAT(observed.detail, HasSubstr("running for "));
  EXPECT_TRUE(Runs(observed.pid));
  EXPECT_EQ(Text(There("sensor") + "/work/up"), "up\n");
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Observe(instance).pid, observed.pid) << "it was restarted for nothing";
}

TEST_P(SshProcessTest, LivesOnWithoutConnectionAndAgent) {
  const auto instance = Process("exec sleep 1000");
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  const auto before = Observe(instance);
  server_.Kill();
  const auto meanwhile = Observe(instance);
  EXPECT_EQ(meanwhile.match, Match::kUnknown);
  EXPECT_EQ(meanwhile.state, State::STATE_UNKNOWN);
  EXPECT_THAT(meanwhile.detail, HasSubstr("can not be reached"));
  EXPECT_TRUE(Runs(before.pid));
  NewKind();
  server_.Start();
  Observed after;
  EXPECT_TRUE(tests::WaitFor([&] {
    after = Observe(instance);
    return after.match == Match::kMatches;
  })) << after.detail;
  EXPECT_EQ(after.pid, before.pid) << after.detail;
}

TEST_P(SshProcessTest, RestartsAProgramThatEnds) {
  const auto instance = Process("exec sleep 1000");
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  const auto before = Observe(instance);
  kill(static_cast<pid_t>(before.pid), SIGKILL);
  EXPECT_TRUE(tests::WaitFor([&] {
    const auto now = Observe(instance);
    return now.state == State::STATE_RUNNING && now.pid != before.pid;
  }));
  EXPECT_EQ(Observe(instance).restarts, 1u);
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
}

TEST_P(SshProcessTest, HealsWhatOthersKilledOrDeleted) {
  const auto instance = Process("exec sleep 1000");
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  for (const pid_t pid : Processes()) kill(pid, SIGKILL);
  EXPECT_TRUE(tests::WaitFor([&] { return Processes().empty(); }));
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
  EXPECT_THAT(Observe(instance).detail, HasSubstr("not running"));
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
  fs::remove(There("sensor") + "/bin/sensor");
  EXPECT_THAT(Observe(instance).detail, HasSubstr("its executable is gone"));
  EXPECT_EQ(Observe(instance).match, Match::kDiffers);
  EXPECT_GOOD(Apply(instance));
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
}

TEST_P(SshProcessTest, EndsNothingOfTheSameComponentElsewhere) {
  const auto one = Process("exec sleep 1000");
  auto other = one;
  other.application += "-2";
  for (const auto& instance : {one, other}) {
    EXPECT_GOOD(Apply(instance));
    EXPECT_GOOD(Confirm(instance));
  }
  const auto before = Observe(one);
  const auto beside = Observe(other);
  kill(static_cast<pid_t>(before.pid), SIGKILL);
  EXPECT_TRUE(tests::WaitFor([&] { return Observe(one).restarts == 1; }));
  EXPECT_GOOD(Remove(one));
  const auto after = Observe(other);
  EXPECT_EQ(after.match, Match::kMatches) << after.detail;
  EXPECT_EQ(after.pid, beside.pid) << after.detail;
  EXPECT_EQ(after.restarts, 0u) << after.detail;
}

TEST_P(SshProcessTest, ReplacesAVersionAndGoesBackWithItsData) {
  const auto one = Process("echo one >> data; exec sleep 1000");
  const auto two = Process("echo two >> data; exec sleep 1001");
  EXPECT_GOOD(Apply(one));
  EXPECT_GOOD(Confirm(one));
  const auto before = Observe(one);
  Commit();
  EXPECT_EQ(Observe(two).match, Match::kDiffers);
  EXPECT_THAT(Observe(two).detail, HasSubstr("another version is there"));
  EXPECT_GOOD(Apply(two));
  EXPECT_GOOD(Confirm(two));
  EXPECT_TRUE(SoonRuns(before.pid, false));
  EXPECT_EQ(Observe(two).match, Match::kMatches);
  const auto& artifact = [](const Instance& instance) { return instance.component.process().artifact().digest(); };
  EXPECT_THAT(ArtifactsThere(), UnorderedElementsAre(artifact(one), artifact(two)));
  EXPECT_GOOD(Apply(one));
  EXPECT_GOOD(Confirm(one));
  EXPECT_EQ(Observe(one).match, Match::kMatches);
  EXPECT_EQ(Text(There("sensor") + "/work/data"), "one\ntwo\none\n");
  Commit();
  EXPECT_THAT(ArtifactsThere(), ElementsAre(artifact(one)));
}

TEST_P(SshProcessTest, BringsARemovedOneBackUntilTheCommit) {
  const auto instance = Process("echo up >> data; exec sleep 1000");
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_GOOD(Remove(instance));
  EXPECT_THAT(Processes(), ElementsAre());
  EXPECT_EQ(Observe(instance).match, Match::kMissing);
  NewKind();
  EXPECT_GOOD(Remove(instance));
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_EQ(Text(There("sensor") + "/work/data"), "up\nup\n");
  EXPECT_GOOD(Remove(instance));
  Commit();
  EXPECT_FALSE(fs::exists(There("")));
  EXPECT_THAT(ArtifactsThere(), ElementsAre());
}

TEST_P(SshProcessTest, SaysWhyAProgramDoesNotStayUp) {
  auto instance = Process("echo working; echo 'no such sensor: 7' >&2; exit 4");
  instance.component.mutable_process()->set_confirm_ms(20'000);
  Seal(&instance);
  EXPECT_GOOD(Apply(instance));
  EXPECT_ERROR(Confirm(instance), Code::kUnavailable,
               AllOf(HasSubstr("process \"sensor\": exited with code 4"), HasSubstr("no such sensor: 7")));
  EXPECT_TRUE(tests::WaitFor([&] {
    const auto observed = Observe(instance);
    return observed.state == State::STATE_BACKOFF && observed.detail.find("exited with code 4") != std::string::npos;
  }));
}

TEST_P(SshProcessTest, SaysThatAProgramDoesNotExist) {
  auto instance = Remote("sensor");
  instance.component.mutable_process()->add_command("/no/such/program");
  instance.component.mutable_process()->set_confirm_ms(20'000);
  Seal(&instance);
  EXPECT_GOOD(Apply(instance));
  EXPECT_ERROR(Confirm(instance), Code::kUnavailable, HasSubstr("/no/such/program"));
}

TEST_P(SshProcessTest, LeavesAProgramThatHasDoneItsWork) {
  auto instance = Process("echo done > done");
  instance.component.mutable_process()->set_restart(v1::ProcessSpec::RESTART_ON_FAILURE);
  Seal(&instance);
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_TRUE(tests::WaitFor([&] { return Observe(instance).state == State::STATE_STOPPED; }));
  EXPECT_EQ(Observe(instance).match, Match::kMatches);
  EXPECT_TRUE(tests::WaitFor([&] { return Processes().empty(); }));
  fs::remove(There("sensor") + "/work/done");
  EXPECT_GOOD(Apply(instance));
  EXPECT_FALSE(fs::exists(There("sensor") + "/work/done"));
}

TEST_P(SshProcessTest, AsksBeforeItKills) {
  const auto polite = Process("trap 'echo bye > bye; exit 0' TERM; : > up; while :; do sleep 0.1; done");
  EXPECT_GOOD(Apply(polite));
  EXPECT_TRUE(SoonThere("up"));
  EXPECT_GOOD(Remove(polite));
  EXPECT_EQ(Text(There(".removed-sensor") + "/work/bye"), "bye\n");
}

TEST_P(SshProcessTest, KillsWhatDoesNotListenAndWhatItLeft) {
  auto deaf = Process("trap '' TERM; setsid sleep 1000 & : > up; while :; do sleep 0.1; done");
  deaf.component.mutable_process()->set_stop_timeout_ms(300);
  Seal(&deaf);
  EXPECT_GOOD(Apply(deaf));
  EXPECT_TRUE(SoonThere("up"));
  EXPECT_GOOD(Remove(deaf));
  EXPECT_THAT(Processes(), ElementsAre());
}

TEST_P(SshProcessTest, KeepsLogsWithinBounds) {
  const auto instance = Process("while :; do head -c 300000 /dev/zero; sleep 0.01; done");
  EXPECT_GOOD(Apply(instance));
  const auto size = [this](const char* name) {
    std::error_code error;
    const auto bytes = fs::file_size(There("sensor") + "/" + name, error);
    return error ? 0 : bytes;
  };
  // Until it has been rotated.
  EXPECT_TRUE(tests::WaitFor([&] { return size("log.1") > 0; }));
  EXPECT_LE(size("log"), 512u * 1024);
  EXPECT_LE(size("log.1"), 512u * 1024);
  EXPECT_GOOD(Remove(instance));
}

TEST_P(SshProcessTest, HandsHostileValuesOverAsTheyAre) {
  const std::string hostile = "'; touch /tmp/motley-owned; echo '$(id)`id`\\\n\"*!%s";
  auto instance =
      Process("printf '%s' \"$1\" > argument; printf '%s' \"$FIRST\" > variable; env > env; exec sleep 1000");
  instance.component.mutable_process()->add_command(hostile);
  (*instance.component.mutable_process()->mutable_environment())["FIRST"] = hostile;
  (*instance.component.mutable_process()->mutable_environment())["folder"] = "/elsewhere";
  (*instance.component.mutable_process()->mutable_environment())["MOTLEY_GATEWAY"] = "forged";
  Seal(&instance);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_EQ(Text(There("sensor") + "/work/argument"), hostile);
  EXPECT_EQ(Text(There("sensor") + "/work/variable"), hostile);
  EXPECT_THAT(Text(There("sensor") + "/work/env"),
              AllOf(HasSubstr("MOTLEY_GATEWAY=gw-7\n"), HasSubstr("HOME=" + There("sensor") + "/work\n")));
  EXPECT_FALSE(fs::exists("/tmp/motley-owned"));
  struct stat found {};
  EXPECT_EQ(stat((There("sensor") + "/run").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u) << "secrets in the environment can be read";
}

TEST_P(SshProcessTest, EnforcesTheMemoryLimitAndSaysWhichItCanNot) {
  auto instance = Process("ulimit -v > limit; exec sleep 1000");
  instance.component.mutable_limits()->set_memory_mb(512);
  instance.component.mutable_limits()->set_cpu_millis(500);
  Seal(&instance);
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
  EXPECT_EQ(Text(There("sensor") + "/work/limit"), "524288\n");
  EXPECT_THAT(Observe(instance).detail, HasSubstr("not enforced on an ssh host: cpus"));
}

TEST_P(SshProcessTest, SendsAnArtifactAgainThatWasSpoiltThere) {
  const auto instance = Process("exec sleep 1000");
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Remove(instance));
  const auto digest = instance.component.process().artifact().digest();
  ASSERT_TRUE(WriteFileAtomically(server_.home() + "/.motley/gw-7/.artifacts/" + digest.substr(7), "spoilt", 0600));
  EXPECT_GOOD(Apply(instance));
  EXPECT_GOOD(Confirm(instance));
}

TEST_P(SshProcessTest, RefusesAnArtifactThatIsNotWhatItsDigestSays) {
  const auto instance = Process("exec sleep 1000");
  const auto digest = instance.component.process().artifact().digest();
  ASSERT_TRUE(WriteFileAtomically(setup_.artifact(digest), "something else", 0644));
  EXPECT_ERROR(Apply(instance), Code::kCorrupt, HasSubstr("not what was sent"));
  EXPECT_THAT(ArtifactsThere(), ElementsAre());
}

TEST_P(SshProcessTest, LooksAtManyInOneRoundTrip) {
  std::vector<Observed> seen;
  for (int i = 0; i < 20; ++i) {
    auto instance = Remote("sensor-" + std::to_string(i));
    instance.component.mutable_process()->add_command("true");
    Seal(&instance);
    kind_->Observe(instance, [&seen](const Observed& observed) { seen.push_back(observed); });
  }
  EXPECT_TRUE(tests::RunUntil(*loop_, [&] { return seen.size() == 20; }));
  for (const auto& observed : seen) EXPECT_EQ(observed.match, Match::kMissing) << observed.detail;
  EXPECT_EQ(Sessions(), 1);
}

TEST_P(SshProcessTest, FindsItsWayWhereverItWasCutOff) {
  const auto one = Process("exec sleep 1000");
  const auto two = Process("exec sleep 1001");
  EXPECT_GOOD(Apply(one));
  // The agent ends in the middle of a call, at another place each time.
  for (int cut = 0; cut < 8; ++cut) {
    const auto& next = cut % 2 == 0 ? two : one;
    kind_->Apply(next, [](const Result<void>&) {});
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(cut * 25);
    tests::RunUntil(*loop_, [&] { return std::chrono::steady_clock::now() >= until; });
    NewKind();
  }
  EXPECT_GOOD(Apply(two));
  EXPECT_GOOD(Confirm(two));
  EXPECT_EQ(Observe(two).match, Match::kMatches);
  EXPECT_GOOD(Remove(two));
  EXPECT_THAT(Processes(), ElementsAre());
}

TEST_P(SshProcessTest, RefusesWhatAnSshHostCanNot) {
  auto instance = Process("exec sleep 1000");
  instance.component.set_user("daemon");
  EXPECT_ERROR(kind_->Check(instance), Code::kInvalid, HasSubstr("entered as \"root\""));
  instance = Process("exec sleep 1000");
  (*instance.component.mutable_process()->mutable_environment())["a-b"] = "1";
  EXPECT_ERROR(kind_->Check(instance), Code::kInvalid, HasSubstr("a-b"));
  instance = Process("exec sleep 1000");
  instance.host.mutable_ssh()->set_address("-oProxyCommand=id");
  EXPECT_ERROR(kind_->Check(instance), Code::kInvalid, HasSubstr("address"));
}

INSTANTIATE_TEST_SUITE_P(Userlands, SshProcessTest,
                         ::testing::Values(tests::SshServer::Userland::kDebian, tests::SshServer::Userland::kBusybox),
                         tests::UserlandName);

}  // namespace
}  // namespace motley::agent
