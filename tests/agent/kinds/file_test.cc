#include "agent/kinds/file.h"

#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/kinds/records.pb.h"
#include "tests/agent/kinds/kind_test_base.h"
#include "tests/agent/supervise/small_disk.h"

namespace motley::agent {
namespace {

using ::testing::HasSubstr;
using Match = Observed::Match;
namespace fs = std::filesystem;

class FileKindTest : public tests::KindTestBase {
 protected:
  Instance File(const std::string& path, const std::string& content, unsigned mode = 0) {
    auto instance = Make("config");
    auto* spec = instance.component.mutable_file();
    spec->set_path(path);
    spec->set_content(content);
    spec->set_mode(mode);
    Seal(&instance);
    return instance;
  }
  Instance Owned(const std::string& owner, const std::string& group) {
    auto instance = File(path_, "a=1\n", 04755);
    instance.component.mutable_file()->set_owner(owner);
    instance.component.mutable_file()->set_group(group);
    Seal(&instance);
    return instance;
  }
  std::string RecordPath() { return folder_ / "state/files/" + application_ + "/config.pb"; }
  static std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    return names;
  }

  std::string path_ = folder_ / "etc/app/config.ini";
  std::unique_ptr<FileKind> kind_ = std::make_unique<FileKind>(*loop_, setup_);
};

TEST_F(FileKindTest, PutsAFileInPlaceAndTakesItAway) {
  const auto instance = File(path_, "a=1\n");
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_GOOD(Confirm(*kind_, instance));
  EXPECT_EQ(Text(path_), "a=1\n");
  EXPECT_EQ(ModeOf(path_), 0644u);
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kMatches);
  EXPECT_EQ(observed.state, v1::ReportedComponent::STATE_RUNNING);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMissing);
  EXPECT_GOOD(Remove(*kind_, instance));
  EXPECT_THAT(Names(folder_ / "etc/app"), ::testing::IsEmpty());
}

TEST_F(FileKindTest, PutsAnArtifactInPlace) {
  auto instance = Make("config");
  const std::string bytes(200000, '\xFE');
  *instance.component.mutable_file()->mutable_artifact() = Artifact("blob", bytes);
  instance.component.mutable_file()->set_path(path_);
  instance.component.mutable_file()->set_mode(04750);
  EXPECT_GOOD(kind_->Check(instance));
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Text(path_), bytes);
  EXPECT_EQ(ModeOf(path_), 04750u);
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
}

TEST_F(FileKindTest, RefusesAnArtifactThatIsNotWhatItsDigestSays) {
  auto instance = Make("config");
  auto* spec = instance.component.mutable_file();
  *spec->mutable_artifact() = Artifact("blob", "right");
  spec->set_path(path_);
  ASSERT_TRUE(WriteFileAtomically(setup_.artifact(spec->artifact().digest()), "wrong", 0644));
  EXPECT_ERROR(Apply(*kind_, instance), Code::kCorrupt, HasSubstr("fetch it again"));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(FileKindTest, FindsDriftAndHealsIt) {
  const auto instance = File(path_, "a=1\n");
  struct Row {
    std::string drift;
    std::function<void()> change;
  };
  const Row rows[] = {
      {"has other content", [&] { ASSERT_TRUE(WriteFileAtomically(path_, "a=2\n", 0644)); }},
      {"has mode 0600, not 0644", [&] { chmod(path_.c_str(), 0600); }},
      {"is gone", [&] { unlink(path_.c_str()); }},
  };
  for (const auto& row : rows) {
    EXPECT_GOOD(Apply(*kind_, instance));
    ASSERT_EQ(Observe(*kind_, instance).match, Match::kMatches);
    row.change();
    const auto observed = Observe(*kind_, instance);
    EXPECT_EQ(observed.match, Match::kDiffers);
    EXPECT_EQ(observed.detail, path_ + " " + row.drift);
  }
}

TEST_F(FileKindTest, GivesTheFileToItsOwnerAndHealsThat) {
  const auto instance = Owned("daemon", "12");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(OwnerOf(path_), std::pair(1u, 12u));
  EXPECT_EQ(ModeOf(path_), 04755u);
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
  ASSERT_EQ(chown(path_.c_str(), 0, 12), 0);
  ASSERT_EQ(chmod(path_.c_str(), 04755), 0);
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kDiffers);
  EXPECT_EQ(Observe(*kind_, instance).detail, path_ + " belongs to user 0, not daemon");
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_EQ(chown(path_.c_str(), 1, 0), 0);
  ASSERT_EQ(chmod(path_.c_str(), 04755), 0);
  EXPECT_EQ(Observe(*kind_, instance).detail, path_ + " belongs to group 0, not 12");
  EXPECT_GOOD(Apply(*kind_, instance));
  EXPECT_EQ(Observe(*kind_, instance).match, Match::kMatches);
}

TEST_F(FileKindTest, TakesTheFileFromAnOwnerThatANewVersionDoesNotName) {
  EXPECT_GOOD(Apply(*kind_, Owned("daemon", "")));
  EXPECT_EQ(OwnerOf(path_), std::pair(1u, 0u));
  const auto anybodys = Owned("", "");
  EXPECT_EQ(Observe(*kind_, anybodys).match, Match::kDiffers);
  EXPECT_THAT(Observe(*kind_, anybodys).detail, HasSubstr("which another version gave it to"));
  EXPECT_GOOD(Apply(*kind_, anybodys));
  EXPECT_EQ(OwnerOf(path_), std::pair(0u, 0u));
  // Whom others give it to is theirs to say.
  ASSERT_EQ(chown(path_.c_str(), 2, 2), 0);
  ASSERT_EQ(chmod(path_.c_str(), 04755), 0);
  EXPECT_EQ(Observe(*kind_, anybodys).match, Match::kMatches);
}

TEST_F(FileKindTest, NamesAnOwnerThatIsNotThere) {
  EXPECT_ERROR(Apply(*kind_, Owned("nobody-of-that-name", "")), Code::kNotFound,
               HasSubstr("no user \"nobody-of-that-name\" is on this gateway; make it, or give its number"));
  EXPECT_ERROR(Apply(*kind_, Owned("", "no-such-group")), Code::kNotFound, HasSubstr("no group \"no-such-group\""));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_FALSE(fs::exists(RecordPath()));
  EXPECT_GOOD(Apply(*kind_, Owned("54321", "54322")));
  EXPECT_EQ(OwnerOf(path_), std::pair(54321u, 54322u));
}

TEST_F(FileKindTest, SaysThatOnlyRootGivesFilesAway) {
  kind_.reset();
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  setup_.state_folder = folder_ / "unprivileged";
  const pid_t agent = fork();
  if (agent == 0) {
    if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    const auto loop = EventLoop::Create();
    FileKind kind(*loop, setup_);
    kind.Apply(Owned("daemon", ""), [&](const Result<void>& refused) {
      if (refused || refused.error().code != Code::kDenied) _exit(2);
      if (refused.error().message.find("only as root it can give " + path_ + " to daemon;") == std::string::npos)
        _exit(3);
      // To itself it gives them.
      kind.Apply(Owned("65534", "65534"), [](const Result<void>& given) { _exit(given ? 0 : 4); });
    });
    loop->Run();
    _exit(5);
  }
  int status = 0;
  ASSERT_EQ(waitpid(agent, &status, 0), agent);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(FileKindTest, KeepsWhatWasThereAndPutsItBack) {
  ASSERT_TRUE(MakeFolder(folder_ / "etc/app"));
  ASSERT_TRUE(WriteFileAtomically(path_, "by hand\n", 0640));
  ASSERT_EQ(chown(path_.c_str(), 0, 12), 0);
  EXPECT_GOOD(Apply(*kind_, File(path_, "one")));
  EXPECT_GOOD(Apply(*kind_, File(path_, "two")));
  EXPECT_EQ(Text(path_), "two");
  EXPECT_GOOD(Remove(*kind_, File(path_, "two")));
  EXPECT_EQ(Text(path_), "by hand\n");
  EXPECT_EQ(ModeOf(path_), 0640u);
  EXPECT_EQ(OwnerOf(path_), std::pair(0u, 12u));
  EXPECT_THAT(Names(fs::path(RecordPath()).parent_path()), ::testing::IsEmpty());
}

TEST_F(FileKindTest, TakesTheOldFileAwayWhenThePathChanges) {
  ASSERT_TRUE(MakeFolder(folder_ / "etc/app"));
  ASSERT_TRUE(WriteFileAtomically(path_, "by hand\n", 0640));
  EXPECT_GOOD(Apply(*kind_, File(path_, "one")));
  const auto moved = File(folder_ / "etc/other.ini", "one");
  EXPECT_EQ(Observe(*kind_, moved).match, Match::kDiffers);
  EXPECT_GOOD(Apply(*kind_, moved));
  EXPECT_EQ(Text(path_), "by hand\n");
  EXPECT_EQ(Text(folder_ / "etc/other.ini"), "one");
  EXPECT_EQ(Observe(*kind_, moved).match, Match::kMatches);
}

TEST_F(FileKindTest, ReplacesPlainFilesOnly) {
  ASSERT_TRUE(MakeFolder(folder_ / "etc/app/folder"));
  EXPECT_ERROR(Apply(*kind_, File(folder_ / "etc/app/folder", "x")), Code::kConflict, HasSubstr("is a folder"));
  ASSERT_EQ(symlink("target", path_.c_str()), 0);
  EXPECT_ERROR(Apply(*kind_, File(path_, "x")), Code::kConflict, HasSubstr("is a symbolic link"));
  ASSERT_EQ(mkfifo((folder_ / "etc/app/pipe").c_str(), 0600), 0);
  EXPECT_ERROR(Apply(*kind_, File(folder_ / "etc/app/pipe", "x")), Code::kConflict, HasSubstr("is a device"));
  EXPECT_FALSE(fs::exists(RecordPath()));
}

TEST_F(FileKindTest, RefusesPathsThatAreNotForIt) {
  for (const std::string path : {"", "relative", "/etc/../root/x", "/etc//x", "/etc/app/", "/etc/./x"}) {
    EXPECT_ERROR(kind_->Check(File(path, "x")), Code::kInvalid, HasSubstr("is not absolute and plain"));
  }
  EXPECT_ERROR(kind_->Check(File(setup_.state_folder + "/agent.db", "x")), Code::kInvalid,
               HasSubstr("is inside the agent's own folder"));
  ASSERT_EQ(symlink(setup_.state_folder.c_str(), (folder_ / "link").c_str()), 0);
  EXPECT_ERROR(kind_->Check(File(folder_ / "link/agent.db", "x")), Code::kInvalid,
               HasSubstr("is inside the agent's own folder"));
  EXPECT_GOOD(kind_->Check(File(setup_.state_folder + "-other/x", "x")));
  EXPECT_ERROR(kind_->Check(File(path_, "x", 010000)), Code::kInvalid, HasSubstr("mode 10000 is above 07777"));
}

TEST_F(FileKindTest, RefusesAPathThatAnotherComponentHas) {
  EXPECT_GOOD(Apply(*kind_, File(path_, "one")));
  auto second = File(path_, "two");
  second.component.set_name("second");
  EXPECT_ERROR(Apply(*kind_, second), Code::kConflict, HasSubstr("is the file of component \"config\""));
  EXPECT_EQ(Text(path_), "one");
}

TEST_F(FileKindTest, LeavesTheOldFileUntouchedOnAFullDisk) {
  tests::SmallDisk disk(64 << 10);
  path_ = disk.path() + "/config.ini";
  ASSERT_TRUE(WriteFileAtomically(path_, "by hand\n", 0600));
  const auto old = File(path_, "old\n");
  EXPECT_GOOD(Apply(*kind_, old));
  disk.Fill();
  EXPECT_ERROR(Apply(*kind_, File(path_, std::string(60000, 'x'))), Code::kUnavailable,
               HasSubstr("write " + path_ + ": the disk is full; free some space"));
  EXPECT_EQ(Text(path_), "old\n");
  EXPECT_EQ(Names(disk.path()).size(), 2u);
  disk.Empty();
  EXPECT_GOOD(Apply(*kind_, old));
  EXPECT_EQ(Observe(*kind_, old).match, Match::kMatches);
}

TEST_F(FileKindTest, CanBeTakenBackOnAFullDisk) {
  tests::SmallDisk disk(64 << 10);
  setup_.state_folder = disk.path() + "/state";
  kind_ = std::make_unique<FileKind>(*loop_, setup_);
  path_ = disk.path() + "/config.ini";
  ASSERT_TRUE(WriteFileAtomically(path_, "by hand\n", 0600));
  EXPECT_GOOD(Apply(*kind_, File(path_, "new\n")));
  disk.Fill();
  EXPECT_GOOD(Remove(*kind_, File(path_, "new\n")));
  EXPECT_EQ(Text(path_), "by hand\n");
}

TEST_F(FileKindTest, SaysSoWhenItsRecordIsDamaged) {
  const auto instance = File(path_, "one");
  EXPECT_GOOD(Apply(*kind_, instance));
  ASSERT_TRUE(WriteFileAtomically(RecordPath(), "\xFF\xFF", 0600));
  const auto observed = Observe(*kind_, instance);
  EXPECT_EQ(observed.match, Match::kUnknown);
  EXPECT_THAT(observed.detail, HasSubstr("is damaged"));
  EXPECT_ERROR(Remove(*kind_, instance), Code::kCorrupt, HasSubstr("is damaged"));
}

// The agent is killed at many points; the original survives each, and the next agent gets there.
TEST_F(FileKindTest, LosesNothingWhereverTheAgentWasKilled) {
  ASSERT_TRUE(MakeFolder(folder_ / "etc/app"));
  const std::string original(100000, 'o');
  const std::string content(100000, 'n');
  for (int round = 0; round < 40; ++round) {
    ASSERT_TRUE(WriteFileAtomically(path_, original, 0600));
    const auto instance = File(path_, content);
    kind_.reset();
    const pid_t agent = fork();
    if (agent == 0) {
      const auto loop = EventLoop::Create();
      FileKind kind(*loop, setup_);
      kind.Apply(instance, [](Result<void>) { _exit(0); });
      loop->Run();
      _exit(1);
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(150 * round);
    while (std::chrono::steady_clock::now() < until) {
    }
    kill(agent, SIGKILL);
    ASSERT_EQ(waitpid(agent, nullptr, 0), agent);
    const auto there = Text(path_);
    EXPECT_TRUE(there == original || there == content);
    kind_ = std::make_unique<FileKind>(*loop_, setup_);
    if (round % 2 == 0) EXPECT_GOOD(Apply(*kind_, instance));
    EXPECT_GOOD(Remove(*kind_, instance));
    EXPECT_EQ(Text(path_), original);
  }
}

}  // namespace
}  // namespace motley::agent
