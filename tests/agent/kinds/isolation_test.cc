
#include <cerrno>
#include <csignal>
#include <fstream>

#include "agent/isolation/cgroups.h"
#include "agent/kinds/component_logs.h"
#include "agent/kinds/process.h"
#include "agent/kinds/script.h"
#include "tests/agent/kinds/kind_test_base.h"

namespace motley::agent {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Match = Observed::Match;
using Component = v1::ReportedComponent;

class IsolationTest : public tests::KindTestBase {
 protected:
  IsolationTest() { EXPECT_EQ(chmod(folder_.path().c_str(), 0711), 0); }
  ~IsolationTest() override {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "state/run/" + application_, error)) {
      const auto name = entry.path().filename().string();
      // What starts with "." was set aside, and does not run.
      if (name.front() != '.') EXPECT_GOOD(Remove(*kind_, Make(name)));
    }
  }

  Instance Shell(const std::string& name, const std::string& script, const std::string& user = "") {
    auto instance = Make(name);
    instance.component.set_user(user);
    auto* spec = instance.component.mutable_process();
    for (const char* word : {"/bin/sh", "-c"}) spec->add_command(word);
    spec->add_command(script);
    spec->set_confirm_ms(50);
    spec->set_restart(v1::ProcessSpec::RESTART_NEVER);
    Seal(&instance);
    return instance;
  }
  Instance Script(const std::string& name, const std::string& apply, const std::string& user = "") {
    auto instance = Make(name);
    instance.component.set_user(user);
    instance.component.mutable_script()->set_apply(apply);
    Seal(&instance);
    return instance;
  }
  std::string Folder(const std::string& name) { return folder_ / "state/run/" + application_ + "/" + name; }
  std::vector<std::string> Output(const std::string& name) {
    std::vector<std::string> texts;
    for (const auto& line : ReadComponentLogs(setup_.state_folder, application_ + "/" + name, 1000)) {
      if (line.stream() != "agent") texts.push_back(line.text());
    }
    return texts;
  }
  bool HasCgroups(CgroupLimit limit) { return Cgroups::OfThisMachine(setup_.state_folder).Has(limit); }

  std::unique_ptr<ProcessKind> kind_ = std::make_unique<ProcessKind>(*loop_, setup_);
};

TEST_F(IsolationTest, RunsAProgramAsItsUserInAFolderOfItsOwn) {
  const auto instance = Shell("web",
                              "id -un; pwd; echo $HOME $USER $LOGNAME; umask; ulimit -c; echo kept > mine;"
                              " grep NoNewPrivs /proc/self/status; echo x > ../status; echo x > ../bin; ls ..; exit 0",
                              "nobody");
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto work = Folder("web") + "/work";
  const auto lines = Output("web");
  ASSERT_GE(lines.size(), 6u);
  EXPECT_EQ(lines[0], "nobody");
  EXPECT_EQ(lines[1], work);
  EXPECT_EQ(lines[2], work + " nobody nobody");
  EXPECT_EQ(lines[3], "0027");
  EXPECT_EQ(lines[4], "0");
  EXPECT_EQ(lines[5], "NoNewPrivs:\t1");
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("../status"), HasSubstr("ermission denied"))));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("../bin"), HasSubstr("ermission denied"))));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("ls:"), HasSubstr("ermission denied"))));
  EXPECT_EQ(OwnerOf(work + "/mine").first, 65534u);
  EXPECT_EQ(ModeOf(work + "/mine"), 0640u);
  EXPECT_EQ(OwnerOf(Folder("web") + "/log").first, 0u);
}

TEST_F(IsolationTest, OpensTheWayToTheComponentAndNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "state/agent.db", "secret", 0644));
  ASSERT_TRUE(MakeFolder(folder_ / "state/files", 0755));
  ASSERT_EQ(chmod((folder_ / "state").c_str(), 0700), 0);
  auto instance = Make("tool");
  instance.component.set_user("nobody");
  *instance.component.mutable_process()->mutable_artifact() =
      Artifact("tool", "#!/bin/sh\ncat ../../../../agent.db\nls ../../../../files\nls ../../../..\nexit 7\n");
  instance.component.mutable_process()->set_restart(v1::ProcessSpec::RESTART_NEVER);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable, HasSubstr("exited with code 7"));
  EXPECT_EQ(ModeOf(folder_ / "state"), 0711u);
  EXPECT_EQ(ModeOf(folder_ / "state/agent.db"), 0600u);
  const auto lines = Output("tool");
  EXPECT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines, ::testing::Each(HasSubstr("ermission denied")));
}

TEST_F(IsolationTest, GivesTheWorkToWhoeverHasTheComponentNow) {
  EXPECT_GOOD(Apply(*kind_, Shell("web", "mkdir -p deep/er; echo 1 > deep/er/mine; exit 0", "nobody")));
  const auto mine = Folder("web") + "/work/deep/er/mine";
  ASSERT_TRUE(tests::WaitFor([&] { return Text(mine) == "1\n"; }));
  const auto next = Shell("web", "echo 2 >> deep/er/mine; exit 0", "daemon");
  EXPECT_GOOD(Apply(*kind_, next));
  EXPECT_GOOD(Confirm(*kind_, next));
  EXPECT_EQ(Text(mine), "1\n2\n");
  EXPECT_EQ(OwnerOf(mine).first, 1u);
  const auto own = Shell("web", "echo 3 >> deep/er/mine; exit 0");
  EXPECT_GOOD(Apply(*kind_, own));
  EXPECT_GOOD(Confirm(*kind_, own));
  EXPECT_EQ(OwnerOf(mine).first, 0u);
  EXPECT_EQ(ModeOf(Folder("web")), 0700u);
}

TEST_F(IsolationTest, RemovesWhatAnotherUserHasClosed) {
  const auto instance =
      Shell("web", "mkdir -p a/b; touch a/b/c; chmod 000 a/b; chmod 500 a; exec sleep 1000", "nobody");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  EXPECT_GOOD(Remove(*kind_, instance));
  kind_->Commit();
  EXPECT_TRUE(tests::RunUntil(
      *loop_, [&] { return std::filesystem::is_empty(folder_ / "state/run/" + application_); },
      std::chrono::seconds(10)));
}

TEST_F(IsolationTest, RefusesAUserThatIsNotThere) {
  EXPECT_ERROR(
      kind_->Check(Shell("web", "exit 0", "motley-nobody")), Code::kNotFound,
      "process \"web\": no user \"motley-nobody\" is on this gateway; make it (adduser --system motley-nobody), "
      "or name another in `user`");
  ScriptKind script(*loop_, setup_);
  EXPECT_ERROR(script.Check(Script("job", "exit 0", "motley-nobody")), Code::kNotFound,
               HasSubstr("script \"job\": no user \"motley-nobody\""));
}

TEST_F(IsolationTest, RefusesAUserWhoCanNotReachTheFolder) {
  ASSERT_EQ(chmod(folder_.path().c_str(), 0700), 0);
  EXPECT_ERROR(kind_->Check(Shell("web", "exit 0", "nobody")), Code::kDenied,
               HasSubstr("user \"nobody\" can not enter " + folder_.path()));
}

TEST_F(IsolationTest, RunsAScriptAsItsUserAndUndoesItAsTheUserOfThen) {
  ScriptKind script(*loop_, setup_);
  auto instance = Script("job", "id -un > who", "nobody");
  const auto undone = folder_ / "public/undone";
  ASSERT_TRUE(MakeFolder(folder_ / "public"));
  ASSERT_EQ(chmod((folder_ / "public").c_str(), 0777), 0);
  instance.component.mutable_script()->set_undo("id -un > " + undone);
  Seal(&instance);
  EXPECT_GOOD(script.Check(instance));
  EXPECT_GOOD(Apply(script, instance));
  const auto work = folder_ / "state/scripts/" + application_ + "/job/work/";
  EXPECT_EQ(Text(work + "who"), "nobody\n");
  const auto next = Script("job", "id -un > who", "daemon");
  EXPECT_GOOD(Apply(script, next));
  EXPECT_EQ(Text(undone), "nobody\n");
  EXPECT_EQ(Text(work + "who"), "daemon\n");
  EXPECT_GOOD(Remove(script, next));
}

TEST_F(IsolationTest, SaysThatAProgramWasKilledForItsMemory) {
  // tail keeps what has no line end.
  auto instance = Shell("web", "exec tail /dev/zero");
  instance.component.mutable_limits()->set_memory_mb(24);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_TRUE(tests::WaitFor([&] { return Observe(*kind_, instance).state == Component::STATE_STOPPED; }));
  const auto detail = Observe(*kind_, instance).detail;
  if (HasCgroups(CgroupLimit::kMemory)) {
    EXPECT_THAT(detail, HasSubstr("was killed: it used more than its 24 MB of memory"));
  } else {
    EXPECT_THAT(detail, HasSubstr("exited with code 1"));
    EXPECT_THAT(Output("web"), Contains(HasSubstr("exhausted")));
  }
}

TEST_F(IsolationTest, LimitsHowManyProcessesAComponentHas) {
  auto instance = Shell("web", "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; exec sleep 1000");
  instance.component.mutable_limits()->set_pids(4);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  if (HasCgroups(CgroupLimit::kPids)) {
    EXPECT_TRUE(tests::WaitFor([&] { return !Output("web").empty(); }));
    EXPECT_THAT(Output("web"), Contains(HasSubstr("ork")));
  } else {
    EXPECT_THAT(Observe(*kind_, instance).detail, HasSubstr("(without cgroups; "));
  }
}

TEST_F(IsolationTest, LeavesNoCgroupBehind) {
  auto instance = Shell("web", "exec sleep 1000", "nobody");
  instance.component.mutable_limits()->set_memory_mb(64);
  instance.component.mutable_limits()->set_cpu_millis(500);
  instance.component.mutable_limits()->set_pids(20);
  Seal(&instance);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto cgroups = Cgroups::OfThisMachine(setup_.state_folder);
  const auto name = "run~" + application_ + "~web";
  for (const auto limit : {CgroupLimit::kMemory, CgroupLimit::kCpu, CgroupLimit::kPids}) {
    EXPECT_EQ(cgroups.Exists(name, limit), cgroups.Has(limit));
  }
  EXPECT_GOOD(Remove(*kind_, instance));
  for (const auto limit : {CgroupLimit::kMemory, CgroupLimit::kCpu, CgroupLimit::kPids}) {
    EXPECT_FALSE(cgroups.Exists(name, limit));
    // Nor the folder of the agent.
    EXPECT_FALSE(cgroups.Exists("", limit));
  }
}

TEST_F(IsolationTest, StopsAComponentThatOutgrowsItsDisk) {
  auto instance = Shell("web", "head -c 3000000 /dev/zero > big; exec sleep 1000");
  instance.component.mutable_limits()->set_disk_mb(2);
  Seal(&instance);
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(tests::WaitFor([&] { return Observe(*kind_, instance).state == Component::STATE_STOPPED; }));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.detail,
            "was stopped: its folder has more than its 2 MB; make room in " + Folder("web") + ", or raise disk_mb");
  ASSERT_TRUE(tests::WaitFor([&] { return LookAtSupervisor(Folder("web"))->supervisor == 0; }));
  // A deployment of it fails, for that reason.
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_ERROR(Confirm(*kind_, instance), Code::kUnavailable, HasSubstr("its folder has more than its 2 MB"));
  // Once there is room it is started again.
  std::filesystem::remove(Folder("web") + "/work/big");
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
}

TEST_F(IsolationTest, FailsAScriptThatLeavesTooMuch) {
  ScriptKind script(*loop_, setup_);
  auto instance = Script("job", "head -c 3000000 /dev/zero > big");
  instance.component.mutable_limits()->set_disk_mb(2);
  Seal(&instance);
  EXPECT_ERROR(Apply(script, instance), Code::kUnavailable,
               HasSubstr("apply ended well, and its folder has more than"));
  EXPECT_GOOD(Remove(script, instance));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state/scripts/" + application_ + "/job"));
}

TEST_F(IsolationTest, RestartsAProgramWhoseIdentityChangedThoughItsContentDidNot) {
  auto instance = Shell("web", "exec sleep 1000");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto before = Observe(*kind_, instance).pid;
  // Something that it follows has changed.
  instance.digest = Sha256("what it follows, version 2");
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  const auto after = Observe(*kind_, instance);
  EXPECT_EQ(after.match, Match::kMatches);
  EXPECT_NE(after.pid, before);
  EXPECT_NE(kill(static_cast<pid_t>(before), 0), 0);
}

}  // namespace
}  // namespace motley::agent
